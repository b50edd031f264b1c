"""The commands of the main job: scan, submit, watch, retry, export."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from batchdeck.cli.app import app
from batchdeck.cli.counting import count_plan, counted_record
from batchdeck.cli.options import (
    Again,
    Count,
    Json,
    MaxTokens,
    Model,
    Pages,
    Password,
    PasswordsFile,
    Paths,
    Recipe,
    SendMode,
)
from batchdeck.cli.output import counted, money, print_json, print_table, size
from batchdeck.cli.progress import Narrator
from batchdeck.cli.session import EXIT_FAILED_PAGES, Session, narrate
from batchdeck.deck import Deck
from batchdeck.domain.batches import Mode
from batchdeck.domain.documents import ProblemKind, Scan
from batchdeck.domain.ladder import show_ladder
from batchdeck.domain.planning import DocumentReport, Plan
from batchdeck.domain.text import show
from batchdeck.errors import InputError, UsageError


def read_passwords(given: list[str] | None, file: Path | None) -> list[str]:
    passwords = list(given or [])
    if file is not None:
        try:
            passwords += [line for line in file.read_text().splitlines() if line]
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise UsageError(
                f"The passwords file {show(str(file), 200)} cannot be read: {why}.",
                hint="Name a text file with a password on each line.",
            ) from None
    return passwords


def check_paths(paths: list[str]) -> None:
    import os

    for path in paths:
        if not os.path.lexists(path):
            raise InputError(
                f"There is nothing at {show(path, 200)}.", hint="Name files, or folders that hold some."
            )


@app.command()
def scan(
    context: typer.Context,
    paths: Paths,
    recipe: Recipe = "pdf-to-html",
    model: Model = None,
    max_tokens: MaxTokens = None,
    pages: Pages = None,
    password: Password = None,
    passwords_file: PasswordsFile = None,
    again: Again = False,
    mode: SendMode = None,
    count: Count = False,
    json: Json = False,
) -> None:
    """Say what would be submitted, and what it would cost. Sends nothing."""

    async def command(deck: Deck) -> int:
        check_paths(paths)
        given = read_passwords(password, passwords_file)
        found = await Narrator().run(deck.scan(paths, passwords=given, recipe=recipe))
        plan = deck.plan(
            found,
            recipe=recipe,
            model=model,
            max_tokens=max_tokens,
            pages=pages,
            again=again,
            mode=mode or Mode.BATCH,
        )
        counted_estimate = await count_plan(deck, plan) if count else None
        if counted_estimate is not None:
            plan = replace(plan, estimate=counted_estimate.estimate)
        if json:
            print_json(_scan_record(found, plan) | counted_record(counted_estimate))
        else:
            _print_plan(plan)
        return 0 if plan.documents else InputError.exit_code

    session: Session = context.obj
    session.run(command)


def _scan_record(found: Scan, plan: Plan) -> dict[str, Any]:
    chosen = {planned.document.sha256: len(planned.numbers) for planned in plan.documents}
    documents = [
        {
            "path": document.path,
            "sha256": document.sha256,
            "pages": document.page_count,
            "chosen": chosen.get(document.sha256, 0),
            "bytes": document.size,
            "title": document.title,
            "encrypted": document.encrypted,
            "caveats": list(document.caveats),
            "problem": None,
        }
        for document in found.documents
        if document.sha256 in chosen
    ]
    documents += [
        {
            "path": file.path,
            "sha256": file.sha256,
            "pages": 0,
            "chosen": 0,
            "problem": file.problem.message,
            "problem_kind": file.problem.kind,
        }
        for file in plan.skipped
    ]
    return {
        "documents": documents,
        "pages": plan.pages,
        "batches": plan.batches,
        "mode": plan.mode,
        "realtime_pages": plan.realtime_pages,
        "bytes": plan.body_bytes,
        "estimate": {"usd": plan.estimate.usd, "low": plan.estimate.low, "high": plan.estimate.high},
        "recipe": plan.recipe,
        "model": plan.model,
        "max_tokens": plan.max_tokens,
        "caveats": list(plan.caveats),
        "resumes": plan.resumes,
    }


def _print_plan(plan: Plan) -> None:
    if plan.documents:
        rows = [
            (
                len(planned.numbers),
                size(planned.document.size),
                planned.document.path,
                planned.document.title,
            )
            for planned in plan.documents
        ]
        print_table(("PAGES", "SIZE", "FILE", "TITLE"), rows, right=(0, 1))
    narrate_plan(plan)


_FOUND_WHILE_PLANNING = frozenset(
    {
        *(ProblemKind.DUPLICATE, ProblemKind.ALREADY_SUBMITTED, ProblemKind.IN_DOUBT),
        *(ProblemKind.NO_SUCH_PAGES, ProblemKind.WRONG_SOURCE, ProblemKind.BAD_ROW),
    }
)
"""Problems that no file has by itself; the others were told of as they were found."""


def narrate_plan(plan: Plan) -> None:
    if plan.resumes is not None:
        narrate(f"Goes on with the unfinished job {plan.resumes}: only its unsent pages.")
    if not plan.documents and not plan.skipped:
        narrate(f"✗ Nothing that the recipe {plan.recipe} reads was found there.")
    for file in plan.skipped:
        if file.problem.kind in _FOUND_WHILE_PLANNING:
            narrate(f"– {show(file.path, 200)}: {file.problem}")
    for caveat in plan.caveats:
        narrate(f"! {caveat}")
    for finding in plan.findings:
        narrate(f"✗ {finding.message}")
    if plan.ladder:
        rungs = show_ladder(plan.ladder)
        narrate(f"Small first, in rungs of {rungs}: each goes out once the gate before it holds.")
    estimate = plan.estimate
    at_once = f", {counted(plan.realtime_pages, 'page')} of it in real time" if plan.realtime_pages else ""
    cost = (
        f"about {money(estimate.usd)} ({money(estimate.low)} to {money(estimate.high)}, an estimate)"
        if estimate.known
        else "at an unknown price"
    )
    narrate(
        f"{counted(plan.pages, 'page')} of {counted(len(plan.documents), 'document')} in about "
        f"{counted(plan.batches, 'batch', 'batches')}{at_once}, {size(plan.body_bytes)}, {cost}, "
        f"with {plan.model}."
    )


@app.command()
def export(
    context: typer.Context,
    job: Annotated[str, typer.Argument(help="A job: its id, a part of it, or its name.", metavar="JOB")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder. [default: the deck's]")] = None,
    template: Annotated[
        str | None, typer.Option("--template", "-t", help="Name of a template, or the path of your own.")
    ] = None,
    figures: Annotated[str | None, typer.Option("--figures", help="embed or files.")] = None,
    json: Json = False,
) -> None:
    """Assemble one validated, accessible HTML document per PDF, or one file of all answers that are data."""

    async def command(deck: Deck) -> int:
        operation = deck.export(job, out=out, template=template, figures=figures)
        report = await Narrator().run(operation)
        if json:
            print_json(
                {
                    "job": report.job,
                    "folder": report.folder,
                    "documents": [_exported(document) for document in report.documents],
                    "failures": list(report.failures),
                }
            )
        else:
            rows = [
                (d.pages, d.placeholders, d.unverified, d.errors, d.review, d.html) for d in report.documents
            ]
            titles = ("PAGES", "PLACEHOLDERS", "UNVERIFIED", "ERRORS", "REVIEW", "FILE")
            print_table(titles, rows, right=(0, 1, 2, 3, 4))
            review = sum(document.review for document in report.documents)
            narrate(f"Automated checks passed, {counted(review, 'item')} for review.") if not any(
                document.errors for document in report.documents
            ) else narrate("Some automated checks do not pass: see the reports beside the documents.")
        incomplete = report.failures or any(d.placeholders or d.unverified for d in report.documents)
        return EXIT_FAILED_PAGES if incomplete else 0

    session: Session = context.obj
    session.run(command)


def _exported(document: DocumentReport) -> dict[str, object]:
    return {
        "document": document.document,
        "html": document.html,
        "report": document.report,
        "pages": document.pages,
        "placeholders": document.placeholders,
        "unverified": document.unverified,
        "errors": document.errors,
        "review": document.review,
    }
