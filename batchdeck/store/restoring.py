"""Bringing a salvaged ledger up to what the audit log and the deck's own files prove, before it is used.

The one thing that may never happen is that something that was paid for looks as if it had never been sent. A
submission that may have left is in doubt until the API has been asked; nothing here guesses that it did not.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby

from batchdeck.domain.batches import (
    REALTIME_PREFIX,
    Archive,
    Batch,
    DocumentRef,
    Job,
    Part,
    RemoteBatch,
    RequestCounts,
    Submission,
    SubmissionState,
    ranges_of,
    ranges_overlap,
)
from batchdeck.domain.documents import FileKind
from batchdeck.domain.findings import Mended
from batchdeck.errors import DeckDamaged, NotFound, UsageError
from batchdeck.store.disk import storage_failures
from batchdeck.store.layout import DeckLayout
from batchdeck.store.plans import read_plan
from batchdeck.store.records import DeckMeta
from batchdeck.store.requests import LoggedRequest, read_requests
from batchdeck.store.results import scan_results
from batchdeck.store.salvage import STAND_IN_RECIPE, STAND_IN_TOKENS
from batchdeck.store.traces import JobTrace, Trace, Traces
from batchdeck.store.transaction import Transaction

SANDBOX_ENDPOINT = "sandbox"
_WHY = "the ledger was damaged: ask the API before anything is sent again"
_MESSAGE_DAY = dt.timedelta(days=1)


@dataclass(slots=True)
class Restored:
    """What was had back, and what was not."""

    mended: list[Mended] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def restore(layout: DeckLayout, tx: Transaction, traces: Traces, now: dt.datetime) -> Restored:
    """Put into a transaction what the log and the files prove and the ledger no longer says.

    Args:
        layout: the deck.
        tx: on the salvaged tables.
        traces: what the audit log says.
        now: the moment from which what is in doubt is in doubt.

    Raises:
        StorageFailed: a file cannot be read.
    """
    done = Restored()
    if not tx.meta.endpoint and (layout.sandbox / "server.json").exists():
        tx.put(DeckMeta(endpoint=SANDBOX_ENDPOINT, sandbox=True))
        done.mended.append(Mended("ledger.json", "marked again as a sandbox deck"))
    for key, trace in traces.submissions.items():
        if trace.job and trace.job not in tx.jobs():
            _restore_job(layout, tx, key, traces, done)
    for job in tx.jobs().values():
        _restore_documents(layout, tx, job, done)
    for trace in traces.submissions.values():
        _restore_submission(layout, tx, trace, now, done)
    for folder in sorted(layout.batches.iterdir()):
        if folder.is_dir():
            _restore_archive(layout, tx, folder.name, traces, done)
    return done


def _restore_job(layout: DeckLayout, tx: Transaction, key: str, traces: Traces, done: Restored) -> None:
    """Record a job again that only its plan and the log still know, by the first submission it made."""
    submission = traces.submissions[key]
    try:
        pages = len(read_plan(layout, submission.job))
        parts = _parts(list(read_requests(layout, key)))
    except (NotFound, DeckDamaged, UsageError):
        return
    trace = traces.jobs.get(submission.job, JobTrace(submission.at, "", "", ""))
    job = Job(
        id=submission.job,
        name=trace.name or f"{submission.job} (recovered)",
        created_at=trace.at,
        recipe=trace.recipe or STAND_IN_RECIPE,
        model=parts[0].model if parts else "",
        max_tokens=parts[0].max_tokens if parts else STAND_IN_TOKENS,
        documents=(),
        pages=pages,
        operator=trace.operator,
    )
    tx.put(job)
    done.mended.append(Mended(f"job {job.id}", "recorded again from its plan and the audit log"))
    unknown = "its documents' names" if trace.recipe else "its name, its recipe and its documents' names"
    done.lost.append(f"job {job.id}: {unknown}, ladder and estimate; it goes on with recipe {job.recipe}")


def _restore_documents(layout: DeckLayout, tx: Transaction, job: Job, done: Restored) -> None:
    """Name the documents of a job again that only its plan still knows."""
    try:
        plan = read_plan(layout, job.id)
    except (NotFound, DeckDamaged):
        return
    known = {ref.first_index for ref in job.documents}
    refs = list(job.documents)
    start = 0
    for code, run in groupby(plan.document_codes):
        pages = sum(1 for _ in run)
        if start not in known:
            numbers = plan.numbers[start : start + pages]
            sha256 = plan.documents[code]
            kind = next((one for one in FileKind if layout.source(sha256, one).exists()), FileKind.PDF)
            name = f"{sha256[:12]}.{kind}"
            refs.append(DocumentRef(sha256, name, "", start, pages, max(numbers), kind=kind))
            done.mended.append(Mended(f"job {job.id}", f"document {sha256[:12]}… named again by its plan"))
        start += pages
    if len(refs) > len(job.documents) or job.pages != len(plan):
        tx.put(replace(job, documents=tuple(refs), pages=len(plan)))


def _restore_submission(
    layout: DeckLayout, tx: Transaction, trace: Trace, now: dt.datetime, done: Restored
) -> None:
    record = tx.submissions().get(trace.key)
    if record is None:
        record = _from_request_log(layout, tx, trace, done)
        if record is None:
            return
        done.mended.append(
            Mended(f"submission {trace.key}", "recorded again from its request log and the audit log")
        )
    if trace.batch and record.batch_id != trace.batch:
        record = replace(record, state=SubmissionState.SUBMITTED, batch_id=trace.batch, note="")
    elif record.realtime and layout.realtime(trace.key).exists():
        # The run's journal says what left; ending the run brings it all in.
        record = replace(record, state=SubmissionState.SENDING, sent_at=record.sent_at or trace.at)
    elif trace.may_be_paid and record.state in (SubmissionState.PREPARED, SubmissionState.SENDING):
        record = replace(
            record,
            state=SubmissionState.IN_DOUBT,
            sent_at=record.sent_at or trace.at,
            doubted_at=now,
            note=_WHY,
        )
        done.mended.append(Mended(f"submission {trace.key}", "in doubt until the API has been asked"))
    if record != tx.submissions().get(trace.key):
        tx.put(record)
    if trace.batch and trace.batch not in tx.batches():
        began = trace.taken_at or trace.at
        counts = RequestCounts(processing=record.requests)
        remote = RemoteBatch(trace.batch, "in_progress", counts, began, began + _MESSAGE_DAY)
        tx.put(Batch(trace.batch, trace.key, record.job, remote, record))
        done.mended.append(Mended(f"batch {trace.batch}", "recorded again; the next poll says how it stands"))


def _from_request_log(layout: DeckLayout, tx: Transaction, trace: Trace, done: Restored) -> Submission | None:
    """Return the record of a submission made anew from what it asked for, or None where that cannot be."""
    if trace.is_over and not trace.batch:
        return None
    try:
        requests = list(read_requests(layout, trace.key))
    except (NotFound, DeckDamaged, UsageError):
        requests = []
    if not requests or trace.job not in tx.jobs():
        if trace.may_be_paid:
            done.lost.append(_lost_submission(trace, has_log=bool(requests)))
        return None
    indices = ranges_of(sorted(request.index for request in requests))
    own = [other for other in tx.submissions().values() if other.job == trace.job]
    earlier = [other for other in own if ranges_overlap(other.indices, indices)]
    body = layout.body(trace.key)
    is_realtime = layout.realtime(trace.key).exists()
    return Submission(
        key=trace.key,
        job=trace.job,
        state=SubmissionState.IN_DOUBT if trace.may_be_paid and not is_realtime else SubmissionState.PREPARED,
        created_at=trace.at,
        indices=indices,
        requests=len(requests),
        body_bytes=body.stat().st_size if body.exists() else 0,
        body_sha256=_digest(layout, trace.key) if body.exists() else "",
        attempt=1 + max((other.attempt for other in earlier), default=0),
        lineage=tuple(other.key for other in earlier[-1:]),
        parts=_parts(requests),
        reserved_usd=trace.estimate_usd,
        realtime=is_realtime,
        sent_at=trace.at if trace.may_be_paid else None,
        doubted_at=trace.at if trace.may_be_paid else None,
        note=_WHY if trace.may_be_paid else "",
    )


def _lost_submission(trace: Trace, *, has_log: bool) -> str:
    what = f"submission {trace.key} of job {trace.job or '?'}, which may have been sent"
    how = "its job" if has_log else "its request log"
    where = f"batch {trace.batch}: adopt it" if trace.batch else "look for it with `batchdeck adopt`"
    return f"{what} ({how} is lost as well; {where} before its pages are sent again)"


def _parts(requests: list[LoggedRequest]) -> tuple[Part, ...]:
    by_parameters: dict[tuple[str, int], list[int]] = {}
    for request in requests:
        model, tokens = request.params.get("model"), request.params.get("max_tokens")
        known = str(model or ""), tokens if isinstance(tokens, int) else 0
        by_parameters.setdefault(known, []).append(request.index)
    return tuple(
        Part(ranges_of(sorted(indices)), model, tokens) for (model, tokens), indices in by_parameters.items()
    )


def _restore_archive(layout: DeckLayout, tx: Transaction, key: str, traces: Traces, done: Restored) -> None:
    """Record the results on this disk again where the ledger no longer says that they are."""
    try:
        path = layout.results(key)
    except UsageError:
        return
    if not path.is_file():
        return
    batch = next((one for one in tx.batches().values() if one.key == key and one.archive is None), None)
    submission = tx.submissions().get(key)
    realtime_id = REALTIME_PREFIX + key
    if batch is None and submission is not None and realtime_id in traces.archives:
        if realtime_id in tx.batches():
            return
        at = traces.archives[realtime_id].at
        submission = replace(submission, state=SubmissionState.SUBMITTED, batch_id=realtime_id, realtime=True)
        remote = RemoteBatch(realtime_id, "ended", RequestCounts(), at, at, ended_at=at, has_results=True)
        batch = Batch(realtime_id, key, submission.job, remote, submission)
        tx.put(submission)
    trace = traces.archives.get(batch.id) if batch is not None else None
    if batch is None or trace is None:
        return
    with storage_failures("Reading", path), path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != trace.sha256:
        done.lost.append(f"the archive of batch {batch.id}: the results on this disk are not those archived")
        return
    counts = _counts(layout, key)
    remote = replace(batch.remote, status="ended", counts=counts, ended_at=batch.remote.ended_at or trace.at)
    archive = Archive(digest, path.stat().st_size, counts.total, trace.at)
    tx.put(replace(batch, remote=replace(remote, has_results=True), archive=archive))
    done.mended.append(Mended(f"batch {batch.id}", "its results, proved by the audit log, recorded again"))


def _counts(layout: DeckLayout, key: str) -> RequestCounts:
    tally: Mapping[str, list[None]] = {"succeeded": [], "errored": [], "canceled": [], "expired": []}
    for facts, _, _ in scan_results(layout.results(key)):
        tally.get(facts.type, tally["errored"]).append(None)
    return RequestCounts(0, *(len(rows) for rows in tally.values()))


def _digest(layout: DeckLayout, key: str) -> str:
    with storage_failures("Reading", layout.body(key)), layout.body(key).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
