"""Planning a submission: which pages, what it will take and cost, and what to know before paying."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from batchdeck.domain.batches import Job, Mode, Submission, SubmissionState
from batchdeck.domain.documents import (
    Caveat,
    Document,
    Problem,
    ProblemKind,
    Scan,
    UnusableFile,
    choose_pages,
)
from batchdeck.domain.planning import Plan, PlannedDocument
from batchdeck.domain.requests import BatchLimits, lint_parameters
from batchdeck.domain.text import show
from batchdeck.errors import UsageError
from batchdeck.operations.context import Context
from batchdeck.operations.expected import expect_bytes, expect_cost
from batchdeck.recipes.recipe import Recipe, SourceKind, load_recipe
from batchdeck.sources.find import SUFFIXES
from batchdeck.store.plans import read_plan

CAVEAT_TEXTS: Mapping[Caveat, str] = {
    Caveat.REPAIRED: "was damaged and has been repaired; look at its first pages",
    Caveat.DYNAMIC_XFA: "is a dynamic XFA form: its pages probably say only “please wait”",
    Caveat.PORTFOLIO: "is a portfolio: only its cover sheet has pages here",
    Caveat.ODD_PAGE_BOX: "has pages of an absurd size",
    Caveat.GIANT_CONTENT: "has pages whose content is unusually large",
    Caveat.PAGE_OVER_LIMIT: "has pages that are too large as PDF and will be sent as images",
    Caveat.NO_TEXT_LAYER: "has no text layer: answers cannot be checked against it",
}
"""Each caveat in words that follow the name of a file."""
_ACCEPTANCE_UNKNOWN = frozenset({SubmissionState.SENDING, SubmissionState.IN_DOUBT})


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the operator may change against the recipe. None means the recipe's own."""

    recipe: str = "pdf-to-html"
    model: str | None = None
    max_tokens: int | None = None
    pages: tuple[tuple[int, int | None], ...] | None = None
    name: str = ""
    again: bool = False
    """Submit documents again that this deck has already submitted with this recipe."""
    mode: Mode = Mode.BATCH
    ladder: tuple[int, ...] = ()


def make_plan(context: Context, scan: Scan, options: PlanOptions) -> Plan:
    """Return what submitting a scan would send. Nothing is written.

    Documents that were already submitted with the same recipe are left out unless `again`, and those in doubt
    even then. When all of them belong to one unfinished job, the plan continues that job instead: only its
    unsent pages.

    Raises:
        NotFound: there is no such recipe.
        UsageError: the page ranges make no sense.
    """
    recipe = load_recipe(options.recipe)
    model, max_tokens = _asked(recipe, scan, options)
    skipped = list(scan.unusable)
    documents: list[PlannedDocument] = []
    mode = options.mode
    resumes = None if options.again else _unfinished_job(context, scan, recipe.reference)
    if resumes is not None:
        documents = _unsent_documents(context, resumes, scan.documents)
        model, max_tokens = resumes.model, resumes.max_tokens
        mode = options.mode if options.mode is not Mode.BATCH else resumes.mode
    else:
        index = 0
        earlier = jobs_by_document(context.ledger.jobs(), recipe.reference)
        in_doubt = jobs_in_doubt(
            context.ledger.jobs(), context.ledger.submissions().values(), recipe.reference
        )
        for document in scan.documents:
            problem, numbers = _choose(document, recipe, options, earlier, in_doubt)
            if problem is not None:
                skipped.append(UnusableFile(document.path, problem, document.sha256))
                continue
            documents.append(PlannedDocument(document, numbers, index))
            skipped += [UnusableFile(document.path, bad.problem, document.sha256) for bad in document.bad]
            index += len(numbers)
    pages = sum(len(planned.numbers) for planned in documents)
    at_once = {d.first_index for d in documents if is_at_once(context, mode, len(d.numbers))}
    realtime_pages = sum(len(d.numbers) for d in documents if d.first_index in at_once)
    price = context.prices.of(model)
    body_bytes = expect_bytes(recipe, documents)
    in_batches = [d for d in documents if d.first_index not in at_once]
    in_real_time = [d for d in documents if d.first_index in at_once]
    batched_bytes = expect_bytes(recipe, in_batches) if in_real_time else body_bytes
    limits = batch_limits(context)
    batched = pages - realtime_pages
    batches = max(-(-batched // limits.requests), -(-batched_bytes // limits.body_bytes)) if batched else 0
    return Plan(
        name=resumes.name if resumes else options.name or _name_of(scan, documents),
        recipe=recipe.reference,
        model=model,
        max_tokens=max_tokens,
        documents=tuple(documents),
        skipped=tuple(skipped),
        estimate=expect_cost(context, recipe, in_batches, model, max_tokens)
        + expect_cost(context, recipe, in_real_time, model, max_tokens, batch=False),
        batches=batches,
        body_bytes=body_bytes,
        findings=tuple(
            lint_parameters({"model": model, "max_tokens": max_tokens, "messages": ["page"], **recipe.params})
            if recipe.source is not SourceKind.REQUESTS
            else ()
        ),
        caveats=tuple(_caveats(context, documents, model, price_known=price is not None)),
        again=options.again,
        resumes=resumes.id if resumes else None,
        mode=mode,
        ladder=resumes.ladder if resumes is not None else options.ladder,
        realtime_pages=realtime_pages,
    )


def is_at_once(context: Context, mode: Mode, pages: int) -> bool:
    """Say whether a document of that many pages goes out in real time."""
    return mode is Mode.REALTIME or (mode is Mode.AUTO and pages <= context.settings.realtime.auto_pages)


def pages_at_once(context: Context, job: Job, mode: Mode) -> bytearray:
    """Return for each page of a job, by global index, whether it goes out in real time (1) or not (0)."""
    at_once = bytearray(job.pages)
    for ref in job.documents:
        if is_at_once(context, mode, ref.pages):
            at_once[ref.first_index : ref.first_index + ref.pages] = b"\1" * ref.pages
    return at_once


def _asked(recipe: Recipe, scan: Scan, options: PlanOptions) -> tuple[str, int]:
    """Return the model and max_tokens of a submission; of ready-made requests, what most of them ask for."""
    if recipe.source is not SourceKind.REQUESTS:
        return options.model or recipe.model, options.max_tokens or recipe.max_tokens
    if options.model or options.max_tokens:
        raise UsageError(
            "Ready-made requests name their own model and max_tokens.",
            hint="Leave --model and --max-tokens out; a retry may change them.",
        )
    asks = [asked for document in scan.documents for asked in document.asks]
    most = max(asks, key=lambda asked: asked.count, default=None)
    return (most.model, most.max_tokens) if most is not None else ("", 1)


def batch_limits(context: Context) -> BatchLimits:
    """Return the packing limits of the settings."""
    limits = context.settings.limits
    return BatchLimits(limits.batch_requests, limits.batch_bytes, limits.request_bytes)


def unsent_indices(job: Job, submissions: Sequence[Submission]) -> Sequence[int]:
    """Return the global indices of a job's pages that no live or accepted submission holds, ascending."""
    held = bytearray(job.pages)
    for submission in submissions:
        if submission.job == job.id and submission.state.holds_pages:
            for start, stop in submission.indices:
                held[start:stop] = b"\1" * (stop - start)
    unsent = array("I")  # a job may have a million pages
    start = held.find(0)
    while start >= 0:  # run by run: nearly every job has one run at most
        stop = held.find(1, start)
        stop = len(held) if stop < 0 else stop
        unsent.extend(range(start, stop))
        start = held.find(0, stop)
    return unsent


def waiting_indices(job: Job, submissions: Sequence[Submission]) -> Sequence[int]:
    """Return the global indices that wait for the operator's word: unsent ones, and those of submissions that
    were prepared by a run that was stopped, ascending."""
    return unsent_indices(job, [s for s in submissions if s.state is not SubmissionState.PREPARED])


def jobs_by_document(jobs: Mapping[str, Job], recipe: str) -> Mapping[str, Sequence[str]]:
    """Return, by SHA-256, the ids of the jobs that submitted a document with a recipe."""
    found: dict[str, list[str]] = {}
    for job in jobs.values():
        if job.recipe == recipe:
            for ref in job.documents:
                found.setdefault(ref.sha256, []).append(job.id)
    return found


def jobs_in_doubt(
    jobs: Mapping[str, Job], submissions: Iterable[Submission], recipe: str
) -> Mapping[str, str]:
    """Return, by SHA-256, the id of a job that has sent pages of a document with a recipe without its being
    known whether the API took them. Sending them in another job might pay for them twice."""
    found: dict[str, str] = {}
    for submission in submissions:
        job = jobs.get(submission.job)
        if submission.state in _ACCEPTANCE_UNKNOWN and job is not None and job.recipe == recipe:
            for ref in job.documents:
                first, end = ref.first_index, ref.first_index + ref.pages
                if any(start < end and stop > first for start, stop in submission.indices):
                    found.setdefault(ref.sha256, job.id)
    return found


def _choose(
    document: Document,
    recipe: Recipe,
    options: PlanOptions,
    earlier: Mapping[str, Sequence[str]],
    in_doubt: Mapping[str, str],
) -> tuple[Problem | None, Sequence[int]]:
    if not _is_scanned_for(recipe, document):
        problem = Problem(ProblemKind.WRONG_SOURCE, "It was scanned for a recipe that reads other things.")
        return problem, ()
    if document.sha256 in in_doubt:
        problem = Problem(
            ProblemKind.IN_DOUBT,
            f"It is not known whether the API took its pages in job {in_doubt[document.sha256]}: "
            "run `batchdeck reconcile` first.",
        )
        return problem, ()
    if not options.again and document.sha256 in earlier:
        problem = Problem(
            ProblemKind.ALREADY_SUBMITTED,
            f"Already submitted with this recipe in job {earlier[document.sha256][0]}; --again submits it "
            "once more.",
        )
        return problem, ()
    numbers = choose_pages(document.page_count, options.pages)
    if document.bad:
        bad = {page.number for page in document.bad}
        numbers = tuple(number for number in numbers if number not in bad)
    if not numbers:
        pages = f"{document.page_count:,} page{'s' if document.page_count != 1 else ''}"
        problem = Problem(ProblemKind.NO_SUCH_PAGES, f"It has {pages}; the chosen ones are not there.")
        return problem, ()
    return None, numbers


def _is_scanned_for(recipe: Recipe, document: Document) -> bool:
    """Say whether the scan saw in a file what the recipe reads: a PDF's pages, or all of it as one."""
    source = recipe.source_for(document.kind)
    is_whole, has_requests = document.sheets > 0, bool(document.asks)
    return (
        source is not None
        and is_whole == (source is SourceKind.PDF_DOCUMENTS)
        and has_requests == (source is SourceKind.REQUESTS)
    )


def _unfinished_job(context: Context, scan: Scan, recipe: str) -> Job | None:
    """Return the job that submitted exactly these documents and still has unsent pages, if there is one."""
    wanted = {document.sha256 for document in scan.documents}
    submissions = list(context.ledger.submissions().values())
    for job in sorted(context.ledger.jobs().values(), key=lambda job: job.created_at, reverse=True):
        if job.recipe == recipe and wanted and {ref.sha256 for ref in job.documents} == wanted:
            return job if waiting_indices(job, submissions) else None
    return None


def _unsent_documents(context: Context, job: Job, documents: Sequence[Document]) -> list[PlannedDocument]:
    plan = read_plan(context.layout, job.id)
    numbers: dict[str, list[int]] = {}
    first: dict[str, int] = {}
    for index in waiting_indices(job, list(context.ledger.submissions().values())):
        page = plan.page(index)
        numbers.setdefault(page.document, []).append(page.number)
        first.setdefault(page.document, index)
    return [
        PlannedDocument(document, tuple(numbers[document.sha256]), first[document.sha256])
        for document in documents
        if document.sha256 in numbers
    ]


def _name_of(scan: Scan, documents: Sequence[PlannedDocument]) -> str:
    """Name a job after the folder that was looked through; where files were named, after the folder that they
    share, or after the only one."""
    if not documents:
        return "empty"
    if scan.folder:
        return show(scan.folder, 60).strip() or "job"
    paths = [planned.document.path for planned in documents]
    parents = {path.rstrip("/").rpartition("/")[0] for path in paths}
    if len(paths) > 1 and len(parents) == 1:
        name = parents.pop().rpartition("/")[2]
    else:
        name = paths[0].rpartition("/")[2]
        stem, suffix = os.path.splitext(name)
        if suffix.lower() in SUFFIXES:
            name = stem
        if len(paths) > 1:
            name = f"{name} and {len(paths) - 1} more"
    return show(name, 60).strip() or "job"


def _caveats(
    context: Context, documents: Sequence[PlannedDocument], model: str, *, price_known: bool
) -> list[str]:
    texts = [
        f"{show(planned.document.path.rpartition('/')[2], 60)} {CAVEAT_TEXTS[caveat]}."
        for planned in documents
        for caveat in planned.document.caveats
    ]
    price = context.prices.of(model)
    if not price_known:
        texts.append(f"There is no price for the model {show(model, 60)}: the cost is unknown.")
    elif price is not None and price.retires is not None:
        texts.append(f"The model {show(model, 60)} retires on {price.retires.isoformat()}.")
    return texts
