"""Page states: every page of a job or of a foreign batch, read from plans, submissions and result indexes."""

from __future__ import annotations

from batchdeck.domain.pages import PageDetail
from batchdeck.errors import NotFound
from batchdeck.operations.context import Context
from batchdeck.store.page_table import PageTable


def job_pages(context: Context, job_id: str) -> PageTable:
    """Return all pages of a job. Indexes that are missing or stale are made anew from the archive first."""
    return _indexed(context, context.tables.of_job(job_id))


def batch_pages(context: Context, batch_id: str) -> PageTable:
    """Return the pages of one batch: of our own as they stand in that batch, of a foreign one as rows."""
    return _indexed(context, context.tables.of_batch(batch_id))


def _indexed(context: Context, table: PageTable) -> PageTable:
    stale = frozenset(table.unindexed)
    if stale:
        # Not at the top: judging takes a quarter of a second to import, and hardly any deck needs it here.
        from batchdeck.operations.judge import ensure_index

        for batch in context.ledger.batches().values():
            if batch.key in stale:
                ensure_index(context, batch)
        table.refresh()
    return table


def find_page(context: Context, custom_id: str) -> PageDetail:
    """Return one page with every attempt, given the custom_id of any of its attempts.

    Raises:
        NotFound: no submission of this deck made that id.
    """
    from batchdeck.domain.requests import parse_custom_id

    parsed = parse_custom_id(custom_id)
    submission = context.ledger.submissions().get(parsed.nonce) if parsed else None
    if parsed is None or submission is None:
        raise NotFound(
            f"No submission of this deck made the id {custom_id[:80]}.", hint="See `batchdeck pages JOB`."
        )
    job_id, index = submission.job, parsed.index
    table = job_pages(context, job_id)
    if not index < context.ledger.job(job_id).pages:
        raise NotFound(f"The job {job_id} has no page #{index}.", hint="See `batchdeck pages`.")
    return PageDetail(table.row_of(index), job_id, table.attempts(index))
