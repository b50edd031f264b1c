"""Text from outside, page ranges, custom ids and packing, held against what they promise or a plainer way."""

from __future__ import annotations

import itertools
import json
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from batchdeck.domain.batches import ranges_of, ranges_overlap
from batchdeck.domain.documents import choose_pages, parse_page_ranges
from batchdeck.domain.requests import (
    BODY_PREFIX,
    BODY_SEPARATOR,
    BODY_SUFFIX,
    CUSTOM_ID,
    BatchLimits,
    CustomId,
    pack,
    parse_custom_id,
    slug,
)
from batchdeck.domain.text import show
from batchdeck.errors import UsageError

any_text = st.one_of(
    st.text(st.characters(), max_size=80),  # surrogates included
    st.binary(max_size=80).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
    st.lists(
        st.sampled_from(
            [
                "\x1b]52;c;x\x07",
                "\x1b[2J",
                "\x9b1m",
                "\u202e",
                "\u2066",
                "\ufeff",
                "\r",
                "a",
                "é",
                "👩\u200d💻",
            ]
        )
    ).map("".join),
)
HARMLESS = frozenset({"\u00ad", "\u200c", "\u200d"})


@given(any_text, st.booleans(), st.one_of(st.none(), st.integers(0, 60)))
def test_no_control_character_is_ever_shown(text: str, newlines: bool, limit: int | None) -> None:
    shown = show(text, limit, newlines=newlines)
    allowed = HARMLESS | (frozenset("\n\t") if newlines else frozenset())
    for char in shown:
        assert char in allowed or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    shown.encode("utf-8")
    if limit is not None:
        assert len(shown) <= limit


@given(any_text)
def test_showing_again_changes_nothing(text: str) -> None:
    assert show(show(text)) == show(text)


@given(any_text, st.integers(1, 60))
def test_a_cut_is_marked_and_only_a_cut(text: str, limit: int) -> None:
    whole = show(text)
    shown = show(text, limit)
    assert shown == whole if len(whole) <= limit else shown.endswith("…")


@given(st.text("0123456789,- ", max_size=20), st.integers(0, 40))
def test_page_ranges_choose_what_they_name(text: str, count: int) -> None:
    try:
        ranges = parse_page_ranges(text)
    except UsageError:
        return
    chosen = choose_pages(count, ranges)
    expected = [
        page
        for page in range(1, count + 1)
        if any(first <= page <= (count if last is None else last) for first, last in ranges)
    ]
    assert list(chosen) == expected


@given(st.text(max_size=20))
def test_page_ranges_are_read_or_refused(text: str) -> None:
    try:
        ranges = parse_page_ranges(text)
    except UsageError:
        return
    assert all(first >= 1 and (last is None or last >= first) for first, last in ranges)


nonces = st.text("0123456789abcdef", min_size=10, max_size=10)


@given(nonces, st.integers(0, 10**9), any_text, st.integers(1, 10**6))
def test_custom_ids_fit_the_api_and_read_back(nonce: str, index: int, name: str, page: int) -> None:
    made = CustomId(nonce, index, slug(name), page)
    text = str(made)
    assert CUSTOM_ID.fullmatch(text)
    read = parse_custom_id(text)
    assert read is not None
    assert (read.nonce, read.index, read.page) == (nonce, index, page)
    assert made.slug.startswith(read.slug)
    assert str(read) == text


@given(st.one_of(any_text, st.from_regex(r"[0-9a-f]{10}-\d{7,70}-([a-z0-9-]+-)?p\d+", fullmatch=True)))
def test_only_ids_of_the_right_form_are_taken_for_ours(text: str) -> None:
    read = parse_custom_id(text)
    if read is not None:
        assert CUSTOM_ID.fullmatch(text)
        assert text.startswith(read.nonce)


@given(any_text)
def test_a_slug_is_plain(name: str) -> None:
    made = slug(name)
    assert len(made) <= 24
    assert all(char in "abcdefghijklmnopqrstuvwxyz0123456789-" for char in made)
    assert "--" not in made
    assert made == made.strip("-")


sizes = st.lists(st.integers(2, 60), max_size=40)
limits = st.builds(BatchLimits, st.integers(1, 9), st.integers(80, 300), st.integers(60, 80))


def body(requests: list[bytes]) -> bytes:
    return BODY_PREFIX + BODY_SEPARATOR.join(requests) + BODY_SUFFIX


@given(sizes, limits)
def test_batches_hold_as_much_as_fits_and_never_more(sizes: list[int], limits: BatchLimits) -> None:
    """Against the bodies themselves: every one is within the limits, and none could take one more."""
    requests = [json.dumps("x" * (size - 2)).encode() for size in sizes]
    counts = list(pack(map(len, requests), limits))
    assert sum(counts) == len(requests)
    start = 0
    for count in counts:
        chosen = requests[start : start + count]
        assert 1 <= count <= limits.requests
        assert len(body(chosen)) <= limits.body_bytes
        assert json.loads(body(chosen))["requests"] == [json.loads(request) for request in chosen]
        start += count
        if start < len(requests):
            more = [*chosen, requests[start]]
            assert count == limits.requests or len(body(more)) > limits.body_bytes


@given(sizes, st.integers(81, 400))
def test_a_request_that_fits_no_batch_is_refused(sizes: list[int], giant: int) -> None:
    limits = BatchLimits(5, 10_000, 80)
    with pytest.raises(ValueError, match="fits no batch"):
        list(pack([*sizes, giant], limits))


index_sets = st.sets(st.integers(0, 40))


def indices_of(ranges: tuple[tuple[int, int], ...]) -> list[int]:
    return [index for start, stop in ranges for index in range(start, stop)]


@given(index_sets)
def test_ranges_hold_exactly_their_indices_in_as_few_as_possible(indices: set[int]) -> None:
    ranges = ranges_of(sorted(indices))
    assert indices_of(ranges) == sorted(indices)
    assert all(before[1] < after[0] for before, after in itertools.pairwise(ranges))


@given(index_sets, index_sets)
def test_ranges_overlap_when_they_share_an_index(a: set[int], b: set[int]) -> None:
    assert ranges_overlap(ranges_of(sorted(a)), ranges_of(sorted(b))) is bool(a & b)


@given(st.text(max_size=400))
def test_a_name_of_any_length_gives_an_id(name: str) -> None:
    assume(name)
    assert CUSTOM_ID.fullmatch(str(CustomId("0" * 10, 123_456_789, slug(name, 200), 999_999)))
