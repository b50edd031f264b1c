"""The proof of an export: what does not read back as it was meant is found, in the page and around it."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, tostring

import html5lib
import pytest

from batchdeck.html.model import PageTree
from batchdeck.html.render import render
from batchdeck.html.rules import check, validate_html
from batchdeck.html.rules.source import syntax_findings
from batchdeck.html.serialise import serialise_children
from batchdeck.html.shell import read_shell
from batchdeck.html.verify import PageProver, check_around, slot
from tests.unit.html.goldens import GOLDENS
from tests.unit.html_out.faults import FAULTS
from tests.unit.html_out.hand import assembly, page


def _rules(tree: PageTree, markup: str) -> set[str]:
    return {finding.rule for finding in PageProver().prove(tree, markup)}


def test_a_page_that_reads_back_is_proved() -> None:
    one = page(1, "<h1>A</h1><p>b <em>c</em></p><math><mi>x</mi></math>")
    assert _rules(one, serialise_children(one.tree)) == set()


@pytest.mark.parametrize(
    ("meant", "written", "rules"),
    [
        ("<p>a</p>", "<p>b</p>", {"round-trip"}),
        ("<p>a</p>", "<p>a</p><p>b</p>", {"round-trip"}),
        ("<p>a</p>", '<p id="x">a</p>', {"round-trip"}),
        ("<p>a</p>", "<p>a", set[str]()),
        ("<p>a</p>", "</div><p>a</p>", {"round-trip", "html-syntax"}),
        ("<p>a</p>", "<p>a</p><script>", {"round-trip", "html-syntax"}),
        ("<p>a<em>b</em></p>", "<p>a<em>b</p>", {"html-syntax"}),
    ],
)
def test_a_difference_is_found(meant: str, written: str, rules: set[str]) -> None:
    assert _rules(page(1, meant), written) == rules


def test_a_tree_that_html_cannot_hold_is_found() -> None:
    one = page(1, "")
    paragraph = SubElement(one.tree, "p")
    SubElement(paragraph, "p").text = "a paragraph in a paragraph"
    assert "round-trip" in _rules(one, serialise_children(one.tree))


def test_rules_see_the_document_around_the_pages_and_the_pages_in_it() -> None:
    shell = (
        '<!DOCTYPE html><html lang="en"><head><title>T</title></head><body><main>'
        f"{slot(1)}{slot(2)}</main></body></html>"
    )
    pages = [page(1, "<h1>A</h1>"), page(2, "<h4>B</h4><p id='x'>a</p><p id='x'>b</p>")]
    found = {(finding.rule, finding.page) for finding in check_around([shell], pages)}
    assert found == {("heading-order", 2), ("duplicate-id", 2)}


def test_a_page_that_is_not_in_the_document_is_found() -> None:
    findings = check_around([f"<!DOCTYPE html><title>T</title>{slot(1)}"], [page(1, "a"), page(2, "b")])
    assert ("page-missing", 2) in {(finding.rule, finding.page) for finding in findings}


@pytest.mark.parametrize("name", list(GOLDENS))
def test_what_is_around_the_pages_is_read_from_pieces_as_html5lib_reads_it(name: str) -> None:
    html = render(GOLDENS[name]().assemble()).html + '<svg xlink:href="#a"><b>\r\n</i>'
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    meant = parser.parse(html)
    root, findings = read_shell(html[at : at + 7] for at in range(0, len(html), 7))
    assert root is not None
    assert tostring(root) == tostring(meant)
    assert findings == syntax_findings(parser.errors)


def test_what_is_around_the_pages_costs_no_more_than_its_tree() -> None:
    entry = '<li><a href="#page-{at}" aria-label="Page {at}">{at}</a></li>\n'

    def pieces() -> Iterator[str]:
        yield "<!DOCTYPE html><title>T</title><ol>"
        yield from (entry.format(at=at) for at in range(10_000, 10_400))

    read_shell(pieces())
    tracemalloc.start()
    root, _ = read_shell(pieces())
    size, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert root is not None
    assert peak < size * 1.1


def test_end_tags_that_cross_around_the_pages_are_found() -> None:
    shell = f"<!DOCTYPE html><title>T</title><b><p></b>{slot(1)}</p>"
    assert {finding.rule for finding in check_around([shell], [page(1, "a")])} == {"html-syntax"}


@pytest.mark.parametrize("name", list(GOLDENS))
def test_the_parts_prove_the_whole(name: str) -> None:
    exported = render(GOLDENS[name]().assemble())
    assert list(exported.findings) == []
    assert validate_html(exported.html) == []


def test_findings_of_the_whole_are_findings_of_the_parts() -> None:
    faulty = assembly(
        "<h1>A</h1><h3>skipped</h3><p><a href='https://e.org/a b'>x</a></p>",
        "<p id='one'>a</p><p id='one'>b</p><ul><li>x</li></ul><dl><dd>no term</dd></dl>",
    )
    exported = render(faulty)
    whole = {finding.rule for finding in validate_html(exported.html)}
    assert {finding.rule for finding in exported.findings} == whole
    assert whole == {"heading-order", "url-valid", "duplicate-id", "definition-list"}


_ACROSS = """
<h1>One</h1> | <h2>Two</h2> | <h4>Four</h4> | <h6></h6> | <p id="a">a</p> | <p id="a">b</p>
<p id="content">c</p> | <a href="#a">x</a> | <a href="#z">x</a> | <a name="z">x</a> | <a href="#page-2">x</a>
<img src="x" aria-labelledby="a"> | <button accesskey="k">b</button> | <p aria-labelledby="a z">x</p>
<label for="i">L</label> | <input id="i"> | <input id="j"> | <label for="j"></label>
<label for="a">n</label> | <main>m</main> | <nav aria-label="Contents">n</nav>
<section aria-labelledby="a">s</section>
<div role="region" aria-label="S">s</div> | <table><tr><th id="h">H</th><td headers="h">d</td></tr></table>
<table><tr><td headers="h">d</td></tr></table>
"""
"""What only another page shows to be right or wrong."""


@pytest.mark.parametrize("seed", range(20))
def test_page_by_page_the_rules_find_what_they_find_in_the_whole(seed: int) -> None:
    chance = random.Random(seed)
    lone = [fault.html.partition("</h1>\n")[2].partition("\n</main>")[0] for fault in FAULTS]
    pool = _ACROSS.replace("|", "\n").split("\n") * 3 + lone
    pages = [page(number, "".join(chance.choices(pool, k=5))) for number in range(1, 5)]
    marks = "".join(f'<hr id="page-{one.number}"><div>{slot(one.number)}</div>' for one in pages)
    shell = (
        '<!DOCTYPE html><html lang="en"><head><title>T</title></head><body><a href="#content">skip</a>'
        f'<nav aria-label="Contents"><a href="#a">x</a></nav><main id="content">{marks}</main>'
        '<h5>late</h5><p id="a">late</p><label for="i">L</label></body></html>'
    )
    found = check_around([shell], pages)
    whole = html5lib.HTMLParser(namespaceHTMLElements=False).parse(shell)
    for one, place in zip(pages, whole.findall(".//bd-page"), strict=True):
        place.tag, place.text = "div", one.tree.text
        place.attrib.clear()
        place[:] = list(one.tree)
    assert {(one.rule, one.message) for one in found} == {(one.rule, one.message) for one in check(whole)}
    assert [one.page for one in found] == sorted(one.page for one in found)


def test_foreign_names_are_compared_without_their_namespace() -> None:
    one = page(1, "")
    one.tree.append(Element("{http://www.w3.org/1998/Math/MathML}math"))
    assert _rules(one, "<math></math>") == set()
