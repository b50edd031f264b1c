"""The commands that tell people: a test message, and whom messages go to."""

from __future__ import annotations

import asyncio

import typer

from batchdeck.cli.app import app
from batchdeck.cli.options import Json
from batchdeck.cli.output import print_json, print_table
from batchdeck.cli.session import Session, narrate
from batchdeck.deck import Deck
from batchdeck.errors import NotTold

notify_app = typer.Typer(
    help="Tell people what happens while nobody looks (docs/unattended.md).",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(notify_app, name="notify")


@notify_app.command("test")
def send_test(context: typer.Context, json: Json = False) -> None:
    """Send a test message to every address, now."""

    async def command(deck: Deck) -> int:
        reached = await deck.tell_test()
        if json:
            print_json(
                {"sent": [{"address": r.address, "ok": not r.problem, "problem": r.problem} for r in reached]}
            )
        else:
            rows = [("✗" if r.problem else "✓", r.address, r.problem or "taken") for r in reached]
            print_table(("", "ADDRESS", "ANSWER"), rows)
        return NotTold.exit_code if any(r.problem for r in reached) else 0

    session: Session = context.obj
    session.run(command)


@notify_app.command("show")
def show_settings(context: typer.Context, json: Json = False) -> None:
    """Show whom messages go to and of what, without passwords or tokens."""

    async def command(deck: Deck) -> int:
        found = await asyncio.to_thread(deck.notifying)
        if json:
            print_json(found)
        else:
            rows = [("address", label) for label in found.addresses] or [("address", "nobody")]
            rows += [
                *(("told of", kind) for kind in found.on),
                ("failure share", f"{found.failure_share:g}"),
                ("quiet hours", f"{found.quiet_hours} ({found.time_zone})" if found.quiet_hours else "none"),
                ("links", found.link_base or "host and path"),
                ("waiting", f"{found.waiting:,}"),
            ]
            print_table(("WHAT", "SET TO"), rows)
        for problem in found.problems:
            narrate(f"✗ {problem}")
        return 2 if found.problems else 0

    session: Session = context.obj
    session.run(command)
