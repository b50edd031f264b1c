"""Opening the dashboard, or saying why this terminal cannot show it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import typer

from batchdeck.cli.session import Session, print_error
from batchdeck.deck import Deck
from batchdeck.errors import StorageFailed, UsageError


def open_dashboard(session: Session) -> None:
    """Run the dashboard until the operator quits, and exit with its code."""
    _check_terminal()

    async def command(deck: Deck) -> int:
        from batchdeck.tui.launch import run_dashboard

        return await run_dashboard(deck)

    session.run(command)


def open_demo(session: Session, home: Path, faults: Path) -> None:
    """Run the dashboard over a sandbox deck in `home`, with sample PDFs ready to be submitted."""
    _check_terminal()

    async def command(deck: Deck) -> int:
        from batchdeck.tui.launch import run_dashboard

        samples = deck.path / "samples"
        make = None if samples.is_dir() else partial(_make_samples, samples)
        return await run_dashboard(deck, samples=samples, make_samples=make)

    session.run(command, deck=home, sandbox=True, faults=faults)


def _make_samples(folder: Path) -> None:
    """Write the samples; the folder is complete or absent."""
    from batchdeck.sandbox.samples import write_samples

    part = folder.with_name(f"{folder.name}.part")
    try:
        write_samples(part)
        part.rename(folder)
    except OSError as error:
        raise StorageFailed(
            f"The sample PDFs could not be made: {error.strerror}.",
            hint=f"Make room in {folder.parent}, then start the demo again.",
        ) from error


def _check_terminal() -> None:
    from batchdeck.tui.launch import check_terminal

    try:
        check_terminal()
    except UsageError as error:
        print_error(error)
        raise typer.Exit(error.exit_code) from None
