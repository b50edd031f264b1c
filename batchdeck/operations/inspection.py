"""The deck's data against its ledger: archives, indexes, plans, request logs, sources. Changes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from batchdeck.domain.batches import Batch, Job, Submission, range_total
from batchdeck.domain.findings import Finding, Mend
from batchdeck.domain.outcomes import JUDGE_VERSION
from batchdeck.domain.requests import parse_custom_id
from batchdeck.errors import BatchDeckError
from batchdeck.operations.context import Context
from batchdeck.store.audit import BREAK, read_entries
from batchdeck.store.index import is_index_current, look_at_index
from batchdeck.store.layout import DeckLayout
from batchdeck.store.plans import read_plan
from batchdeck.store.quarantine import newest_kept
from batchdeck.store.requests import read_custom_ids
from batchdeck.store.vault import digest_of

_AGAIN = "`doctor --repair` takes it out; the next `watch` downloads it again, for nothing."
_RESCUE = "The API no longer has it: `doctor --repair` keeps the rows that can still be read."
_BACK = "`doctor --repair` brings back from the quarantine the rows that can be read."
_FOUND = "`doctor --repair` records the rows that can be read."
_VAULT = "`doctor --repair` takes it out, and copies the source again if it is still as it was."
_READABLE = "`doctor --repair` takes it out; submitting its document again makes it anew."
_VAULT_GONE = "`doctor --repair` copies it again from where it came, if it is still there as it was."
_REJUDGE = "`doctor --repair` makes it anew from the results; so does the next look at its pages."
_REPLAN = "`doctor --repair` makes it anew from what was asked, as far as that proves it."
_RELOG = "`doctor --repair` makes it anew from the job's plan."


def unlogged(context: Context) -> list[str]:
    """Return the submissions that have left of which the audit log says nothing, nor owns up to it: the line
    is on the disk before a request leaves, so somebody has taken it away."""
    sent = [key for key, each in context.ledger.submissions().items() if each.sent_at is not None]
    said: set[object] = set()
    for entry in read_entries(context.layout):
        said.add(entry.facts.get("submission"))
        if entry.action == BREAK:
            said.update(entry.facts.get("unlogged", ()))
    return [key for key in sent if key not in said]


def inspect_archives(context: Context) -> Iterator[Finding]:
    """Yield archived results that are gone or are not what was archived."""
    for batch in list(context.ledger.batches().values()):
        if batch.archive is None and batch.gone:
            path = context.layout.results(batch.key)
            where = f"batches/{batch.key}/results.jsonl"
            if path.exists():  # killed between the last byte and the record
                wrong = "was never recorded, and the API has it no more"
                yield Finding(where, wrong, _FOUND, Mend.REBUILD, batch.id)
            elif newest_kept(context.layout, path) is not None:
                wrong = "was taken out, and the API has it no more"
                yield Finding(where, wrong, _BACK, Mend.REBUILD, batch.id)
            continue
        wrong = _archive_problem(context.layout, batch)
        if wrong and context.ledger.refresh():
            # It may have been downloaded once more meanwhile.
            batch = context.ledger.batch(batch.id)
            wrong = _archive_problem(context.layout, batch)
        if wrong:
            remedy = _AGAIN if can_download(batch, context.now()) else _RESCUE
            yield Finding(f"batches/{batch.key}/results.jsonl", wrong, remedy, Mend.QUARANTINE, batch.id)


def inspect_indexes(context: Context, *, deep: bool) -> Iterator[Finding]:
    """Yield indexes of archived results that are missing, of another judge or other results, or damaged."""
    for batch in context.ledger.batches().values():
        if batch.archive is None or not context.layout.results(batch.key).exists():
            continue
        where = f"batches/{batch.key}/results.idx"
        if not is_index_current(context.layout, batch.key, batch.archive.sha256, JUDGE_VERSION):
            yield Finding(where, "is missing or does not fit the results", _REJUDGE, Mend.REBUILD, batch.id)
        elif batch.submission is not None and batch.archive.rows and not batch.outcomes:
            yield Finding(where, "was never counted into the ledger", _REJUDGE, Mend.REBUILD, batch.id)
        elif deep:
            try:
                look_at_index(context.layout, batch.key)
            except BatchDeckError:
                yield Finding(where, "is damaged", _REJUDGE, Mend.REBUILD, batch.id)


def inspect_plans(context: Context) -> Iterator[Finding]:
    """Yield plans that cannot be read, or that are not their job's."""
    for job in context.ledger.jobs().values():
        wrong = plan_problem(context.layout, job)
        if wrong:
            yield Finding(f"jobs/{job.id}/pages.jsonl", wrong, _REPLAN, Mend.QUARANTINE, job.id)


def inspect_requests(context: Context, *, deep: bool) -> Iterator[Finding]:
    """Yield request logs of submissions that are gone and, on a deep look, damaged or of other requests."""
    for submission in context.ledger.submissions().values():
        if not submission.state.holds_pages:
            continue
        if not deep and context.layout.requests(submission.key).exists():
            continue
        wrong = requests_problem(context.layout, submission)
        if wrong:
            where = f"batches/{submission.key}/requests.jsonl"
            yield Finding(where, wrong, _RELOG, Mend.QUARANTINE, submission.key)


def inspect_vault(context: Context, *, deep: bool) -> Iterator[Finding]:
    """Yield sources of the deck's jobs that are gone, or are not the bytes that their name says."""
    wanted = {(ref.sha256, ref.kind) for job in context.ledger.jobs().values() for ref in job.documents}
    for sha256, kind in sorted(wanted):
        path = context.layout.source(sha256, kind)
        where = f"vault/{path.name}"
        if not path.is_file():
            yield Finding(where, "is gone: its pages cannot be retried", _VAULT_GONE, Mend.REBUILD, sha256)
        elif not path.stat().st_size or (deep and digest_of(path) != sha256):
            yield Finding(where, "is not the source that was submitted", _VAULT, Mend.QUARANTINE, sha256)
        elif deep and context.vault.problem(sha256, kind):
            where = f"vault/{context.layout.readable_source(sha256).name}"
            yield Finding(where, "is no whole PDF", _READABLE, Mend.QUARANTINE, sha256)


def can_download(batch: Batch, now: dt.datetime) -> bool:
    """Say whether the API should still have a batch's results."""
    return not batch.gone and not batch.is_realtime and now < batch.results_vanish_at


def plan_problem(layout: DeckLayout, job: Job) -> str:
    """Return what is wrong with a job's plan, in a clause; empty where nothing is."""
    if not layout.pages(job.id).exists():
        return "is gone"
    try:
        plan = read_plan(layout, job.id)
    except BatchDeckError as error:
        return f"cannot be read: {error.message.removesuffix('.')}"
    if len(plan) != job.pages:
        return f"has {len(plan):,} pages, where the job has {job.pages:,}"
    for ref in job.documents:
        codes = plan.document_codes[ref.first_index : ref.first_index + ref.pages]
        if any(plan.documents[code] != ref.sha256 for code in codes):
            return f"gives pages of {ref.name} to another document"
    return ""


def requests_problem(layout: DeckLayout, submission: Submission) -> str:
    """Return what is wrong with a submission's request log, in a clause; empty where nothing is."""
    if not layout.requests(submission.key).exists():
        return "is gone"
    try:
        ids = read_custom_ids(layout, submission.key)
    except BatchDeckError as error:
        return f"cannot be read: {error.message.removesuffix('.')}"
    if len(ids) != submission.requests:
        return f"has {len(ids):,} requests, where {submission.requests:,} were sent"
    for custom_id, index in ids.items():
        parsed = parse_custom_id(custom_id)
        if parsed is None or (parsed.nonce, parsed.index) != (submission.key, index):
            return "names requests that are not this submission's"
    pages = set(ids.values())
    held = sum(index in pages for start, stop in submission.indices for index in range(start, stop))
    return "" if held == range_total(submission.indices) else "is of other pages than were claimed"


def _archive_problem(layout: DeckLayout, batch: Batch) -> str:
    if batch.archive is None:
        return ""
    path = layout.results(batch.key)
    if not path.exists():
        return "is gone"
    size = path.stat().st_size
    if size != batch.archive.bytes:
        return f"has {size:,} bytes, where {batch.archive.bytes:,} were archived"
    return "" if digest_of(path) == batch.archive.sha256 else "is not what was archived"
