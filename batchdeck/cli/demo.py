"""The command that shows everything: sandbox, samples, the whole main job with faults, HTML on disk."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from batchdeck.cli.app import app
from batchdeck.cli.options import Json
from batchdeck.cli.output import counted, print_json
from batchdeck.cli.progress import Narrator
from batchdeck.cli.session import Session, narrate
from batchdeck.config import demo_home
from batchdeck.deck import Deck
from batchdeck.domain.planning import ExportReport, RetryChoice
from batchdeck.domain.text import show
from batchdeck.errors import UsageError


@app.command()
def demo(
    context: typer.Context,
    headless: Annotated[
        bool, typer.Option("--headless", help="Do the whole job here instead of opening the dashboard.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw an earlier demo away first.")] = False,
    json: Json = False,
) -> None:
    """Try it all without a key: a local sandbox, sample PDFs, faults included. Leaves HTML on disk."""
    session: Session = context.obj
    home = session.deck or demo_home()
    os.umask(0o077)  # the samples lie inside the deck, which is for its owner's eyes
    if fresh:
        _throw_away(home)
    if not headless and not json:
        from batchdeck.cli.dashboard import open_demo

        open_demo(session, home, demo_faults())
        return

    async def command(deck: Deck) -> int:
        samples = await asyncio.to_thread(_make_samples, deck.path)
        record = await _main_job(deck, samples)
        if json:
            print_json(record)
        return 0

    session.run(command, deck=home, sandbox=True, faults=demo_faults())


def _throw_away(home: Path) -> None:
    """Delete an earlier demo deck, and nothing that is not one.

    Raises:
        UsageError: the folder holds something else.
    """
    if not home.exists():
        return
    if not (home / "samples").is_dir() or not (home / "sandbox").is_dir():
        raise UsageError(f"{show(str(home), 200)} is not a demo deck.", hint="Choose another with --deck.")
    shutil.rmtree(home)


def demo_faults() -> Path:
    """Return the faults file of the demo: several kinds of failures, which one retry mends."""
    import batchdeck.sandbox

    return Path(batchdeck.sandbox.__file__).with_name("demo_faults.toml")


def _make_samples(deck: Path) -> Path:
    from batchdeck.sandbox.samples import write_samples

    folder = deck / "samples"
    write_samples(folder)
    return folder


async def _main_job(deck: Deck, samples: Path) -> dict[str, Any]:
    """Run scan, submit, watch, retry and export, and say what each did."""
    narrator = Narrator()
    narrate(f"1. Scanning our sample PDFs in {samples}")
    scan = await narrator.run(deck.scan([samples]))
    plan = deck.plan(scan, name="demo", again=True)
    narrate(f"2. Submitting {counted(plan.pages, 'page')} to the sandbox; nothing leaves this machine")
    submitted = await narrator.run(deck.submit(plan))
    await narrator.run(deck.track(until_ended=True, unattended=False))
    first = deck.job(submitted.job).outcomes
    narrate("3. Retrying what failed, each page with the change its cause calls for")
    batches = list(submitted.batches)
    choice = await deck.plan_retry(submitted.job, RetryChoice())
    for turn in choice.turns:
        narrate(f"   {counted(len(turn.indices), 'page')} {turn.outcome}: {turn.change}")
    for skipped in choice.skipped:
        narrate(f"   page #{skipped.index} {skipped.outcome}: left out, {skipped.reason}")
    if choice.turns:
        retried = await narrator.run(deck.retry(choice))
        batches += retried.batches
        await narrator.run(deck.track(until_ended=True, unattended=False))
    narrate("4. Exporting one HTML document per PDF")
    report: ExportReport = await narrator.run(deck.export(submitted.job))
    for document in report.documents:
        narrate(f"   {document.html}")
    review = sum(document.review for document in report.documents)
    errors = sum(document.errors for document in report.documents)
    narrate(
        f"Automated checks {'passed' if not errors else f'found {errors} errors'}, "
        f"{counted(review, 'item')} for review. The deck is {deck.path}."
    )
    narrate(f"Look around in the dashboard: batchdeck --deck {deck.path}")
    return {
        "job": submitted.job,
        "batches": batches,
        "pages": plan.pages,
        "outcomes": {"first": dict(first), "after_retry": dict(deck.job(submitted.job).outcomes)},
        "skipped": [{"path": file.path, "problem": file.problem.message} for file in plan.skipped],
        "exported": [document.html for document in report.documents],
        "folder": report.folder,
    }
