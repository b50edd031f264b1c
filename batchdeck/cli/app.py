"""The command line's root: the options that come before any command, and the commands by name."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from batchdeck._version import __version__
from batchdeck.cli.session import Session

_HOISTED_FLAGS = frozenset({"--read-only", "--sandbox", "--debug"})
_HOISTED_VALUES = frozenset({"--deck", "--base-url", "--profile"})

app = typer.Typer(
    name="batchdeck",
    help="Run batch jobs on the Anthropic Message Batches API: a folder of PDFs in, validated HTML out.",
    no_args_is_help=False,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"batchdeck {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    deck: Annotated[
        Path | None,
        typer.Option(help="Folder of the deck. [default: $BATCHDECK_HOME, else your data folder]"),
    ] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Change nothing and spend nothing.")] = False,
    base_url: Annotated[
        str | None, typer.Option(help="Address of the API. [default: $ANTHROPIC_BASE_URL]")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="Profile of the Anthropic configuration (several workspaces).")
    ] = None,
    sandbox: Annotated[
        bool,
        typer.Option("--sandbox", help="Serve this deck from a local sandbox; marks a new deck for good."),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Without a command, open the dashboard."""
    context.obj = Session(
        deck=deck, read_only=read_only, base_url=base_url, profile=profile, sandbox=sandbox, debug=debug
    )
    if context.invoked_subcommand is None:
        from batchdeck.cli.dashboard import open_dashboard

        open_dashboard(context.obj)


def hoist_root_options(arguments: Sequence[str]) -> list[str]:
    """Move the root's options in front of the command, so that they may stand anywhere on the line."""
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        name = argument.partition("=")[0]
        if argument == "--":
            rest += [argument, *waiting]
        elif argument in _HOISTED_FLAGS or (name in _HOISTED_VALUES and "=" in argument):
            front.append(argument)
        elif argument in _HOISTED_VALUES:
            front += [argument, *([value] if (value := next(waiting, None)) is not None else [])]
        else:
            rest.append(argument)
    return front + rest


def run() -> None:
    """Run the command line on this process's arguments. The commands must have been loaded before."""
    app(hoist_root_options(sys.argv[1:]), prog_name="batchdeck")
