"""The journal and the snapshot as bytes: cut or changed anywhere, they give what was committed or say so."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from batchdeck.errors import DeckDamaged
from batchdeck.store.journal import (
    Delta,
    Snapshot,
    Tables,
    decode_snapshot,
    encode_commit,
    encode_snapshot,
    replay,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
numbers = st.integers(1, 50).map(str)
records = st.dictionaries(texts, values, max_size=3)
tables = st.dictionaries(
    texts.filter(lambda name: name != "ledger"), st.dictionaries(numbers, records), max_size=3
)
deltas = st.dictionaries(
    texts, st.dictionaries(numbers, st.none() | records, min_size=1), min_size=1, max_size=2
)


def journal_of(commits: list[Delta], first: int) -> tuple[bytes, list[int]]:
    """Return the commits' bytes, and where each ends."""
    data, ends = b"", []
    for place, delta in enumerate(commits):
        data += encode_commit(first + place, delta)
        ends.append(len(data))
    return data, ends


@given(tables, st.integers(0, 10**9), st.sampled_from(["", "0123abcd"]))
def test_a_snapshot_comes_back(content: Tables, sequence: int, mark: str) -> None:
    data = b"".join(encode_snapshot(Snapshot(1, sequence, mark, content)))
    read = decode_snapshot(data)
    assert read == Snapshot(1, sequence, mark, content or {"meta": {}})
    assert b"".join(encode_snapshot(read)) == data


@given(tables, st.data())
def test_a_changed_snapshot_is_never_believed(content: Tables, data: st.DataObject) -> None:
    snapshot = Snapshot(1, 5, "00000000", content or {"meta": {}})
    whole = b"".join(encode_snapshot(snapshot))
    place = data.draw(st.integers(0, len(whole) - 1))
    spoilt = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
    try:
        read = decode_snapshot(spoilt)
    except DeckDamaged:
        return
    # A blank of the first line for another is all that may pass.
    assert place < whole.index(b"\n")
    assert read == snapshot


@given(st.lists(deltas, max_size=5), st.integers(0, 1_000), st.integers(0, 200))
def test_commits_come_back_behind_them_zeros(commits: list[Delta], after: int, zeros: int) -> None:
    data, ends = journal_of(commits, after + 1)
    found = replay(data + bytes(zeros), 7, after)
    assert [commit.delta for commit in found.commits] == commits
    assert [commit.sequence for commit in found.commits] == list(range(after + 1, after + 1 + len(commits)))
    assert found.end == 7 + (ends[-1] if ends else 0)
    assert not found.torn


@given(st.lists(deltas, min_size=1, max_size=5), st.data())
def test_a_journal_cut_anywhere_gives_the_commits_that_are_whole(
    commits: list[Delta], data: st.DataObject
) -> None:
    content, ends = journal_of(commits, 1)
    cut = data.draw(st.integers(0, len(content)))
    zeros = data.draw(st.integers(0, 50))
    found = replay(content[:cut] + bytes(zeros), 0, 0)
    whole = sum(end <= cut for end in ends)
    assert [commit.delta for commit in found.commits] == commits[:whole]
    assert found.torn == (cut not in (0, *ends))


@given(st.lists(deltas, min_size=1, max_size=4), st.data())
def test_a_changed_byte_gives_a_beginning_or_an_error(commits: list[Delta], data: st.DataObject) -> None:
    content, ends = journal_of(commits, 1)
    place = data.draw(st.integers(0, len(content) - 1))
    spoilt = content[:place] + bytes([content[place] ^ data.draw(st.integers(1, 255))]) + content[place + 1 :]
    struck = sum(end <= place for end in ends)
    try:
        found = replay(spoilt, 0, 0)
    except DeckDamaged:
        assert struck < len(commits) - 1
    else:
        assert struck == len(commits) - 1
        assert [commit.delta for commit in found.commits] == commits[:struck]


@given(st.lists(deltas, min_size=2, max_size=5), st.integers(0, 5))
def test_commits_that_the_snapshot_holds_are_passed_over(commits: list[Delta], after: int) -> None:
    content, ends = journal_of(commits, 1)
    found = replay(content, 0, after)
    assert [commit.delta for commit in found.commits] == commits[after:]
    assert found.end == ends[-1]
