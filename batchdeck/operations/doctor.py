"""Checking a deck and its surroundings: endpoint, clock, disk, files, libraries. Changes nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import importlib.metadata
import shutil
import stat
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from pathlib import Path

from batchdeck.domain.batches import SubmissionState
from batchdeck.domain.events import Event, Finished
from batchdeck.domain.listing import Listing
from batchdeck.errors import BatchDeckError
from batchdeck.operations.context import Context
from batchdeck.operations.reach import show_notifying
from batchdeck.store import locks

_LIBRARIES = ("anthropic", "textual", "pypdf", "pikepdf", "pypdfium2", "tinydb", "jinja2", "html5lib", "nh3")
_SPARE_BYTES = 1_000_000_000
_MOST_SKEW = dt.timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `detail` says what was found, and what to do when it is not well."""

    name: str
    ok: bool
    detail: str


async def doctor(context: Context, credential_source: str = "") -> AsyncGenerator[Event, None]:
    """Look everything over; the result is a list of `Check`."""
    checks = await _check_api(context, credential_source)
    checks += await asyncio.to_thread(lambda: list(_check_deck(context)))
    yield Finished(Listing(checks))


async def _check_api(context: Context, credential_source: str) -> list[Check]:
    try:
        gateway = await context.open_gateway()
        page = await gateway.list_batches(limit=1)
    except BatchDeckError as error:
        where = f" Key: {credential_source}." if credential_source else ""
        return [Check("api", False, f"{context.endpoint}: {error.message} {error.hint}{where}".strip())]
    checks = [Check("api", True, f"{context.endpoint} answers.")]
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


def _check_deck(context: Context) -> Iterator[Check]:
    layout = context.layout
    yield Check(
        "ledger", True, f"{len(context.ledger.jobs())} jobs, {len(context.ledger.batches())} batches."
    )
    bad = context.audit.verify()
    yield Check(
        "audit",
        bad is None,
        "The chain of the audit log holds."
        if bad is None
        else f"Line {bad} of audit.jsonl is not what was written: somebody or something changed it.",
    )
    yield from _check_archives(context)
    yield from _check_sources(context)
    yield _check_doubt(context)
    free = shutil.disk_usage(layout.root).free
    yield Check("disk", free > _SPARE_BYTES, f"{free / 1e9:,.1f} GB free at {layout.root}.")
    mode = stat.S_IMODE(layout.root.stat().st_mode)
    yield Check(
        "permissions",
        mode & 0o077 == 0,
        "Only you can read the deck."
        if mode & 0o077 == 0
        else f"Others can look into the deck (mode {mode:04o}): chmod 700 {layout.root}",
    )
    for name in ("submit", "poller"):
        holder = locks.holder_of(layout.lock(name))
        yield Check(f"{name} lock", True, f"Held by {holder}." if holder else "Free.")
    yield from _check_telling(context)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES)
    yield Check("libraries", True, versions)


def _check_archives(context: Context) -> Iterator[Check]:
    wrong: list[str] = []
    archived = 0
    for batch in context.ledger.batches().values():
        if batch.archive is None:
            continue
        archived += 1
        path = context.layout.results(batch.key)
        if not path.exists():
            wrong.append(f"{batch.id} is gone")
        elif _sha256(path) != batch.archive.sha256:
            wrong.append(f"{batch.id} is not what was archived")
    yield Check(
        "archive",
        not wrong,
        f"{archived} batches archived, all as they came."
        if not wrong
        else "; ".join(wrong[:5]) + ". Adopt the batch again while the API still has it.",
    )


def _check_sources(context: Context) -> Iterator[Check]:
    wanted = {(ref.sha256, ref.kind) for job in context.ledger.jobs().values() for ref in job.documents}
    missing = [sha256 for sha256, kind in wanted if not context.vault.has(sha256, kind)]
    yield Check(
        "vault",
        not missing,
        f"{len(wanted)} sources kept."
        if not missing
        else f"{len(missing)} sources are missing ({missing[0][:12]} …): their pages cannot be retried.",
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


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
