"""Watching: polling and archiving, with somebody there or nobody, and whether anybody does."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from batchdeck.cli.app import app
from batchdeck.cli.following import follow, has_failures, require_folder, tell_unsent
from batchdeck.cli.options import Json
from batchdeck.cli.output import print_json, print_json_line
from batchdeck.cli.session import EXIT_FAILED_PAGES, Session, narrate
from batchdeck.deck import Deck
from batchdeck.errors import UsageError

_STDOUT = "-"


@app.command()
def watch(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="One round over everything open, now.")] = False,
    until_ended: Annotated[
        bool, typer.Option("--until-ended", help="Stop when nothing is open any more.")
    ] = False,
    inbox: Annotated[
        str | None, typer.Option("--inbox", help="Submit the new PDFs of this folder. Spends money.")
    ] = None,
    log: Annotated[
        str | None,
        typer.Option("--log", help="Write what happens to this file, one JSON object a line; - for stdout."),
    ] = None,
    status: Annotated[
        bool,
        typer.Option(
            "--status", help="Say whether the deck is looked after, and exit: 0 yes, 6 needs you, 5 no."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Poll politely, archive the results of every batch that has ended. One poller per deck.

    Carries out the standing orders of the settings, serves their inbox if there is one, and tells people.
    """
    session: Session = context.obj
    if status:
        # Monitoring changes nothing, not even where an end would sweep up.
        dataclasses.replace(session, read_only=True).run(lambda deck: _say_status(deck, as_json=json))
        return

    async def command(deck: Deck) -> int:
        chosen = log or deck.settings.watch.log
        if json and chosen == _STDOUT:
            raise UsageError("--json and --log - both want stdout.", hint="Give the log a file.")
        # Cron mails whatever is said, and a service's journal has the log: they are spared the narration.
        is_quiet = chosen is not None and not sys.stderr.isatty()
        require_folder(deck.inbox_order(inbox), comes_to_an_end=once or until_ended)
        watching = deck.watch(once=once, until_ended=until_ended, inbox=inbox, log=_sink(chosen))
        await follow(watching, as_json=json, quiet=is_quiet)
        if not json and not is_quiet:
            tell_unsent(deck)
        return EXIT_FAILED_PAGES if until_ended and has_failures(deck) else 0

    session.run(command)


def _sink(log: str | None) -> Path | Callable[[Mapping[str, Any]], None] | None:
    if log is None:
        return None
    return print_json_line if log == _STDOUT else Path(log)


async def _say_status(deck: Deck, *, as_json: bool) -> int:
    health = await asyncio.to_thread(deck.health)
    if as_json:
        print_json({**dataclasses.asdict(health), "exit_code": health.state.exit_code})
    else:
        typer.echo(health.state.value)
        for reason in health.reasons:
            narrate(f"! {reason}")
    return health.state.exit_code
