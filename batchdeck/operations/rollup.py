"""Keeping each job's tally of outcomes in the ledger, so that lists of jobs need no page files."""

from __future__ import annotations

from dataclasses import replace

from batchdeck.operations.context import Context
from batchdeck.operations.pages import job_pages


def refresh_rollup(context: Context, job_id: str) -> None:
    """Count a job's pages anew and record the tally if it changed."""
    context.ledger.refresh()
    tally = dict(job_pages(context, job_id).tally())
    if dict(context.ledger.job(job_id).outcomes) != tally:
        with context.ledger.transaction() as tx:
            tx.put(replace(tx.job(job_id), outcomes=tally))
