"""The command group of the API key: keep it, show which one is used, forget it."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from batchdeck.cli.app import app
from batchdeck.cli.options import Json
from batchdeck.cli.output import print_json
from batchdeck.cli.session import Session, is_somebody_there, narrate, signals_interrupt
from batchdeck.domain.text import show
from batchdeck.keys import forget_key, keep_key, shown_key

key = typer.Typer(help="Keep the API key in the system's keyring or a private file; it is never shown.")
app.add_typer(key, name="key")


@key.command("set")
def set_key(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Option("--file", help="Write it to this file (mode 0600) instead of the keyring.")
    ] = None,
    json: Json = False,
) -> None:
    """Keep a key, asked for without echo, or read from stdin. It is never taken from the command line."""
    session: Session = context.obj

    async def command() -> int:
        if is_somebody_there():
            with signals_interrupt():
                typed = getpass.getpass("API key: ")
        else:
            typed = sys.stdin.readline() if sys.stdin is not None else ""
        kept = keep_key(typed, file=file, deck=session.deck, base_url=session.base_url)
        if json:
            print_json({"endpoint": kept.endpoint, "where": kept.where})
            return 0
        narrate(f"Kept for {show(kept.endpoint, 80)}: {kept.where}.")
        if file is not None:
            narrate('Name it in the settings: `key_file = "…"` under [api], or BATCHDECK_API_KEY_FILE.')
        return 0

    session.run_bare(command)


@key.command("show")
def show_key(context: typer.Context, json: Json = False) -> None:
    """Say which key is used and where it comes from, masked."""
    session: Session = context.obj

    async def command() -> int:
        found = shown_key(deck=session.deck, base_url=session.base_url, profile=session.profile)
        if json:
            print_json({"endpoint": found.endpoint, "source": found.source, "key": found.masked})
        else:
            typer.echo(f"{show(found.endpoint, 80)}: {show(found.source, 200)} {found.masked}".rstrip())
        return 0

    session.run_bare(command)


@key.command("forget")
def forget(context: typer.Context) -> None:
    """Remove the endpoint's key from the keyring."""
    session: Session = context.obj

    async def command() -> int:
        endpoint, was_there = forget_key(deck=session.deck, base_url=session.base_url)
        narrate(f"{'Forgotten' if was_there else 'There was none'} for {show(endpoint, 80)}.")
        return 0

    session.run_bare(command)
