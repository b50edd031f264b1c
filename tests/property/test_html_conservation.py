"""The law of conservation: words out = words in - recorded removals + recorded additions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchdeck.domain.outcomes import Outcome
from batchdeck.html.accessibility import check_page, settle_accessibility
from batchdeck.html.breaks import settle_breaks
from batchdeck.html.extract import read_answer
from batchdeck.html.figures import Pictures
from batchdeck.html.furniture import settle_furniture
from batchdeck.html.headings import settle_headings
from batchdeck.html.hyphens import Vocabulary, settle_hyphens
from batchdeck.html.ids import settle_ids
from batchdeck.html.language import settle_languages
from batchdeck.html.links import settle_links
from batchdeck.html.lists import settle_lists
from batchdeck.html.math import convert_formulas, settle_mathml
from batchdeck.html.model import (
    Assembly,
    Change,
    DocumentMaterial,
    PageMaterial,
    PageTree,
    Review,
    TextLayer,
)
from batchdeck.html.nesting import settle_nesting
from batchdeck.html.notes import settle_notes
from batchdeck.html.parse import parse_fragment, parse_page
from batchdeck.html.pipeline import assemble
from batchdeck.html.render import render
from batchdeck.html.sanitise import flatten, sanitise
from batchdeck.html.stitch import stitch_pages
from batchdeck.html.tables import settle_tables
from batchdeck.html.words import words_of
from tests.unit.html.goldens import GOLDENS, PNG

CORPUS = Path("../shared/corpus/pdfs")

_TEXT = st.lists(
    st.sampled_from(
        [
            "alpha",
            "Beta",
            "gamma.",
            "exam-",
            "ple",
            "example",
            "well-",
            "known",
            "well-known",
            "7",
            "12",
            "1.",
            "•",
            "-",
            "☐",
            "漢字",
            "テスト",
            "مرحبا",
            "AT&amp;T",
            "a<b",
            "&lt;tag&gt;",
            "(continued)",
            "example.org/x",
            "Table",
            "Page",
            "\\frac{a}{b}",
            "x^2",
            "\u200b",
            "\xad",
            "\x01",
        ]
    ),
    max_size=8,
).map(" ".join)
_ATTRIBUTES = st.lists(
    st.sampled_from(
        [
            *(f'data-continues="{side}"' for side in ("prev", "next", "both")),
            *('data-role="running"', 'data-role="footnotes"', 'data-note="1"', 'data-note="*"'),
            *('data-math="inline"', 'data-math="block"', 'data-bbox="0 0 500 500"', 'data-kind="decorative"'),
            *('alt="A boat"', 'alt=""', 'colspan="3"', 'rowspan="2"', 'rowspan="0"', 'scope="row"'),
            *('start="4"', 'start="x"', 'value="3"', 'type="a"', 'lang="de"', 'lang="zz-zz"', 'dir="rtl"'),
            *('id="a"', 'id="page-2"', 'href="#a"', 'href="https://example.org/x"', 'href="javascript:1"'),
            *('headers="a q"', 'class="x"', 'onclick="y"', "checked", "type=checkbox", 'value="Bob"'),
        ]
    ),
    max_size=2,
).map(lambda chosen: "".join(f" {one}" for one in chosen))
_TAGS = st.sampled_from(
    [
        "p",
        "p",
        "p",
        "h1",
        "h2",
        "h4",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "caption",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "td",
        "th",
        "figure",
        "figcaption",
        "img",
        "br",
        "hr",
        "span",
        "em",
        "strong",
        "b",
        "a",
        "sup",
        "sub",
        "div",
        "section",
        "header",
        "footer",
        "aside",
        "nav",
        "blockquote",
        "pre",
        "code",
        "ruby",
        "rt",
        "rp",
        "address",
        "form",
        "input",
        "select",
        "option",
        "textarea",
        "button",
        "script",
        "style",
        "svg",
        "math",
        "mi",
        "mfrac",
        "mtext",
        "font",
        "center",
        "title",
        "del",
        "q",
        "col",
        "main",
    ]
)
_VOID = frozenset({"img", "br", "hr", "input", "col"})


def _element(inner: str, tag: str, attributes: str, closed: int) -> str:
    end = "" if tag in _VOID or closed == 0 else f"</{tag}>"
    return f"<{tag}{attributes}>{inner}{end}"


_MARKUP = st.recursive(
    _TEXT,
    lambda inner: st.builds(
        _element, st.lists(inner, max_size=4).map("".join), _TAGS, _ATTRIBUTES, st.integers(0, 12)
    ),
    max_leaves=24,
)
_BODY = st.lists(_MARKUP, max_size=5).map("".join)
_MARKS = st.lists(
    st.sampled_from(
        [
            ' data-starts="continues"',
            ' data-ends="continues"',
            ' data-lang="de"',
            ' data-lang="klingonish"',
            ' data-printed-page="3"',
            ' data-kind="blank"',
        ]
    ),
    max_size=3,
    unique=True,
).map("".join)
_LAYERS = st.sampled_from(
    [None, TextLayer("alpha beta gamma " * 12, True, ("https://example.org/x",)), TextLayer("", False)]
)


_KEYS = st.lists(st.sampled_from(["1", "1-2", "(1)", "a", "A", "α", "¶", "‖"]), max_size=3)


@st.composite
def _notes(draw: st.DrawFn) -> str:
    """Marks, often in what cannot hold them, and notes, often in other notes."""
    tags = st.sampled_from(["sup", "sup", "sup", "br", "td", "a", "mi", "hr"])
    marks = "".join(f'<{draw(tags)} data-note="{key}">{key}</sup>' for key in draw(_KEYS))
    kinds = st.sampled_from(["p", "p", 'section data-role="footnotes"', "li", "div"])
    notes = "".join(f'<{draw(kinds)} data-note="{key}">note {draw(_TEXT)}</p>' for key in draw(_KEYS))
    return f'<p>marked {marks}</p><section data-role="footnotes">{notes}</section>'


@st.composite
def _pages(draw: st.DrawFn) -> list[PageMaterial]:
    pages = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        body = draw(_BODY) + (draw(_notes()) if draw(st.booleans()) else "")
        text = f'<article data-bd="1" data-page="{number}"{draw(_MARKS)}>{body}</article>'
        pages.append(PageMaterial(number, str(number), Outcome.OK, text, layer=draw(_LAYERS)))
    return pages


def imbalance(pages: list[PageMaterial], assembly: Assembly) -> dict[str, int]:
    """Return the words that the records do not account for, with how many are too many or too few.

    What extracting takes away stands outside the articles, whose words are counted here.
    """
    balance: Counter[str] = Counter()
    for material, page in zip(pages, assembly.pages, strict=True):
        if page.source == "answer":
            answer = read_answer(material.answer or "", material.number)
            balance.update(words_of(parse_fragment(flatten(answer.html))))
        balance.subtract(words_of(page.tree))
    for change in assembly.changes:
        if change.stage != "extract":
            balance.subtract(change.removed)
            balance.update(change.added)
    return {word: count for word, count in balance.items() if count}


@given(_pages(), st.booleans())
@settings(max_examples=150)
def test_every_word_of_any_pages_is_accounted_for(pages: list[PageMaterial], pictures: bool) -> None:
    material = DocumentMaterial("report.pdf", "c0de" * 16, len(pages))
    assembly = assemble(material, pages, crop=(lambda page, box: PNG) if pictures else None)
    assert imbalance(pages, assembly) == {}
    assert [page.source for page in assembly.pages] == ["answer"] * len(pages)
    assert [finding for page in assembly.pages for finding in check_page(page.tree)] == []
    for page in assembly.pages:
        elements = list(page.tree.iter())
        assert len(elements) == len(set(elements)), "nothing stands in two places"
    assert list(render(assembly).findings) == []


_STAGES_OF_A_PAGE: tuple[Callable[[Element, int], list[Change] | tuple[list[Change], list[Review]]], ...] = (
    settle_mathml,
    settle_nesting,
    settle_breaks,
    settle_lists,
    settle_tables,
    convert_formulas,
)


def _stages_of_a_document(assembly: Assembly) -> list[Callable[[], None]]:
    vocabulary = Vocabulary(assembly)
    pictures = Pictures(assembly, lambda page, box: PNG, embed=True)
    return [
        lambda: settle_ids(assembly),
        lambda: settle_languages(assembly),
        lambda: settle_furniture(assembly),
        *(lambda page=page: pictures.settle(page) for page in assembly.pages),
        lambda: settle_links(assembly),
        lambda: settle_notes(assembly),
        lambda: settle_hyphens(assembly, vocabulary),
        lambda: settle_headings(assembly),
        lambda: stitch_pages(assembly, vocabulary),
        lambda: settle_accessibility(assembly),
    ]


def _difference(before: Counter[str], changes: Sequence[Change], trees: list[Element]) -> dict[str, int]:
    balance = Counter(before)
    for change in changes:
        balance.subtract(change.removed)
        balance.update(change.added)
    for tree in trees:
        balance.subtract(words_of(tree))
    return {word: count for word, count in balance.items() if count}


@given(_pages())
@settings(max_examples=100)
def test_every_stage_accounts_for_its_own_words(pages: list[PageMaterial]) -> None:
    trees = [parse_page(sanitise(read_answer(page.answer or "", page.number).html)) for page in pages]
    for number, tree in enumerate(trees, 1):
        for stage in _STAGES_OF_A_PAGE:
            before = Counter(words_of(tree))
            result = stage(tree, number)
            changes = result[0] if isinstance(result, tuple) else result
            assert _difference(before, changes, [tree]) == {}, stage.__name__
    links = [page.layer.links if page.layer is not None else () for page in pages]
    made = [PageTree(at, str(at), Outcome.OK, tree, links=links[at - 1]) for at, tree in enumerate(trees, 1)]
    assembly = Assembly(DocumentMaterial("report.pdf", "c0de" * 16, len(made)), made)
    for at, run in enumerate(_stages_of_a_document(assembly)):
        before = Counter(word for tree in trees for word in words_of(tree))
        known = len(assembly.changes)
        run()
        assert _difference(before, assembly.changes[known:], trees) == {}, at


@pytest.mark.parametrize("name", GOLDENS)
def test_every_word_of_the_golden_documents_is_accounted_for(name: str) -> None:
    golden = GOLDENS[name]()
    assert imbalance(list(golden.pages), golden.assemble()) == {}


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real PDFs is not here")
@pytest.mark.parametrize(
    "name", ["multicolumn.pdf", "us-018.pdf", "tagged.pdf", "refcard-el-a4.pdf", "maint-guide.zh-tw.pdf"]
)
def test_every_word_of_answers_made_of_real_pages_is_accounted_for(name: str) -> None:
    from batchdeck.pdf.text import TextReader

    pages = []
    with TextReader(str(CORPUS / name)) as reader:
        for number in range(1, 5):
            try:
                text = reader.layer(number).text
            except IndexError:
                break
            pages.append(PageMaterial(number, str(number), Outcome.OK, _as_answer(number, text)))
    assembly = assemble(DocumentMaterial(name, "c0de" * 16, len(pages)), pages)
    assert len(pages) >= 2
    assert imbalance(pages, assembly) == {}


def _as_answer(number: int, text: str) -> str:
    """Dress the printed lines of a page as a model might: a running head, paragraphs of a few lines, a list,
    line ends kept."""
    lines = [line.replace("&", "&amp;").replace("<", "&lt;") for line in text.splitlines() if line.strip()]
    head = f'<header data-role="running"><p>{lines[0]}</p></header>' if lines else ""
    paragraphs = ["\n".join(lines[start : start + 6]) for start in range(1, len(lines), 6)]
    body = "".join(
        f"<p>{text}</p>" if at % 5 else f"<ul><li>{text}</li></ul>" for at, text in enumerate(paragraphs, 1)
    )
    return f'<article data-bd="1" data-page="{number}" data-ends="continues">{head}{body}</article>'
