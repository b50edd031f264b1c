"""The command that looks a deck over, and mends what can be mended."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Annotated

import typer

from batchdeck.cli.app import app
from batchdeck.cli.options import Json, Yes
from batchdeck.cli.output import counted, print_json
from batchdeck.cli.session import Session, confirm, narrate
from batchdeck.deck import Deck
from batchdeck.domain.events import Finished, Note
from batchdeck.domain.findings import Check
from batchdeck.domain.text import show
from batchdeck.errors import DeckDamaged, ReadOnlyError
from batchdeck.upkeep import examine_deck, recover_deck

_UNWELL = 3


@app.command()
def doctor(
    context: typer.Context,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every byte of sources, indexes and request logs too.")
    ] = False,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Make anew what is derived, close permissions, quarantine what is damaged; costs nothing.",
        ),
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Check key, endpoint, clock, disk, locks, the deck's files, and the libraries; mend with --repair."""
    session: Session = context.obj
    if repair:
        session.run_bare(lambda: _repair(session, deep=deep, yes=yes, json=json))
    else:
        session.run_bare(lambda: _look(session, deep=deep, json=json))


async def _look(session: Session, *, deep: bool, json: bool) -> int:
    try:
        async with session.open(read_only=True) as deck:
            return await _show(deck, deep=deep, json=json)
    except DeckDamaged:
        checks = examine_deck(session.deck)
        _print(checks, json=json)
        return _UNWELL


async def _repair(session: Session, *, deep: bool, yes: bool, json: bool) -> int:
    if session.read_only:
        raise ReadOnlyError("To repair the deck changes it.", hint="Leave --read-only out.")
    confirm("Repair the deck? What is damaged goes to its quarantine folder; nothing is deleted.", yes=yes)
    recovery = recover_deck(session.deck)
    for problem in recovery.problems:
        narrate(f"Ledger: {problem}.")
    async with session.open() as deck:
        async for event in deck.repair(recovery):
            if isinstance(event, Note):
                narrate(event.text)
            elif isinstance(event, Finished):
                repaired = event.result
        narrate(f"{counted(len(repaired.mended), 'repair')} made.")
        if repaired.quarantine is not None:
            narrate(f"What was damaged is kept in {repaired.quarantine}.")
        extra = {"repairs": repaired.mended, "lost": repaired.lost, "quarantine": repaired.quarantine}
        return await _show(deck, deep=deep, json=json, **extra)


async def _show(deck: Deck, *, deep: bool, json: bool, **extra: object) -> int:
    checks = await deck.doctor(deep=deep)
    _print(checks, json=json, **extra)
    return 0 if all(check.ok for check in checks) else _UNWELL


def _print(checks: Sequence[Check], *, json: bool, **extra: object) -> None:
    if json:
        print_json({"checks": checks, **extra})
        return
    width = max(max(len(check.name) for check in checks), 12)
    room = shutil.get_terminal_size().columns - width - 4 if sys.stdout.isatty() else 0
    for check in checks:
        detail = show(check.detail)
        lines = textwrap.wrap(detail, max(room, 20)) if room else [detail]
        sign = "✓" if check.ok else "✗"
        sys.stdout.write(f"{sign} {check.name:<{width}}  {lines[0] if lines else ''}\n")
        sys.stdout.writelines(f"{'':<{width + 4}}{line}\n" for line in lines[1:])
    sys.stdout.flush()
