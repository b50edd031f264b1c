"""A turn's pages on their way through the workers: tasks are made as they are wanted, never all at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from batchdeck.domain.batches import DocumentRef, Job
from batchdeck.domain.planning import Turn
from batchdeck.operations.asked import recipe_reference
from batchdeck.operations.context import Context
from batchdeck.operations.prepare import PAGES_PER_TASK, PageTask, PreparedPage, PreparedPart, PrepareTask
from batchdeck.operations.prepare_files import prepare
from batchdeck.operations.sources import ensure_places
from batchdeck.operations.workers import WorkerFailed
from batchdeck.store.plans import PagePlan, read_plan

_SECONDS_PER_TASK = 300.0
_ROWS_PER_TASK = 256


async def prepare_turn(context: Context, job: Job, turn: Turn) -> AsyncGenerator[PreparedPart, None]:
    """Yield a turn's pages as encoded requests in part files, in their order within each document.

    A run of pages whose worker failed, or whose kept source is not what was submitted, comes as pages with
    that problem: what nobody meant to ask about is not paid for.
    """
    plan = await asyncio.to_thread(read_plan, context.layout, job.id)
    refs = {ref.sha256: ref for ref in job.documents}
    codes = plan.document_codes.__getitem__
    problems: dict[int, str] = {}
    for code in sorted(set(map(codes, turn.indices))):
        ref = refs[plan.documents[code]]
        problem = await asyncio.to_thread(context.vault.problem, ref.sha256, ref.kind)
        if problem:
            problems[code] = f"cannot be made into a request: its kept source {problem} (`doctor --repair`)"
        elif ref.kind.has_rows:
            await ensure_places(context, ref.sha256, ref.kind)
    recipe = recipe_reference(context, job)
    with context.layout.part_folder() as folder:
        for code, run in groupby(turn.indices, codes):  # a document's pages stand together
            if code in problems:
                ref = refs[plan.documents[code]]
                for task in _tasks(context, plan, ref, list(run), turn, recipe, folder, has_source=False):
                    yield _failed_part(task, problems[code])
        tasks = (
            task
            for code, run in groupby(turn.indices, codes)
            if code not in problems
            for task in _tasks(context, plan, refs[plan.documents[code]], list(run), turn, recipe, folder)
        )
        async for task, outcome in context.workers.map(prepare, tasks, seconds=_SECONDS_PER_TASK):
            if isinstance(outcome, WorkerFailed):
                yield _failed_part(task, outcome.message)
            else:
                yield outcome


def _tasks(
    context: Context,
    plan: PagePlan,
    ref: DocumentRef,
    indices: Sequence[int],
    turn: Turn,
    recipe: str,
    folder: Path,
    *,
    has_source: bool = True,
) -> Iterator[PrepareTask]:
    """Yield what the workers are to do for some pages of a document, made as it is wanted: a job may have a
    million pages, and only a few of them are under way."""
    source = str(context.vault.readable(ref.sha256, ref.kind)) if has_source else ""
    places = str(context.layout.rows(ref.sha256, ref.kind))
    size = _ROWS_PER_TASK if ref.kind.has_rows else PAGES_PER_TASK
    for start in range(0, len(indices), size):
        pages = [plan.page(index) for index in indices[start : start + size]]
        yield PrepareTask(
            source=source,
            name=ref.name,
            page_count=ref.page_count,
            language=ref.language,
            pages=tuple(PageTask(page.index, page.number, page.label) for page in pages),
            recipe=recipe,
            model=turn.model,
            max_tokens=turn.max_tokens,
            as_image=turn.as_image,
            request_bytes=context.settings.limits.request_bytes,
            part=str(folder / f"{pages[0].index:08d}"),
            kind=ref.kind,
            places=places,
        )


def _failed_part(task: PrepareTask, problem: str) -> PreparedPart:
    return PreparedPart(task, tuple(PreparedPage(page.index, "", 0, problem) for page in task.pages))
