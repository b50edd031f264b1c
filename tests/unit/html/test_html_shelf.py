"""Long documents: their trees lie in a file, no edit is lost there, and what comes out is the same."""

from __future__ import annotations

import errno
import functools
import gc
import os
import random
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element, tostring

import pytest

from batchdeck.domain.outcomes import Outcome
from batchdeck.errors import StorageFailed
from batchdeck.html import model, pipeline
from batchdeck.html.model import Assembly, Change, DocumentMaterial, PageMaterial, PageTree, Review
from batchdeck.html.pipeline import assemble
from batchdeck.html.render import render
from batchdeck.html.report import render_report, report_data, report_json
from batchdeck.html.shelf import MOST_AT_HAND, Shelf, Shelved, decode, encode
from tests.judges import broken
from tests.unit.html.goldens import GOLDENS, page
from tests.unit.html.trees import tree

Made = Callable[[], Assembly]


class Watch:
    """Every tree that was put away, with what was written of it, and how many were there at a time."""

    def __init__(self) -> None:
        self.away: list[tuple[Element, bytes]] = []
        self.most = 0
        self._there: set[Element] = set()

    def encode(self, tree: Element) -> bytes:
        data = encode(tree)
        self.away.append((tree, data))
        self._there.discard(tree)
        return data

    def decode(self, data: bytes) -> Element:
        tree = decode(data)
        self._there.add(tree)
        self.most = max(self.most, len(self._there))
        return tree


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Put the trees of every document away, and watch them."""
    watched = Watch()
    monkeypatch.setattr(pipeline, "MOST_AT_HAND", 0)
    monkeypatch.setattr(model, "encode", watched.encode)
    monkeypatch.setattr(model, "decode", watched.decode)
    yield watched
    for put_away, data in watched.away:
        assert encode(put_away) == data, "a tree was edited that lay on the shelf"
    assert watched.most <= 3


def _long(seed: int) -> Assembly:
    """Return a document of broken pages in a row: notes, tables, lists and heads that go on overleaf."""
    chance = random.Random(seed)
    numbers = range(1, 11)
    pages = [PageMaterial(at, str(at), Outcome.OK, broken.answer(chance, at)) for at in numbers]
    return assemble(DocumentMaterial("report.pdf", "c0de" * 16, len(pages)), pages)


def _golden(name: str) -> Assembly:
    return GOLDENS[name]().assemble()


def _overleaf() -> Assembly:
    """Return a document in which everything crosses pages at once."""
    head = '<header data-role="running"><p>Annual report</p></header>'
    row = "<tr><td>a</td><td>1</td></tr>"
    table = f"<table><thead><tr><th>A</th><th>B</th></tr></thead><tbody>{row}</tbody></table>"
    pages = [
        page(1, f'{head}<h1>T</h1><p>Text<sup data-note="1"></sup> that goes exam-</p>', ends="continues"),
        page(2, f'{head}<p>ples on and on and on to exam-</p><section data-role="footnotes">'
                '<p data-note="1">A note that goes</p></section>', starts="continues", ends="continues"),
        page(3, f'{head}<p>ples.</p><h4>1 Deep</h4>{table}<section data-role="footnotes">'
                '<p data-continues="prev">on overleaf.</p></section>', starts="continues", ends="continues"),
        page(4, f"{head}{table}", starts="continues", ends="continues"),
        page(5, f'{head}{table}<h2>1.1 Deeper<sup data-note="9">9</sup></h2><p><a href="#x">x</a></p>'),
        page(6, f'{head}<p id="x">end</p><p id="x">again</p><section data-role="footnotes">'
                '<p data-note="9">9 The endnote.</p><p data-note="8">lost</p></section>'),
    ]  # fmt: skip
    return assemble(DocumentMaterial("report.pdf", "c0de" * 16, len(pages)), pages)


_DOCUMENTS: dict[str, Made] = {
    **{f"broken {seed}": functools.partial(_long, seed) for seed in range(4)},
    **{name: functools.partial(_golden, name) for name in GOLDENS},
    "overleaf": _overleaf,
}


def _all_of(assembly: Assembly, template: str) -> list[object]:
    exported = render(assembly, template)
    data = report_data(exported, assembly)
    plain = replace(
        exported,
        changes=list(exported.changes),
        reviews=list(exported.reviews),
        issues=list(exported.issues),
    )
    return [plain, "".join(report_json(data)), render_report(data)]


@pytest.mark.parametrize("name", list(_DOCUMENTS))
def test_what_comes_of_a_shelved_document_is_the_same(name: str, request: pytest.FixtureRequest) -> None:
    template = ("document", "pages", "jsonl")[len(name) % 3] if name in GOLDENS else "document"
    expected = _all_of(_DOCUMENTS[name](), template)
    watch = request.getfixturevalue("watch")
    assembly = _DOCUMENTS[name]()
    assert watch.away or not assembly.pages
    assert not any(hasattr(one, "tree") for one in assembly.pages)
    assert _all_of(assembly, template) == expected


def test_documents_are_shelved_from_a_length_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_AT_HAND == 1_000
    monkeypatch.setattr(pipeline, "MOST_AT_HAND", 3)
    pages = [page(at, "<p>x</p>") for at in range(1, 5)]
    short = assemble(DocumentMaterial("a.pdf", "0" * 64, 1), pages[:-1])
    long = assemble(DocumentMaterial("a.pdf", "0" * 64, 1), pages)
    assert all(hasattr(one, "tree") for one in short.pages)
    assert not any(hasattr(one, "tree") for one in long.pages)
    assert isinstance(short.changes, list)
    assert all(isinstance(one, Shelved) for one in (long.changes, long.reviews, long.issues))


def _away(markup: str) -> PageTree:
    shelved = PageTree(1, "1", Outcome.OK, tree(markup))
    shelved.put_away(Shelf(None))
    return shelved


def test_an_edit_outlives_the_block_it_was_made_in() -> None:
    shelved = _away("<p>a</p>")
    with pytest.raises(AttributeError):
        shelved.tree.set("id", "lost")
    for text in ("b", "longer " * 10_000, "c"):
        with shelved.open() as outer, shelved.open() as inner:
            assert outer is inner
            inner[0].text = text
        with shelved.open() as read:
            assert [one.text for one in read] == [text]


def test_an_edit_is_kept_when_the_block_fails() -> None:
    shelved = _away("<p>a</p>")

    def fail() -> None:
        with shelved.open() as opened:
            opened[0].text = "b"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with shelved.open() as read:
        assert read[0].text == "b"


def test_a_tree_is_read_back_to_the_last_character() -> None:
    one = tree('<p id="b" lang="en">a<b></b>tail\u2028<i>\U0001f30a</i></p><math><mi>x</mi></math>')
    one[0].text, one[0].tail = "", "\ud800\x00"
    assert tostring(decode(encode(one))) == tostring(one)
    for _ in range(5_000):
        inside, one = one, Element("div")
        one.append(inside)
    assert encode(decode(encode(one))) == encode(one)


def test_records_come_back_as_they_were_made() -> None:
    made = [Change("links", at, "\ud800", "a\x00", "", ("x",) * at, ("é",)) for at in range(4)]
    shelf = Shelf(None)
    kept = Shelved(shelf, Change, made[:2])
    other = Shelved(shelf, Review, [Review(1, "link", "m" * 9_000)])
    kept.append(made[2])
    kept.extend(made[3:])
    assert (list(kept), len(kept), kept[-1], kept[1:3]) == (made, 4, made[3], made[1:3])
    assert list(other) == [Review(1, "link", "m" * 9_000)]
    with pytest.raises(IndexError):
        kept[4]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are not listed here")
def test_the_file_lies_in_the_folder_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "MOST_AT_HAND", 0)
    made = assemble(DocumentMaterial("a.pdf", "0" * 64, 1), [page(1, "<p>a</p>")], scratch=tmp_path)
    links = {os.readlink(f"/proc/self/fd/{one}") for one in os.listdir("/proc/self/fd") if int(one) > 2
             and os.path.lexists(f"/proc/self/fd/{one}")}  # fmt: skip
    assert any(link.startswith(f"{tmp_path}/") for link in links)
    assert list(tmp_path.iterdir()) == []
    assert len(made.pages) == 1


def test_a_full_disk_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StorageFailed, match="nowhere"):
        Shelf(tmp_path / "nowhere")
    shelf = Shelf(tmp_path)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(StorageFailed, match="No space left"):
        shelf.put(b"a tree", None)


def test_a_long_document_costs_a_fraction_of_its_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    body = "".join(f"<p>word <em>{at}</em></p>" for at in range(150))

    def peak(count: int, at_hand: int) -> int:
        monkeypatch.setattr(pipeline, "MOST_AT_HAND", at_hand)
        gc.collect()
        tracemalloc.start()
        render(assemble(DocumentMaterial("a.pdf", "0" * 64, 1), (page(at, body) for at in range(1, count))))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(3, 0)
    at_hand = peak(16, 1_000) - peak(6, 1_000)
    shelved = peak(16, 0) - peak(6, 0)
    assert shelved < at_hand / 4
