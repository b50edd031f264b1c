"""Checking a deck and its surroundings: endpoint, clock, disk, files, libraries. Changes nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib.metadata
import shutil
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator

from batchdeck.domain.batches import SubmissionState
from batchdeck.domain.events import Event, Finished
from batchdeck.domain.findings import Check, Finding, Mend
from batchdeck.domain.listing import Listing
from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError, DeckDamaged
from batchdeck.operations import inspection
from batchdeck.operations.context import Context
from batchdeck.operations.named import check_named
from batchdeck.operations.reach import show_notifying
from batchdeck.store import locks
from batchdeck.store.audit import read_entries
from batchdeck.store.inventory import find_odd_files, find_open_modes
from batchdeck.store.layout import DeckLayout
from batchdeck.store.recovery import Recovery, examine_ledger
from batchdeck.store.traces import read_traces

_LIBRARIES = ("anthropic", "textual", "pypdf", "pikepdf", "pypdfium2", "tinydb", "jinja2", "html5lib", "nh3")
_SPARE_BYTES = 1_000_000_000
_MOST_SKEW = dt.timedelta(minutes=2)
_SHOWN = 3
_TRIES = 3


async def doctor(
    context: Context, credential_source: Callable[[], str] = str, *, deep: bool = False
) -> AsyncGenerator[Event, None]:
    """Look everything over; the result is a list of `Check`.

    Args:
        credential_source: says where the key came from, once it has been looked for.
        deep: also read every byte of sources, indexes and request logs, which takes a while on a large deck.
    """
    checks = await _check_api(context, credential_source)
    checks += await asyncio.to_thread(lambda: list(_check_deck(context, deep=deep)))
    yield Finished(Listing(checks))


def examine(layout: DeckLayout, now: dt.datetime) -> list[Check]:
    """Look over a deck whose ledger cannot be opened: what is damaged, and what could be had back."""
    checks = [ledger_check(examine_ledger(layout, now), "")]
    checks.append(_found("permissions", find_open_modes(layout.root), "Only you can read the deck."))
    checks.append(_disk(layout))
    return checks


def ledger_check(recovery: Recovery, well: str) -> Check:
    """Return what looking at a ledger came to, as a check."""
    if recovery.is_sound:
        return Check("ledger", True, well)
    lost = "; ".join(recovery.lost) or "nothing that was acknowledged"
    remedy = f"`doctor --repair` keeps the damaged files and recovers the rest. Lost: {lost}."
    findings = tuple(Finding("ledger", what, remedy, Mend.QUARANTINE) for what in recovery.problems)
    return Check("ledger", False, f"{'; '.join(recovery.problems[:_SHOWN])}. {remedy}", findings)


async def _check_api(context: Context, credential_source: Callable[[], str]) -> list[Check]:
    try:
        gateway = await context.open_gateway()
        page = await gateway.list_batches(limit=1)
    except BatchDeckError as error:
        found = f"{context.endpoint}: {error.message} {error.hint}".strip()
        return [Check("api", False, found + _said_of_key(credential_source))]
    checks = [Check("api", True, f"{context.endpoint} answers.{_said_of_key(credential_source)}")]
    if page.batches and context.endpoint != "sandbox":
        newest = page.batches[0].created_at
        skew = newest - context.now()
        checks.append(
            Check(
                "clock",
                skew < _MOST_SKEW,
                "This clock and the API's agree."
                if skew < _MOST_SKEW
                else f"This clock is {skew} behind the API's: set it right, or ages and alarms are wrong.",
            )
        )
    return checks


def _said_of_key(credential_source: Callable[[], str]) -> str:
    source = credential_source()
    return f" Key: {show(source, 200)}." if source else ""


def _check_deck(context: Context, *, deep: bool) -> Iterator[Check]:
    layout = context.layout
    try:
        jobs, batches = len(context.ledger.jobs()), context.ledger.batches()
        well = f"{jobs} jobs, {len(batches)} batches."
        yield ledger_check(_looked_at(layout, context.now()), well)
    except DeckDamaged:
        yield from examine(layout, context.now())
        return
    yield _found("records", _unrecorded(context), "The ledger has every batch that the audit log speaks of.")
    yield _check_audit(context)
    archived = sum(batch.archive is not None for batch in batches.values())
    sources = len({(ref.sha256, ref.kind) for job in context.ledger.jobs().values() for ref in job.documents})
    yield _found("archive", inspection.inspect_archives(context), f"{archived} archived, all as they came.")
    yield _found("index", inspection.inspect_indexes(context, deep=deep), "Every archive has its index.")
    yield _found("plans", inspection.inspect_plans(context), f"{jobs} plans, all of them their job's.")
    yield _found(
        "requests", inspection.inspect_requests(context, deep=deep), "Every submission has its request log."
    )
    looked = "all as they were submitted" if deep else "not read through: --deep does"
    yield _found("vault", inspection.inspect_vault(context, deep=deep), f"{sources} sources kept, {looked}.")
    yield _found("files", find_odd_files(layout, context.ledger, context.now()), "No strays.")
    yield _check_doubt(context)
    yield _found("duplicates", _duplicates(context), "No batch repeats another.")
    yield _disk(layout)
    yield _found("permissions", find_open_modes(layout.root), "Only you can read the deck.")
    for name in ("submit", "poller"):
        yield _lock(layout, name)
    yield check_named(context)
    yield from _check_telling(context)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES)
    yield Check("libraries", True, versions)


def _check_audit(context: Context) -> Check:
    bad = context.audit.verify()
    if bad is not None:
        what = f"Line {bad} of audit.jsonl is not what was written: somebody or something changed it."
    elif missing := inspection.unlogged(context):
        what = f"audit.jsonl does not say that {', '.join(missing[:_SHOWN])} left: "
        what += f"lines of {len(missing):,} submissions that the ledger knows are missing."
    else:
        return Check("audit", True, "The chain of the audit log holds.")
    remedy = "Find out who; `doctor --repair` then owns up to it in a line of its own."
    return Check("audit", False, f"{what} {remedy}")


def _looked_at(layout: DeckLayout, now: dt.datetime) -> Recovery:
    """Read the ledger's files anew. Somebody may be writing between the two: look again before believing."""
    for _ in range(_TRIES - 1):
        found = examine_ledger(layout, now)
        if found.is_sound:
            return found
    return examine_ledger(layout, now)


def _found(name: str, findings: Iterable[Finding], well: str) -> Check:
    """Return a check from what it found; `well` where that is nothing."""
    try:
        found = tuple(findings)
    except BatchDeckError as error:
        return Check(name, False, f"{error.message} {error.hint}".strip())
    except OSError as error:
        where = show(str(error.filename or ""), 200)
        return Check(name, False, f"{where} cannot be looked at: {error.strerror}. See `permissions`.")
    if not found:
        return Check(name, True, well)
    by_remedy: dict[str, list[Finding]] = {}
    for finding in found:
        by_remedy.setdefault(finding.remedy, []).append(finding)
    parts = [_told(some) for some in by_remedy.values()]
    return Check(name, False, " ".join(parts), found)


def _told(findings: list[Finding]) -> str:
    some = "; ".join(f"{show(one.where, 100)} {one.what}" for one in findings[:_SHOWN])
    more = len(findings) - _SHOWN
    return f"{some}{f' and {more:,} more' if more > 0 else ''}. {findings[0].remedy}"


def _unrecorded(context: Context) -> Iterator[Finding]:
    known = context.ledger.batches()
    for trace in read_traces(read_entries(context.layout)).submissions.values():
        if trace.batch and trace.batch not in known:
            yield Finding(
                f"batch {trace.batch}",
                "was accepted, says the audit log, and the ledger does not have it",
                "`doctor --repair` records it again. Submit nothing before.",
                Mend.REBUILD,
                trace.key,
            )


def _duplicates(context: Context) -> Iterator[Finding]:
    for batch in context.ledger.batches().values():
        if batch.duplicate_of and batch.is_open:
            yield Finding(
                f"batch {batch.id}",
                f"is a second acceptance of submission {batch.duplicate_of}",
                f"Run `batchdeck cancel {batch.id}`: what has not been worked off is not paid.",
            )


def _check_telling(context: Context) -> Iterator[Check]:
    if context.settings.notify.urls or context.settings.notify.urls_file:
        found = show_notifying(context)
        fine = f"{len(found.addresses)} addresses, {found.waiting} messages waiting."
        yield Check("messages", not found.problems, " ".join(found.problems) or fine)


def _check_doubt(context: Context) -> Check:
    states = [s.state for s in context.ledger.submissions().values()]
    doubtful = states.count(SubmissionState.IN_DOUBT) + states.count(SubmissionState.SENDING)
    prepared = states.count(SubmissionState.PREPARED)
    detail = f"{doubtful} submissions in doubt, {prepared} prepared but not sent."
    if doubtful:
        detail += " Run `batchdeck reconcile`."
    if prepared:
        detail += " Run `batchdeck submit --resume JOB`."
    return Check("submissions", not doubtful and not prepared, detail)


def _disk(layout: DeckLayout) -> Check:
    free = shutil.disk_usage(layout.root).free
    is_enough = free > _SPARE_BYTES
    what = f"{free / 1e9:,.1f} GB free at {show(str(layout.root), 200)}."
    return Check("disk", is_enough, what if is_enough else f"{what} Make room before anything is submitted.")


def _lock(layout: DeckLayout, name: str) -> Check:
    path = layout.lock(name)
    holder = locks.holder_of(path)
    if holder is None:
        return Check(f"{name} lock", True, "Free.")
    if holder.is_running is False:
        return Check(
            f"{name} lock",
            False,
            f"Held in the name of {holder}, which has ended: something that it started still has it. "
            f"`fuser {show(str(path), 200)}` says what; end that.",
        )
    if holder.is_elsewhere:
        return Check(
            f"{name} lock",
            False,
            f"Held by {holder}, which is not this machine. End it there; where that machine is gone, the "
            "file system lets go of its lock by itself. One deck is for one machine.",
        )
    return Check(f"{name} lock", True, f"Held by {holder}.")
