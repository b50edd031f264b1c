"""Archiving results: whole or not at all, and never short, torn, doubled or foreign without saying so."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable

import pytest

from batchdeck.domain.batches import Archive, RequestCounts
from batchdeck.errors import NotFound, ResultsIncomplete, StorageFailed
from batchdeck.store.archive import ResultsWriter, read_submitted_ids
from batchdeck.store.layout import DeckLayout
from tests.unit.store import made
from tests.unit.store.faulty import FaultyDisk, no_space

KEY = "00000000aa"
IDS = [made.custom_id(KEY, index) for index in range(50)]
LINES = [made.good_line(custom_id) for custom_id in IDS]
COUNTS = RequestCounts(succeeded=50)


def writer_with(layout: DeckLayout, content: bytes, chunk: int = 1_000) -> ResultsWriter:
    writer = ResultsWriter(layout, KEY)
    for start in range(0, len(content), chunk):
        writer.write(content[start : start + chunk])
    return writer


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_whole_results_become_the_archive(layout: DeckLayout, chunk: int) -> None:
    made.log_requests(layout, KEY, range(50))
    content = b"".join(reversed(LINES))
    writer = writer_with(layout, content, chunk)
    assert not layout.results(KEY).exists()
    archive = writer.finish(read_submitted_ids(layout, KEY), COUNTS, now=made.NOW)
    assert layout.results(KEY).read_bytes() == content
    assert not layout.results_part(KEY).exists()
    assert archive == Archive(hashlib.sha256(content).hexdigest(), len(content), 50, made.NOW)
    assert stat.S_IMODE(layout.results(KEY).stat().st_mode) == 0o600
    writer.discard()
    assert layout.results(KEY).exists()


STREAMS: dict[str, tuple[Callable[[list[bytes]], bytes], str]] = {
    "a clean early close": (lambda lines: b"".join(lines[:20]), "rows missing: 30 of 50"),
    "cut inside a line": (lambda lines: b"".join(lines)[:-30], "the last line is cut off"),
    "cut before the last newline": (lambda lines: b"".join(lines)[:-1], "the last line is cut off"),
    "nothing at all": (lambda lines: b"", "rows missing: 50 of 50"),
    "a row twice": (lambda lines: b"".join([*lines, lines[3]]), "rows that came twice: 1"),
    "a row twice for another": (lambda lines: b"".join([*lines[:-1], lines[3]]), "rows missing: 1 of 50"),
    "a stranger": (
        lambda lines: b"".join([*lines, made.good_line("x\x1b]0;t\x07")]),
        "rows of no request: 1",
    ),
    "a stranger for another": (lambda lines: b"".join([*lines[1:], made.good_line("x")]), "missing"),
    "torn in the middle": (
        lambda lines: b"".join([*lines[:9], lines[9][40:], *lines[10:]]),
        "lines that are no results: 1",
    ),
    "a proxy's page": (lambda lines: b"<html>Bad gateway</html>\n", "lines that are no results: 1"),
}


@pytest.mark.parametrize("stream", STREAMS)
def test_results_that_do_not_match_are_refused_and_leave_no_archive(layout: DeckLayout, stream: str) -> None:
    spoil, finding = STREAMS[stream]
    writer = writer_with(layout, spoil(LINES))
    with pytest.raises(ResultsIncomplete) as caught:
        writer.finish(IDS, COUNTS, now=made.NOW)
    assert finding in caught.value.message
    assert caught.value.message.isprintable()
    assert not layout.results(KEY).exists()
    writer.discard()
    assert list(layout.batch(KEY).iterdir()) == []


@pytest.mark.parametrize("stream", STREAMS)
def test_results_that_stay_so_may_be_kept_with_their_findings(layout: DeckLayout, stream: str) -> None:
    spoil, finding = STREAMS[stream]
    content = spoil(LINES)
    archive = writer_with(layout, content).finish(IDS, COUNTS, accept_findings=True, now=made.NOW)
    assert any(finding in found for found in archive.findings)
    assert layout.results(KEY).read_bytes() == content


def test_the_same_rows_in_another_order_are_the_same(layout: DeckLayout) -> None:
    def digest_of(lines: list[bytes]) -> int:
        writer = writer_with(layout, b"".join(lines))
        try:
            return writer.digest_rows()
        finally:
            writer.discard()

    assert digest_of(LINES) == digest_of(LINES[::-1])
    assert digest_of(LINES) != digest_of(LINES[:-1])
    assert digest_of(LINES[:2]) != digest_of([LINES[0], LINES[0]])


def test_rows_are_held_against_the_apis_counts(layout: DeckLayout) -> None:
    lines = [*LINES[:48], made.bad_line(IDS[48]), made.line(IDS[49], {"type": "expired"})]
    counts = RequestCounts(succeeded=48, errored=1, expired=1)
    writer_with(layout, b"".join(lines)).finish(IDS, counts, now=made.NOW)
    with pytest.raises(ResultsIncomplete, match="succeeded rows: 48, where the API counts 49"):
        writer_with(layout, b"".join(lines)).finish(IDS, RequestCounts(succeeded=49, errored=1), now=made.NOW)
    with pytest.raises(ResultsIncomplete, match="rows: 50, where the API counts 51"):
        writer_with(layout, b"".join(lines)).finish(None, RequestCounts(succeeded=51), now=made.NOW)


def test_rows_of_a_type_that_is_newer_than_the_counts_are_no_finding(layout: DeckLayout) -> None:
    lines = [*LINES[:49], made.line(IDS[49], {"type": "postponed"})]
    archive = writer_with(layout, b"".join(lines)).finish(IDS, None, now=made.NOW)
    assert archive.findings == ()


def test_a_batch_made_elsewhere_is_held_against_itself(layout: DeckLayout) -> None:
    archive = writer_with(layout, b"".join(LINES)).finish(None, COUNTS, now=made.NOW)
    assert (archive.rows, archive.findings) == (50, ())
    with pytest.raises(ResultsIncomplete, match="twice"):
        writer_with(layout, b"".join([*LINES, LINES[0]])).finish(None, None, now=made.NOW)


def test_a_new_download_starts_from_nothing(layout: DeckLayout) -> None:
    writer_with(layout, b"".join(LINES) * 2)
    archive = writer_with(layout, b"".join(LINES)).finish(IDS, COUNTS, now=made.NOW)
    assert archive.rows == 50
    assert layout.results(KEY).read_bytes() == b"".join(LINES)


def test_a_full_disk_leaves_no_archive(layout: DeckLayout) -> None:
    for at in range(1, 5):
        disk = FaultyDisk(at, no_space, tear=0.5)
        with pytest.raises(StorageFailed):
            attempt(layout, disk)
        assert not layout.results(KEY).exists(), disk.calls


def attempt(layout: DeckLayout, disk: FaultyDisk) -> None:
    writer = ResultsWriter(layout, KEY, disk=disk)
    try:
        writer.write(b"".join(LINES))
        writer.finish(IDS, COUNTS, now=made.NOW)
    finally:
        disk.mend()
        writer.discard()


def test_a_batch_without_a_request_log_has_no_known_ids(layout: DeckLayout) -> None:
    with pytest.raises(NotFound):
        read_submitted_ids(layout, KEY)
