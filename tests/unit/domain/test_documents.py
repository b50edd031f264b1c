"""Page ranges and duplicates, in the words an operator meets."""

from __future__ import annotations

import pytest

from batchdeck.domain.documents import (
    Document,
    Problem,
    ProblemKind,
    Sha256,
    UnusableFile,
    choose_pages,
    mark_duplicates,
    parse_page_ranges,
)
from batchdeck.domain.text import show
from batchdeck.errors import UsageError


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("1-3", (1, 2, 3)),
        ("2", (2,)),
        ("-2", (1, 2)),
        ("9-", (9, 10)),
        ("8,1-2,2-3", (1, 2, 3, 8)),
        (" 1 - 2 , 4 ", (1, 2, 4)),
        ("11-12", ()),
        ("9-99", (9, 10)),
    ],
)
def test_ranges_choose_pages_in_page_order(text: str, chosen: tuple[int, ...]) -> None:
    assert choose_pages(10, parse_page_ranges(text)) == chosen


def test_no_ranges_choose_all() -> None:
    assert list(choose_pages(3, None)) == [1, 2, 3]


@pytest.mark.parametrize("text", ["", "-", "a", "1,,2", "5-3", "0", "0-3", "1-2-3", "1;2", "٣", "9" * 5_000])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_page_ranges(text)
    assert "1-5,8,12-" in refusal.value.hint
    assert len(refusal.value.message) < 200


def document(path: str, digest: str) -> Document:
    return Document(path, Sha256(digest), 10)


def test_a_file_with_the_bytes_of_another_is_submitted_once_and_said_to_be_its_copy() -> None:
    bad = UnusableFile("bad", Problem(ProblemKind.EMPTY_FILE, "It is empty."))
    scan = mark_duplicates(
        [document("a\x1b.pdf", "1"), bad, document("b.pdf", "2"), document("copy.pdf", "1")]
    )
    assert [each.path for each in scan.documents] == ["a\x1b.pdf", "b.pdf"]
    assert scan.unusable[0] is bad
    assert scan.unusable[1].problem.kind is ProblemKind.DUPLICATE
    assert show("a\x1b.pdf") in scan.unusable[1].problem.message
    assert "\x1b" not in scan.unusable[1].problem.message
    assert (scan.size, scan.page_count) == (20, 0)
