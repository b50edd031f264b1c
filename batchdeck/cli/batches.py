"""The commands for single batches, for what is in doubt and for a held account: cancel, adopt, reconcile …"""

from __future__ import annotations

from typing import Annotated

import typer

from batchdeck.cli.app import app
from batchdeck.cli.options import Json, Yes
from batchdeck.cli.output import counted, print_json
from batchdeck.cli.progress import Narrator
from batchdeck.cli.session import Session, confirm, narrate
from batchdeck.deck import Deck
from batchdeck.domain.batches import Batch
from batchdeck.errors import AcceptanceUnknown

BatchName = Annotated[str, typer.Argument(help="A batch: its id, or a part of it.", metavar="BATCH")]


def _record(batch: Batch) -> dict[str, object]:
    return {
        "id": batch.id,
        "job": batch.job,
        "status": batch.remote.status,
        "counts": batch.remote.counts,
        "archived": batch.archive is not None,
        "gone": batch.gone,
    }


@app.command()
def cancel(context: typer.Context, batch: BatchName, yes: Yes = False, json: Json = False) -> None:
    """Ask the API to cancel a batch. Finished rows still arrive, and are paid."""

    async def command(deck: Deck) -> int:
        found = deck.batch(batch)
        confirm(f"Cancel {found.id} ({counted(found.remote.counts.total, 'request')})?", yes=yes)
        updated = await Narrator().run(deck.cancel(found.id))
        if json:
            print_json(_record(updated))
        else:
            narrate(f"{updated.id} is {updated.remote.status}. `batchdeck watch` collects what was finished.")
        return 0

    session: Session = context.obj
    session.run(command)


@app.command()
def delete(context: typer.Context, batch: BatchName, yes: Yes = False, json: Json = False) -> None:
    """Delete an ended, archived batch at the API. The deck keeps its archive."""

    async def command(deck: Deck) -> int:
        found = deck.batch(batch)
        foreign = "" if found.submission is not None else ", which this deck did not make,"
        confirm(f"Delete {found.id}{foreign} at the API?", yes=yes)
        updated = await Narrator().run(deck.delete(found.id))
        if json:
            print_json(_record(updated))
        else:
            narrate(f"{updated.id} is deleted at the API; its archive stays here.")
        return 0

    session: Session = context.obj
    session.run(command)


@app.command()
def adopt(
    context: typer.Context,
    batches: Annotated[list[str] | None, typer.Argument(help="Batch ids.", metavar="BATCH...")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All batches of the workspace.")] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Take in batches made elsewhere, and archive those that have ended."""

    async def command(deck: Deck) -> int:
        if not batches and not everything:
            from batchdeck.errors import UsageError

            raise UsageError("No batch was named.", hint="Name batch ids, or give --all.")
        confirm(
            "Adopt " + (counted(len(batches), "batch", "batches") if batches else "all batches") + "?",
            yes=yes,
        )
        adopted = await Narrator().run(deck.adopt(batches or ()))
        if json:
            print_json({"batches": [_record(batch) for batch in adopted]})
        else:
            narrate(f"{counted(len(adopted), 'batch', 'batches')} adopted.")
        return 0

    session: Session = context.obj
    session.run(command)


@app.command()
def mended(context: typer.Context, json: Json = False) -> None:
    """Say that the account is in order again, so that what costs money goes on."""

    async def command(deck: Deck) -> int:
        since = await Narrator().run(deck.account_mended())
        if json:
            print_json({"held_since": since})
        else:
            narrate("Paid work goes on." if since is not None else "The account was not held.")
        return 0

    session: Session = context.obj
    session.run(command)


@app.command()
def reconcile(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Nothing is asked anyway.")] = False,
    json: Json = False,
) -> None:
    """Settle submissions of which it is not known whether the API took them."""

    async def command(deck: Deck) -> int:
        result = await Narrator().run(deck.reconcile())
        if json:
            print_json(result)
        else:
            jobs = {row.key: row.job for row in deck.batches()}
            for key in result.absent:
                resuming = f"batchdeck submit --resume {jobs[key]}"
                narrate(f"Submission {key} was never accepted; its pages can be sent: {resuming}")
            for batch in result.duplicates:
                narrate(f"Batch {batch} repeats a submission: batchdeck cancel {batch}")
            narrate(
                f"{counted(len(result.adopted), 'submission')} adopted, {len(result.absent)} absent, "
                f"{len(result.undecided)} not settled yet."
            )
        return AcceptanceUnknown.exit_code if result.undecided else 0

    session: Session = context.obj
    session.run(command)
