from __future__ import annotations

from batchdeck.html.accessibility import check_page, settle_accessibility
from batchdeck.html.words import words_of
from tests.unit.html.trees import document, html


def test_a_sound_page_is_left_alone() -> None:
    assembly = document(
        "<p>a</p><table><thead><tr><th scope='col'>h</th></tr></thead>"
        "<tbody><tr><td>1</td></tr></tbody></table>"
    )
    before = html(assembly.pages[0].tree)
    settle_accessibility(assembly)
    assert html(assembly.pages[0].tree) == before
    assert assembly.changes == []
    assert assembly.reviews == []


def test_each_rule_that_can_be_repaired_is() -> None:
    assembly = document(
        "<ul><p>a</p></ul><dl><dd>b</dd></dl><table><tr><td scope='col' headers='x'>1</td></tr></table>"
        "<table><tr><td colspan=2>1</td></tr><tr><td rowspan=3>2</td></tr></table>"
    )
    page = assembly.pages[0].tree
    words = words_of(page)
    assert {finding.rule for finding in check_page(page)} >= {"list", "definition-list", "scope-attr-valid"}
    settle_accessibility(assembly)
    assert check_page(page) == []
    assert words_of(page) == words
    assert {change.rule for change in assembly.changes} >= {"content-model", "table-model"}
    assert assembly.reviews == []


def test_header_cells_that_head_nothing_become_plain_cells() -> None:
    assembly = document(
        "<table><thead><tr><th scope='col'>a</th><th scope='col'>b</th></tr></thead>"
        "<tbody><tr><td>1</td><th scope='row'>end</th></tr></tbody></table>"
    )
    settle_accessibility(assembly)
    assert "<td>end</td>" in html(assembly.pages[0].tree)
    assert [change.rule for change in assembly.changes] == ["th-has-data-cells"]


def test_what_no_repair_settles_is_for_a_person() -> None:
    assembly = document("<p>a</p>")
    assembly.pages[0].tree[0].tag = "blink"
    settle_accessibility(assembly)
    assert [review.kind for review in assembly.reviews] == ["accessibility"]
    assert assembly.changes == []
