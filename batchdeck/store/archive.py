"""Archiving results: what arrives goes to a part file, which becomes the archive only once it is whole."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from batchdeck.domain.batches import Archive, RequestCounts
from batchdeck.domain.text import show
from batchdeck.errors import Conflict, ResultsIncomplete, StorageFailed
from batchdeck.store.disk import Disk, storage_failures, writing_alone
from batchdeck.store.layout import DeckLayout, make_folder
from batchdeck.store.requests import read_requests
from batchdeck.store.results import scan_results

_EXAMPLES = 3
_DIGESTS = 1 << 256
_LONGEST = 1 << 24
_COUNTED = ("succeeded", "errored", "canceled", "expired")


class ResultsWriter:
    """One download of a batch's results. A stream that ends early but cleanly is caught by `finish`.

    Raises:
        Conflict: another process is downloading them.
        StorageFailed: the disk does not take it.
    """

    def __init__(self, layout: DeckLayout, key: str, *, disk: Disk | None = None) -> None:
        self._path = layout.results(key)
        self._part = layout.results_part(key)
        self._disk = disk or Disk()
        self._digest = hashlib.sha256()
        self._bytes = 0
        self._last = b""
        self._alone = contextlib.ExitStack()
        try:
            with storage_failures("Writing", self._part):
                make_folder(self._path.parent)
                writing = writing_alone(self._disk, self._part, waits=False)
                self._descriptor: int | None = self._alone.enter_context(writing)
        except StorageFailed as failure:
            if isinstance(failure.__cause__, BlockingIOError):
                raise Conflict(
                    "Another process is downloading these results.", hint="Do it again in a moment."
                ) from None
            raise

    @property
    def sha256(self) -> str:
        """Digest of what has arrived so far."""
        return self._digest.hexdigest()

    def digest_rows(self) -> int:
        """Return a digest of the lines that have arrived, whatever their order: the API promises none.

        Raises:
            StorageFailed: what has arrived cannot be read.
        """
        with storage_failures("Reading", self._part), self._part.open("rb") as file:
            lines = iter(lambda: file.readline(_LONGEST), b"")  # a longer one counts as several
            return sum(int.from_bytes(hashlib.sha256(line.rstrip()).digest()) for line in lines) % _DIGESTS

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            StorageFailed: the disk did not take them.
        """
        assert self._descriptor is not None
        with storage_failures("Writing", self._part):
            self._disk.write(self._descriptor, chunk, self._bytes)
        self._digest.update(chunk)
        self._bytes += len(chunk)
        self._last = chunk[-1:] or self._last

    def finish(
        self,
        submitted: Collection[str] | None,
        counts: RequestCounts | None,
        *,
        accept_findings: bool = False,
        now: dt.datetime,
    ) -> Archive:
        """Check the download against what was submitted; make it the archive if it is whole.

        Args:
            submitted: the custom_ids submitted, each wanted exactly once; None for a batch made elsewhere.
            counts: what the API counted, checked against the rows; None when it is not known.
            accept_findings: keep it as it is, with the findings, because downloading again brings nothing
                better.
            now: the moment to record.

        Raises:
            ResultsIncomplete: rows are cut off, missing, there twice or not ours; nothing was archived.
            StorageFailed: the disk did not take it.
        """
        assert self._descriptor is not None
        rows, findings = _check(self._part, submitted, counts)
        if self._bytes and self._last != b"\n":
            findings.insert(0, "the last line is cut off")
        if findings and not accept_findings:
            raise ResultsIncomplete(
                "The results do not match what was submitted: " + "; ".join(findings) + "."
            )
        with storage_failures("Archiving the results in", self._path):
            self._disk.sync(self._descriptor)
            self._disk.replace(self._part, self._path)
            self._close()
            self._disk.sync_folder(self._path.parent)
        return Archive(self._digest.hexdigest(), self._bytes, rows, now, tuple(findings))

    def discard(self) -> None:
        """Throw an unfinished download away; after `finish` there is nothing to throw away."""
        if self._descriptor is not None:
            try:
                with storage_failures("Removing", self._part):
                    self._disk.unlink(self._part)
            finally:
                self._close()

    def _close(self) -> None:
        self._descriptor = None
        self._alone.close()


def read_submitted_ids(layout: DeckLayout, key: str) -> Collection[str]:
    """Return the custom_ids of a submission.

    Raises:
        NotFound: the deck has no request log of it.
        DeckDamaged: the log is damaged.
    """
    return [request.custom_id for request in read_requests(layout, key)]


def _check(
    part: Path, submitted: Collection[str] | None, counts: RequestCounts | None
) -> tuple[int, list[str]]:
    """Return how many rows there are, and what is wrong with them, in words."""
    # A batch may have 100,000 rows: what was submitted is ticked off, and only what is amiss is kept.
    places = {custom_id: place for place, custom_id in enumerate(submitted or ())}
    ticks = bytearray(len(places))
    others: dict[str, None] = {}
    twice: list[str] = []
    types: Counter[str] = Counter()
    unreadable = rows = 0
    for facts, _, _ in scan_results(part):
        rows += 1
        types[facts.type] += 1
        if not facts.custom_id:
            unreadable += 1
        elif (place := places.get(facts.custom_id)) is not None:
            if ticks[place]:
                twice.append(facts.custom_id)
            ticks[place] = 1
        elif facts.custom_id in others:
            twice.append(facts.custom_id)
        else:
            others[facts.custom_id] = None
    findings: list[str] = []
    if unreadable:
        findings.append(f"lines that are no results: {unreadable:,}")
    if twice:
        findings.append(f"rows that came twice: {len(twice):,} ({_some(twice)})")
    if submitted is not None:
        missing = [custom_id for custom_id, place in places.items() if not ticks[place]]
        if missing:
            findings.append(f"rows missing: {len(missing):,} of {len(places):,} ({_some(missing)})")
        if others:
            findings.append(f"rows of no request: {len(others):,} ({_some(list(others))})")
    if counts is not None:
        findings += _compare_counts(rows, types, counts)
    return rows, findings


def _compare_counts(rows: int, types: Counter[str], counts: RequestCounts) -> list[str]:
    if rows != counts.total:
        return [f"rows: {rows:,}, where the API counts {counts.total:,}"]
    return [
        f"{name} rows: {types[name]:,}, where the API counts {getattr(counts, name):,}"
        for name in _COUNTED
        if types[name] != getattr(counts, name)
    ]


def _some(custom_ids: list[str]) -> str:
    shown = ", ".join(show(custom_id, 64) for custom_id in custom_ids[:_EXAMPLES])
    return shown + (", …" if len(custom_ids) > _EXAMPLES else "")
