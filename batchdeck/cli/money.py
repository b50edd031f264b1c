"""The commands about money: what was paid, and the prices it is reckoned by."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from batchdeck.cli.app import app
from batchdeck.cli.options import Json
from batchdeck.cli.output import counted, money, print_json, print_table
from batchdeck.cli.session import Session, narrate
from batchdeck.deck import Deck
from batchdeck.domain.spending import CostRow, CostsBy, CostTable
from batchdeck.domain.text import show
from batchdeck.errors import UsageError


@app.command()
def costs(
    context: typer.Context,
    job: Annotated[
        str | None, typer.Argument(help="A job: its id, a part of it, or its name.", metavar="[JOB]")
    ] = None,
    by: Annotated[
        CostsBy | None, typer.Option("--by", help="Add up by this. [default: job; document for one job]")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Only what was sent on this day (UTC) or later.")
    ] = None,
    json: Json = False,
) -> None:
    """Show what was really paid, against the estimate and against real time, with advice for one job."""

    async def command(deck: Deck) -> int:
        chosen = by or (CostsBy.DOCUMENT if job is not None else CostsBy.JOB)
        table = deck.costs(chosen, job=job, since=read_day(since))
        advice = deck.advice(job) if job is not None else []
        if json:
            record = {
                "currency": "usd",
                "by": table.by,
                "rows": [_record(row) for row in table.rows],
                "total": _record(table.total),
            }
            print_json(record | ({"advice": advice} if job is not None else {}))
            return 0
        _print_table(table)
        for text in _sentences(table.total):
            narrate(text)
        for each in advice:
            narrate(f"Advice: {each.text}")
        return 0

    session: Session = context.obj
    session.run(command)


def read_day(text: str | None) -> dt.date | None:
    """Read a day as typed.

    Raises:
        UsageError: it is none.
    """
    try:
        return dt.date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise UsageError(
            f"“{show(text or '', 40)}” is not a day.", hint="Write it like 2026-11-30."
        ) from None


def _record(row: CostRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "name": row.name or None,
        "pages": row.pages,
        "input_tokens": row.usage.input,
        "output_tokens": row.usage.output,
        "cache_read_tokens": row.usage.cache_read,
        "cache_write_tokens": row.usage.cache_write_1h + row.usage.cache_write_5m,
        "cost": row.cost,
        "estimated": row.estimated,
        "pending": row.pending,
        "realtime_cost": row.realtime_cost,
        "saved": row.saved,
        "unpriced_pages": row.unpriced,
    }


def _print_table(table: CostTable) -> None:
    titles = (
        *(table.by.value.upper(), "NAME", "PAGES", "INPUT", "OUTPUT", "CACHE READ", "CACHE WRITE"),
        *("COST", "ESTIMATED", "PENDING", "REAL TIME", "SAVED"),
    )
    rows = [
        (
            row.key,
            row.name,
            f"{row.pages:,}",
            f"{row.usage.input:,}",
            f"{row.usage.output:,}",
            f"{row.usage.cache_read:,}",
            f"{row.usage.cache_write_1h + row.usage.cache_write_5m:,}",
            money(row.cost),
            money(row.estimated or None),
            money(row.pending or None),
            money(row.realtime_cost),
            money(row.saved),
        )
        for row in (*table.rows, table.total)
    ]
    print_table(titles, rows, right=range(2, 12))


def _sentences(total: CostRow) -> list[str]:
    """Return what the sums mean."""
    if total.cost is None and not total.pending:
        return ["Nothing has been paid for yet."]
    found = []
    if total.cost is not None:
        off = total.over_estimate
        against = f"{abs(off):.0%} {'over' if off > 0 else 'under'} the estimate" if off is not None else ""
        saved = f"{money(total.saved)} less than in real time" if total.saved else ""
        told = [f"{money(total.cost)} for {counted(total.pages, 'paid answer')}", against, saved]
        found.append(", ".join(part for part in told if part) + ".")
    if total.pending:
        found.append(f"About {money(total.pending)} more is under way (an estimate).")
    if total.unpriced:
        found.append(
            f"{counted(total.unpriced, 'answer')} in no sum: no price for the model, no usage, or lost."
        )
    return found


@app.command()
def prices(
    context: typer.Context,
    file: Annotated[Path | None, typer.Option("--file", help="Show this price file instead.")] = None,
    replace: Annotated[
        Path | None,
        typer.Option("--replace", help="Check this price file and use it from now on; the old one is kept."),
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Go back to the shipped price file.")] = False,
    json: Json = False,
) -> None:
    """Show the price file, its date and where it is (batch prices a million tokens); or replace it."""
    session: Session = context.obj

    async def command() -> int:
        from batchdeck.config import SHIPPED_PRICES, deck_home, load_prices, load_settings
        from batchdeck.config_prices import price_file, replace_prices, reset_prices

        if sum((file is not None, replace is not None, reset)) > 1:
            raise UsageError("Only one of --file, --replace and --reset can be done at a time.")
        settings = load_settings(deck_home(session.deck))
        done = None
        if replace is not None:
            done = replace_prices(settings, replace)
        elif reset:
            done = reset_prices(settings)
        path = file or price_file(settings)
        found = load_prices(path)
        if json:
            record = {
                "as_of": found.as_of,
                "source": found.source,
                "file": path,
                "shipped": path == SHIPPED_PRICES,
                "models": dict(found.models),
            }
            if done is not None:
                record |= {"backup": done.backup, "changes": list(done.changes)}
            print_json(record)
            return 0
        if done is None:
            rows = [(name, p.input, p.output, p.retires) for name, p in found.models.items()]
            print_table(("MODEL", "INPUT", "OUTPUT", "RETIRES"), rows, right=(1, 2))
        else:
            for change in done.changes:
                typer.echo(show(str(change), 200))
            narrate(f"{counted(len(done.changes), 'change')}.")
            if done.is_older:
                narrate("! This list is older than the one before.")
            if done.backup is not None:
                narrate(f"The one before is kept as {done.backup}.")
        narrate(f"As of {found.as_of.isoformat()}: {found.source}")
        narrate(f"In {path}{' (shipped)' if path == SHIPPED_PRICES else ''}")
        return 0

    session.run_bare(command)
