"""One run of a command: opening the deck, running the coroutine, turning what happens into an exit code."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from batchdeck.deck import Deck, DeckOpening
from batchdeck.domain.stories import said_by, story_of
from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError, Interrupted, UsageError

EXIT_FAILED_PAGES = 6


@dataclass(frozen=True, slots=True)
class Session:
    """The root's options, as every command gets them."""

    deck: Path | None
    read_only: bool
    base_url: str | None
    profile: str | None
    sandbox: bool
    debug: bool

    def run(
        self,
        command: Callable[[Deck], Coroutine[Any, Any, int]],
        *,
        deck: Path | None = None,
        sandbox: bool | None = None,
        faults: Path | None = None,
    ) -> None:
        """Open the deck, run a command on it, and exit with the code it returns or its error calls for."""

        async def with_deck() -> int:
            async with self.open(deck, sandbox=sandbox, faults=faults) as opened:
                return await command(opened)

        self.run_bare(with_deck)

    def open(
        self,
        deck: Path | None = None,
        *,
        sandbox: bool | None = None,
        faults: Path | None = None,
        read_only: bool = False,
    ) -> DeckOpening:
        """Return the deck about to be opened as the root's options say, for ``async with``."""
        return Deck.open(
            deck or self.deck,
            sandbox=self.sandbox if sandbox is None else sandbox,
            base_url=self.base_url,
            profile=self.profile,
            read_only=self.read_only or read_only,
            faults=faults,
        )

    def run_bare(self, command: Callable[[], Coroutine[Any, Any, int]]) -> None:
        """Run a command that needs no deck, and exit likewise."""
        try:
            code = asyncio.run(_until_signalled(command()))
        except (KeyboardInterrupt, asyncio.CancelledError, Interrupted):
            narrate("Stopped. Nothing is lost: the same command goes on where this one was.")
            raise typer.Exit(Interrupted.exit_code) from None
        except BatchDeckError as error:
            if self.debug:
                narrate(story_of(error))
            print_error(error)
            raise typer.Exit(error.exit_code) from None
        except BrokenPipeError:
            # The reader of our output has gone (`batchdeck ls | head`): nothing is wrong.
            sys.stderr.close()
            raise typer.Exit(0) from None
        except Exception as error:
            if self.debug:
                narrate(story_of(error))
            unexpected = BatchDeckError(
                f"{type(error).__name__}: {said_by(error)}",
                hint="This is a defect of BatchDeck. Run the command again with --debug to see where.",
            )
            print_error(unexpected)
            raise typer.Exit(unexpected.exit_code) from None
        raise typer.Exit(code)


async def _until_signalled(command: Coroutine[Any, Any, int]) -> int:
    """Run a command as a task that SIGTERM and SIGHUP stop as Ctrl-C does."""
    task = asyncio.ensure_future(command)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    return await task


def narrate(text: str) -> None:
    """Say something to the operator, on stderr."""
    typer.echo(show(text, newlines=True), err=True)


def print_error(error: BatchDeckError) -> None:
    """Print an error's three lines on stderr: what happened, why, what to do next."""
    narrate(f"{error.title}.")
    narrate(f"  {error.message}")
    if error.hint:
        narrate(f"  → {error.hint}")


def confirm(question: str, *, yes: bool, otherwise: str = "Nothing was sent.") -> None:
    """Ask before money is spent or something is destroyed; `otherwise` is what is said after a no.

    Raises:
        UsageError: nobody is there to answer and `--yes` was not given.
        typer.Exit: the answer was no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("Nobody is there to confirm.", hint="Give --yes to go ahead without asking.")
    if not typer.confirm(question, default=False, err=True):
        narrate(otherwise)
        raise typer.Exit(0)
