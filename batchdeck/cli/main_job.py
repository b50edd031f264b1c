"""The commands of the main job: scan, submit, watch, retry, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from batchdeck.cli.app import app
from batchdeck.cli.options import (
    Again,
    Json,
    MaxCost,
    MaxTokens,
    Mode,
    Model,
    Pages,
    Password,
    PasswordsFile,
    Paths,
    Recipe,
    Yes,
    read_outcomes,
)
from batchdeck.cli.output import counted, money, print_json, print_json_line, print_table, size
from batchdeck.cli.progress import Narrator
from batchdeck.cli.session import EXIT_FAILED_PAGES, Session, confirm, narrate
from batchdeck.deck import Deck
from batchdeck.domain.documents import ProblemKind, Scan
from batchdeck.domain.events import Finished, event_record
from batchdeck.domain.planning import Plan, RetryChoice, Submitted
from batchdeck.domain.text import show
from batchdeck.errors import AcceptanceUnknown, ApiRefused, InputError, UsageError


def _passwords(given: list[str] | None, file: Path | None) -> list[str]:
    passwords = list(given or [])
    if file is not None:
        try:
            passwords += [line for line in file.read_text().splitlines() if line]
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"The passwords file cannot be read: {error}.") from None
    return passwords


def _check_paths(paths: list[str]) -> None:
    import os

    for path in paths:
        if not os.path.lexists(path):
            raise InputError(
                f"There is nothing at {show(path, 200)}.", hint="Name PDF files, or folders that hold some."
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
    json: Json = False,
) -> None:
    """Say what would be submitted, and what it would cost. Sends nothing."""

    async def command(deck: Deck) -> int:
        _check_paths(paths)
        found = await Narrator().run(deck.scan(paths, passwords=_passwords(password, passwords_file)))
        plan = deck.plan(found, recipe=recipe, model=model, max_tokens=max_tokens, pages=pages, again=again)
        if json:
            print_json(_scan_record(found, plan))
        else:
            _print_plan(found, plan)
        return 0 if plan.documents or not plan.skipped else InputError.exit_code

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
        "bytes": plan.body_bytes,
        "estimate": {"usd": plan.estimate.usd, "low": plan.estimate.low, "high": plan.estimate.high},
        "recipe": plan.recipe,
        "model": plan.model,
        "max_tokens": plan.max_tokens,
        "caveats": list(plan.caveats),
        "resumes": plan.resumes,
    }


def _print_plan(found: Scan, plan: Plan) -> None:
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
    _narrate_plan(plan)


_FOUND_WHILE_PLANNING = frozenset(
    {ProblemKind.DUPLICATE, ProblemKind.ALREADY_SUBMITTED, ProblemKind.NO_SUCH_PAGES}
)
"""Problems that no file has by itself; the others were told of as they were found."""


def _narrate_plan(plan: Plan) -> None:
    if plan.resumes is not None:
        narrate(f"Goes on with the unfinished job {plan.resumes}: only its unsent pages.")
    for file in plan.skipped:
        if file.problem.kind in _FOUND_WHILE_PLANNING:
            narrate(f"– {show(file.path, 200)}: {file.problem}")
    for caveat in plan.caveats:
        narrate(f"! {caveat}")
    for finding in plan.findings:
        narrate(f"✗ {finding.message}")
    estimate = plan.estimate
    cost = (
        f"about {money(estimate.usd)} ({money(estimate.low)} to {money(estimate.high)}, an estimate)"
        if estimate.known
        else "at an unknown price"
    )
    narrate(
        f"{counted(plan.pages, 'page')} of {counted(len(plan.documents), 'document')} in about "
        f"{counted(plan.batches, 'batch', 'batches')}, {size(plan.body_bytes)}, {cost}, with {plan.model}."
    )


@app.command()
def submit(
    context: typer.Context,
    paths: Annotated[
        list[str] | None, typer.Argument(help="PDF files and folders of them.", metavar="PATH...")
    ] = None,
    recipe: Recipe = "pdf-to-html",
    model: Model = None,
    max_tokens: MaxTokens = None,
    pages: Pages = None,
    name: Annotated[str, typer.Option("--name", "-n", help="Name of the job. [default: the folder's]")] = "",
    max_cost: MaxCost = None,
    mode: Annotated[Mode, typer.Option("--mode", help="How pages are sent.")] = Mode.BATCH,
    password: Password = None,
    passwords_file: PasswordsFile = None,
    again: Again = False,
    resume: Annotated[str | None, typer.Option("--resume", help="Go on with this unfinished job.")] = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Scan, plan, confirm and submit: each page becomes one request, at half price."""

    async def command(deck: Deck) -> int:
        narrator = Narrator()
        if resume is not None:
            job = deck.job(resume)
            confirm(f"Send what {job.name} ({job.id}) has not sent yet?", yes=yes)
            return _submitted(await narrator.run(deck.resume(job.id)), [], as_json=json)
        if not paths:
            raise UsageError("No PDF was named.", hint="Name files or folders, or a job with --resume.")
        _check_paths(paths)
        found = await narrator.run(deck.scan(paths, passwords=_passwords(password, passwords_file)))
        plan = deck.plan(
            found, recipe=recipe, model=model, max_tokens=max_tokens, pages=pages, name=name, again=again
        )
        skipped = [{"path": file.path, "problem": file.problem.message} for file in plan.skipped]
        _narrate_plan(plan)
        if plan.documents:
            confirm("Submit?", yes=yes)
        return _submitted(await narrator.run(deck.submit(plan, max_cost=max_cost)), skipped, as_json=json)

    session: Session = context.obj
    session.run(command)


def _submitted(result: Submitted, skipped: list[dict[str, Any]], *, as_json: bool) -> int:
    """Report what a submission came to; return the exit code."""
    if as_json:
        print_json(
            {
                "job": result.job,
                "batches": list(result.batches),
                "pages": result.pages,
                "skipped": skipped,
                "in_doubt": list(result.in_doubt),
                "refused": list(result.refused),
                "unsent": result.unsent,
            }
        )
    else:
        typer.echo(result.job)
        batches = counted(len(result.batches), "batch", "batches")
        narrate(
            f"{counted(result.pages, 'page')} submitted in {batches}. Next: batchdeck watch --until-ended"
        )
    if result.unsent and not as_json:
        narrate(f"{counted(result.unsent, 'page')} not sent yet: batchdeck submit --resume {result.job}")
    if result.in_doubt:
        narrate("It is not known whether the API took all of it: run `batchdeck reconcile`.")
        return AcceptanceUnknown.exit_code
    return ApiRefused.exit_code if result.refused else 0


@app.command()
def watch(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="One round over everything open, now.")] = False,
    until_ended: Annotated[
        bool, typer.Option("--until-ended", help="Stop when nothing is open any more.")
    ] = False,
    json: Json = False,
) -> None:
    """Poll politely, archive the results of every batch that has ended. One poller per deck."""

    async def command(deck: Deck) -> int:
        deck_operation = deck.track(once=once, until_ended=until_ended)
        if json:
            async for event in deck_operation:
                if not isinstance(event, Finished):
                    print_json_line(event_record(event))
        else:
            result = await Narrator().run(deck_operation)
            if result.in_doubt:
                narrate(f"{counted(result.in_doubt, 'submission')} in doubt: run `batchdeck reconcile`.")
            narrate(
                f"{counted(len(result.archived), 'batch', 'batches')} archived, {result.open_batches} open."
            )
        return EXIT_FAILED_PAGES if until_ended and _has_failures(deck) else 0

    session: Session = context.obj
    session.run(command)


def _has_failures(deck: Deck) -> bool:
    return any(outcome.is_failure and count for job in deck.jobs() for outcome, count in job.outcomes.items())


@app.command()
def retry(
    context: typer.Context,
    target: Annotated[str, typer.Argument(help="A job or a batch.", metavar="JOB_OR_BATCH")],
    outcome: Annotated[list[str] | None, typer.Option("--outcome", "-o", help="Only these outcomes.")] = None,
    page: Annotated[list[str] | None, typer.Option("--page", help="Only these pages, by custom_id.")] = None,
    model: Model = None,
    max_tokens: MaxTokens = None,
    as_image: Annotated[bool, typer.Option("--as-image", help="Send the pages as images.")] = False,
    account_mended: Annotated[
        bool,
        typer.Option("--account-mended", help="Also pages that failed for the account, now in order again."),
    ] = False,
    max_cost: MaxCost = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Send failed pages again as new batches, each with the change its cause calls for."""

    async def command(deck: Deck) -> int:
        indices = frozenset(deck.page(custom_id).row.index for custom_id in page or [])
        choice = RetryChoice(
            read_outcomes(outcome), indices, model, max_tokens, as_image, account_mended=account_mended
        )
        plan = await deck.plan_retry(target, choice)
        skipped = [
            {"custom_id": skip.custom_id, "outcome": skip.outcome, "reason": skip.reason}
            for skip in plan.skipped
        ]
        if not json:
            for turn in plan.turns:
                narrate(f"{counted(len(turn.indices), 'page')} {turn.outcome}: {turn.change}")
            for reason, count in _counted_reasons(skipped):
                narrate(f"{counted(count, 'page')} left out: {reason}")
            narrate(f"{counted(plan.pages, 'page')}, about {money(plan.estimate.usd)} (an estimate).")
        if plan.turns:
            confirm("Send them?", yes=yes)
        result = await Narrator().run(deck.retry(plan, max_cost=max_cost))
        return _submitted(result, skipped, as_json=json)

    session: Session = context.obj
    session.run(command)


def _counted_reasons(skipped: list[dict[str, Any]]) -> list[tuple[str, int]]:
    from collections import Counter

    return Counter(str(skip["reason"]) for skip in skipped).most_common()


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
    """Assemble one validated, accessible HTML document per PDF."""

    async def command(deck: Deck) -> int:
        operation = deck.export(job, out=out, template=template, figures=figures)
        report = await Narrator().run(operation)
        if json:
            print_json(
                {
                    "job": report.job,
                    "folder": report.folder,
                    "documents": list(report.documents),
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
