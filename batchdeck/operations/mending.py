"""Single repairs: one archive, plan, request log, source, index at a time. What is damaged is quarantined
first, and what takes its place is whole or not there at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from batchdeck.domain.batches import Archive, Batch, Job
from batchdeck.domain.documents import Page
from batchdeck.domain.findings import Finding, Mended
from batchdeck.domain.requests import CustomId, parse_custom_id, slug
from batchdeck.errors import BatchDeckError, DeckDamaged, NotFound
from batchdeck.operations import inspection
from batchdeck.operations.collect import record_judged
from batchdeck.operations.context import Context
from batchdeck.operations.rollup import refresh_rollup
from batchdeck.store.disk import Disk, storage_failures, write_whole
from batchdeck.store.plans import read_plan, write_plan
from batchdeck.store.quarantine import Quarantine, newest_kept
from batchdeck.store.requests import RequestLogWriter, read_requests
from batchdeck.store.results import UNREADABLE, scan_results
from batchdeck.store.vault import digest_of

_CHUNK = 1 << 20


def mend_archive(context: Context, quarantine: Quarantine, finding: Finding) -> Mended:
    """Deal with archived results that are gone or damaged.

    While the API has them they are taken out, and collected again by the next poll. Later, the rows that can
    be read are kept where they are: they have been paid for and there is no other copy.
    """
    batch = context.ledger.batch(finding.key)
    path = context.layout.results(batch.key)
    if batch.archive is None:
        return _bring_back(context, batch, finding)
    if inspection.can_download(batch, context.now()):
        if path.exists():
            quarantine.move(path, finding.what)
        _drop_index(context, batch)
        _put(context, replace(batch, archive=None))
        return Mended(finding.where, "taken out; the next `watch` downloads it again")
    if not path.exists():
        _drop_index(context, batch)
        _put(context, replace(batch, archive=None, gone=True))
        lost = f"{batch.archive.rows:,} answers, nowhere to be had"
        return Mended(finding.where, "its pages count as missing now", lost)
    quarantine.copy(path, finding.what)
    return _take_what_is_left(context, batch, batch.archive, finding, "kept")


def _bring_back(context: Context, batch: Batch, finding: Finding) -> Mended:
    """Take back results that the API no longer has: those that were to be downloaded again, from the
    quarantine, and those that lie in their place though nobody recorded them."""
    path = context.layout.results(batch.key)
    if not path.exists():
        kept = newest_kept(context.layout, path)
        assert kept is not None, finding
        with storage_failures("Bringing back", path), kept.open("rb") as file:
            write_whole(Disk(), path, iter(lambda: file.read(_CHUNK), b""))
    _drop_index(context, batch)
    was = Archive("", 0, batch.remote.counts.total, context.now())
    return _take_what_is_left(context, batch, was, finding, "brought back")


def _take_what_is_left(context: Context, batch: Batch, was: Archive, finding: Finding, done: str) -> Mended:
    """Record damaged results for what they are."""
    path = context.layout.results(batch.key)
    rows = sum(facts.type != UNREADABLE for facts, _, _ in scan_results(path))
    what = f"not proved on this disk: {rows:,} of {was.rows:,} rows can be read"
    digest, size = digest_of(path), path.stat().st_size
    _put(context, replace(batch, archive=Archive(digest, size, rows, was.at, (*was.findings, what))))
    lost = max(0, was.rows - rows)
    done = f"{done} as far as it can be read ({rows:,} rows), though not proved to be as it came"
    return Mended(finding.where, done, f"{lost:,} answers" if lost else "")


def mend_plan(context: Context, quarantine: Quarantine, finding: Finding) -> Mended:
    """Make a job's plan anew from its documents and from what was asked, if that settles every page."""
    job = context.ledger.job(finding.key)
    path = context.layout.pages(job.id)
    pages = _pages_asked(context, job)
    if len(pages) != job.pages:
        unknown = job.pages - len(pages)
        return Mended(finding.where, "left as it is", f"which page of its document {unknown:,} pages are")
    if path.exists():
        quarantine.move(path, finding.what)
    write_plan(context.layout, job.id, (pages[index] for index in range(job.pages)))
    return Mended(finding.where, "made anew", "printed page labels that differ from the page's number")


def mend_requests(context: Context, quarantine: Quarantine, finding: Finding) -> Mended:
    """Make a submission's request log anew from the job's plan, if what is left of it agrees."""
    submission = context.ledger.submission(finding.key)
    job = context.ledger.job(submission.job)
    try:
        plan = read_plan(context.layout, job.id)
    except BatchDeckError:
        return Mended(finding.where, "left as it is: the job's plan cannot be read either")
    names = {ref.sha256: ref.name for ref in job.documents}
    asked: dict[int, str] = {}
    for start, stop in submission.indices:
        for index in range(start, stop):
            page = plan.page(index)
            name = slug(names.get(page.document, ""))
            asked[index] = str(CustomId(submission.key, index, name, page.number))
    left = _readable_ids(context, submission.key)
    if any(asked.get(index) != custom_id for custom_id, index in left.items()):
        return Mended(finding.where, "left as it is: what can be read of it does not follow from the plan")
    path = context.layout.requests(submission.key)
    if path.exists():
        quarantine.move(path, finding.what)
    log = RequestLogWriter(context.layout, submission.key)
    for index, custom_id in asked.items():
        part = submission.part_of(index)
        log.add(custom_id, index, {"model": part.model, "max_tokens": part.max_tokens})
    log.finish()
    return Mended(finding.where, "made anew from the plan", "parameters other than model and max_tokens")


def mend_source(context: Context, quarantine: Quarantine, finding: Finding) -> Mended:
    """Copy a source into the vault again from where it came, if its bytes are still the same."""
    sha256 = finding.key
    path = context.layout.root / finding.where
    if path.exists():
        quarantine.move(path, finding.what)
    if path == context.layout.readable_source(sha256):
        return Mended(finding.where, "taken out; submitting its document again makes it anew")
    for job in context.ledger.jobs().values():
        for ref in job.documents:
            if context.layout.source(ref.sha256, ref.kind) == path and digest_of(Path(ref.path)) == sha256:
                context.vault.keep(ref.path, sha256, ref.kind)
                return Mended(finding.where, "copied again from where it came")
    return Mended(finding.where, "nowhere to be found", "the source: its pages cannot be retried or checked")


async def mend_index(context: Context, finding: Finding) -> Mended:
    """Judge a batch's archived results anew, and record what came of it."""
    batch = context.ledger.batch(finding.key)
    context.layout.index(batch.key).unlink(missing_ok=True)
    try:
        await record_judged(context, batch)
    except BatchDeckError as error:
        return Mended(finding.where, f"could not be made anew: {error.message.removesuffix('.')}")
    return Mended(finding.where, "made anew")


def refresh_rollups(context: Context) -> list[Mended]:
    """Count every job's pages anew."""
    done: list[Mended] = []
    for job in list(context.ledger.jobs().values()):
        try:
            refresh_rollup(context, job.id)
        except BatchDeckError:
            continue
        if context.ledger.job(job.id).outcomes != job.outcomes:
            done.append(Mended(f"job {job.id}", "its outcomes counted anew"))
    return done


def _pages_asked(context: Context, job: Job) -> Mapping[int, Page]:
    """Return the pages of a job that its documents and request logs settle, by global index."""
    pages: dict[int, Page] = {}
    for ref in job.documents:
        if ref.pages == ref.page_count:
            for number in range(1, ref.pages + 1):
                index = ref.first_index + number - 1
                pages[index] = Page(index, ref.sha256, number, str(number))
    document_of = {
        index: ref.sha256
        for ref in job.documents
        for index in range(ref.first_index, ref.first_index + ref.pages)
    }
    for submission in context.ledger.submissions().values():
        if submission.job != job.id:
            continue
        for custom_id, index in _readable_ids(context, submission.key).items():
            parsed = parse_custom_id(custom_id)
            if parsed is not None and index in document_of and index not in pages:
                pages[index] = Page(index, document_of[index], parsed.page, str(parsed.page))
    return pages


def _readable_ids(context: Context, key: str) -> dict[str, int]:
    """Return the custom_ids of a request log up to the first line that cannot be read."""
    return dict(_ids(context, key))


def _ids(context: Context, key: str) -> Iterator[tuple[str, int]]:
    try:
        for request in read_requests(context.layout, key):
            yield request.custom_id, request.index
    except (NotFound, DeckDamaged):
        return


def _drop_index(context: Context, batch: Batch) -> None:
    context.layout.index(batch.key).unlink(missing_ok=True)


def _put(context: Context, batch: Batch) -> None:
    with context.ledger.transaction() as tx:
        # Its tally is counted when its results are here again; what it cost has been paid all the same.
        outcomes = batch.outcomes if batch.archive is not None else {}
        tx.put(replace(tx.batch(batch.id), archive=batch.archive, gone=batch.gone, outcomes=outcomes))
