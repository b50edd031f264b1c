"""What a deck has cost, from its ledger; what single documents and models have cost, from the indexes."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from batchdeck.domain.advice import Advice, Outputs, Quality, advise_max_tokens, advise_models
from batchdeck.domain.batches import Batch, Job, Part
from batchdeck.domain.costs import Usage
from batchdeck.domain.outcomes import Outcome
from batchdeck.domain.spending import (
    Charge,
    CostsBy,
    CostTable,
    charge_day,
    charges_of,
    cost_table,
    price_factor,
)
from batchdeck.errors import UsageError
from batchdeck.operations.context import Context
from batchdeck.operations.judge import ensure_index
from batchdeck.store.index import CODE_OF, BatchIndex
from batchdeck.store.turns import IndexCache, Turn, turns_of_job

_BILLED = tuple(CODE_OF[outcome] for outcome in Outcome if outcome.is_billed)
_GOOD = frozenset(CODE_OF[outcome] for outcome in Outcome if outcome.is_good)
_TOKENS = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read")
_MOST_JUDGED = 40
"""Newest batches whose indexes are read to compare models."""


def costs(
    context: Context,
    by: CostsBy,
    *,
    job: str = "",
    since: dt.date | None = None,
) -> CostTable:
    """Add up what was paid.

    Only the ledger is read, but for documents and for batches that asked several models, whose indexes say
    what belongs to which.

    Args:
        job: the id of the one job to look at; empty for all.
        since: leave out what was sent before that day in UTC.

    Raises:
        UsageError: documents were asked for without a job.
    """
    if by is CostsBy.DOCUMENT:
        if not job:
            raise UsageError(
                "Costs by document are those of one job.", hint="Name the job: batchdeck costs JOB."
            )
        return cost_table(_document_charges(context, job), by, since=since, job=job)
    ledger = context.ledger
    batches = ledger.batches()
    charges = charges_of(ledger.jobs(), ledger.submissions().values(), batches.values())
    if by is CostsBy.MODEL:
        mixed = [batch for batch in batches.values() if _models(batch) > 1]
        split = {batch.id for batch in mixed}
        charges = [charge for charge in charges if charge.batch not in split]
        for batch in mixed:
            charges += _model_charges(context, batch)
    return cost_table(charges, by, since=since, job=job)


def advice(context: Context, job_id: str) -> list[Advice]:
    """Say where a job's answers could have cost less, from its indexes. Empty while nothing has come back."""
    job = context.ledger.job(job_id)
    answered = [
        (turn, turn.index, price_factor(turn.batch))
        for turn in _turns(context, job)
        if turn.index is not None and turn.batch is not None
    ]
    taken = [
        (index.usage(), factor) for turn, index, factor in answered if turn.submission.model == job.model
    ]
    return advise_max_tokens(_outputs(answered), context.prices) + advise_models(
        taken, job.model, context.prices, _qualities(context, job.recipe), today=context.now().date()
    )


def _models(batch: Batch) -> int:
    parts = batch.submission.parts if batch.submission is not None and batch.archive is not None else ()
    return len({part.model for part in parts})


def _turns(context: Context, job: Job) -> list[Turn]:
    """Return a job's turns with their indexes, which are made anew where they are missing."""
    cache = IndexCache(context.layout, None)
    turns = list(turns_of_job(context.ledger, cache, job.id))
    for turn in turns:
        if turn.index is None and turn.batch is not None and turn.has_archive:
            ensure_index(context, turn.batch)
    return list(turns_of_job(context.ledger, cache, job.id))


def _document_charges(context: Context, job_id: str) -> Iterator[Charge]:
    job = context.ledger.job(job_id)
    for turn in _turns(context, job):
        for document in job.documents:
            whole = (document.first_index, document.first_index + document.pages)
            for part in turn.submission.parts:
                ranges = list(_overlaps(part.indices, *whole))
                if ranges:
                    charge = _part_charge(context, job, turn, part, ranges)
                    yield replace(charge, document=document.name, first_index=document.first_index)


def _model_charges(context: Context, batch: Batch) -> Iterator[Charge]:
    assert batch.job is not None
    job = context.ledger.job(batch.job)
    for turn in _turns(context, job):
        if turn.batch is not None and turn.batch.id == batch.id:
            for part in turn.submission.parts:
                yield _part_charge(context, job, turn, part, part.indices)


def _part_charge(
    context: Context,
    job: Job,
    turn: Turn,
    part: Part,
    ranges: Sequence[tuple[int, int]],
) -> Charge:
    """Return the charge of some pages of one part of a submission."""
    submission = turn.submission
    share = sum(stop - start for start, stop in ranges) / max(submission.page_count, 1)
    factor = price_factor(turn.batch) if turn.batch is not None else 1.0
    is_copy = turn.batch is not None and turn.batch.duplicate_of is not None
    charge = Charge(
        job.id,
        job.name,
        job.recipe,
        part.model,
        charge_day(submission, turn.batch),
        expected=0.0 if is_copy else submission.reserved_usd * share,
        factor=factor,
    )
    if turn.index is None:
        return replace(charge, is_open=True)
    pages, usage = _sum(turn.index, ranges)
    unmeasured = sum(turn.index.unmeasured(*turn.index.span(start, stop)) for start, stop in ranges)
    price = context.prices.of(part.model)
    is_known = price is not None and (not unmeasured or usage != Usage())
    cost = price.cost(usage) * factor if price is not None and is_known else None
    return replace(charge, pages=pages, usage=usage, cost=cost, unmeasured=unmeasured)


def _sum(index: BatchIndex, ranges: Collection[tuple[int, int]]) -> tuple[int, Usage]:
    """Count the paid answers of some pages and add up their tokens, slice by slice."""
    pages = 0
    sums = [0] * len(_TOKENS)
    columns = [index.column(name) for name in _TOKENS]
    for start, stop in ranges:
        first, last = index.span(start, stop)
        codes = index.outcome_codes[first:last]
        pages += sum(codes.count(code) for code in _BILLED)
        for place, column in enumerate(columns):
            sums[place] += int(sum(column[first:last]))
    return pages, Usage(*sums)


def _overlaps(ranges: Sequence[tuple[int, int]], start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield what ascending half-open ranges share with one, without looking at those before it."""
    at = max(bisect_right(ranges, (start, stop)) - 1, 0)
    for place in range(at, len(ranges)):
        first, last = ranges[place]
        if first >= stop:
            return
        if last > start:
            yield max(first, start), min(last, stop)


def _outputs(answered: Sequence[tuple[Turn, BatchIndex, float]]) -> list[Outputs]:
    """Return the lengths of a job's answers by model, `max_tokens` and price."""
    groups: dict[tuple[str, int, float], tuple[list[int], list[int]]] = {}
    for turn, index, factor in answered:
        tokens, codes = index.column("output"), index.outcome_codes
        for part in turn.submission.parts:
            good, failed = groups.setdefault((part.model, part.max_tokens, factor), ([], []))
            for start, stop in part.indices:
                for row in range(*index.span(start, stop)):
                    if codes[row] in _GOOD:
                        good.append(int(tokens[row]))
                    elif codes[row] in _BILLED:
                        failed.append(int(tokens[row]))
    return [
        Outputs(model, max_tokens, good, failed, factor)
        for (model, max_tokens, factor), (good, failed) in groups.items()
    ]


def _qualities(context: Context, recipe: str) -> dict[str, Quality]:
    """Return how each model's answers to a recipe were judged, from the newest batches of a single model."""
    jobs = context.ledger.jobs()
    cache = IndexCache(context.layout, None)
    own = [
        batch
        for batch in context.ledger.batches().values()
        if batch.job is not None
        and batch.job in jobs
        and jobs[batch.job].recipe == recipe
        and _models(batch) == 1
    ]
    own.sort(key=lambda batch: batch.remote.created_at, reverse=True)
    found: dict[str, Quality] = {}
    for batch in own[:_MOST_JUDGED]:
        index = cache.get(batch)
        assert batch.submission is not None
        if index is None or not len(index):
            continue
        recalls = [value for value in index.column("recall") if value == value]
        answers = sum(index.outcome_codes.count(code) for code in _BILLED)
        good = sum(index.outcome_codes.count(code) for code in _GOOD)
        model = batch.submission.model
        before = found.get(model, Quality(model, 0, 0))
        measured = before.measured + len(recalls)
        recall = ((before.recall or 0.0) * before.measured + sum(recalls)) / measured if measured else None
        found[model] = Quality(model, before.answers + answers, before.good + good, recall, measured)
    return {model: quality for model, quality in found.items() if quality.answers}
