"""The command that serves a folder: inbox."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from batchdeck.cli.app import app
from batchdeck.cli.following import follow, has_failures, require_folder
from batchdeck.cli.options import Json, MaxTokens, Model
from batchdeck.cli.output import money
from batchdeck.cli.session import EXIT_FAILED_PAGES, Session, narrate
from batchdeck.deck import Deck
from batchdeck.domain.inbox import Done
from batchdeck.errors import UsageError


@app.command()
def inbox(
    context: typer.Context,
    folder: Annotated[
        str | None, typer.Argument(help="The folder. [default: inbox.folder of the settings]")
    ] = None,
    recipe: Annotated[str | None, typer.Option("--recipe", "-r", help="What to ask of each page.")] = None,
    model: Model = None,
    max_tokens: MaxTokens = None,
    max_cost: Annotated[
        float | None, typer.Option("--max-cost", min=0, help="Most dollars a day; what is over it waits.")
    ] = None,
    max_file_cost: Annotated[
        float | None, typer.Option("--max-file-cost", min=0, help="Most dollars a file.")
    ] = None,
    done: Annotated[
        Done | None, typer.Option("--done", help="Move files when they are done, or only remember them.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="One round, once what is there is complete.")] = False,
    until_ended: Annotated[
        bool, typer.Option("--until-ended", help="Stop when nothing is left to do in folder and deck.")
    ] = False,
    json: Json = False,
) -> None:
    """Submit the new PDFs of a folder, whenever they come, and watch. Spends money without asking.

    The same as `watch` with an inbox in the settings, which say what is not said here.
    """

    async def command(deck: Deck) -> int:
        order = deck.inbox_order(folder)
        if order is None:
            raise UsageError(
                "No folder was named.", hint="Name one, or set inbox.folder in the settings (docs/inbox.md)."
            )
        order = dataclasses.replace(
            order,
            recipe=recipe or order.recipe,
            model=model or order.model,
            max_tokens=max_tokens or order.max_tokens,
            usd_per_day=max_cost if max_cost is not None else order.usd_per_day,
            usd_per_file=max_file_cost if max_file_cost is not None else order.usd_per_file,
            done=done or order.done,
        )
        require_folder(order, comes_to_an_end=once or until_ended)
        narrate(f"New PDFs in {order.folder} are submitted, for at most {money(order.usd_per_day)} a day.")
        await follow(deck.track(once=once, until_ended=until_ended, inbox=order), as_json=json)
        return EXIT_FAILED_PAGES if until_ended and has_failures(deck) else 0

    session: Session = context.obj
    session.run(command)
