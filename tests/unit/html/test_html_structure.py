"""The stages on single pages: nesting, breaks, lists, tables, formulas."""

from __future__ import annotations

import pytest

from batchdeck.html.breaks import settle_breaks
from batchdeck.html.lists import settle_lists
from batchdeck.html.math import convert_formulas, settle_mathml
from batchdeck.html.nesting import settle_nesting
from batchdeck.html.tables import settle_tables
from tests.unit.html.trees import html, tree


@pytest.mark.parametrize(
    ("markup", "settled"),
    [
        ("<p>a</p>", "<p>a</p>"),
        ("bare <em>text</em><p>a</p>tail", "<p>bare <em>text</em></p><p>a</p><p>tail</p>"),
        ("<p> </p><p>a</p>", "<p>a</p>"),
        ("<nav><p>a</p></nav>", "<div><p>a</p></div>"),
        ("<aside><p>a</p></aside>", '<div role="note"><p>a</p></div>'),
        ("<section><p>a</p></section><header>b</header>", "<div><p>a</p></div><div>b</div>"),
        ('<section data-role="footnotes"><p>a</p></section>',
         '<section data-role="footnotes"><p>a</p></section>'),
        ("<li>a</li><li>b</li><p>c</p>", "<ul><li>a</li><li>b</li></ul><p>c</p>"),
        ("<ul>a <em>b</em><p>c</p><li>d</li></ul>",
         "<ul><li>a <em>b</em></li><li><p>c</p></li><li>d</li></ul>"),
        ("<ul><li>a</li><ul><li>b</li></ul></ul>", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
        ("<dl><dd>a</dd><dt>b</dt></dl>", "<dl><dt></dt><dd>a</dd><dt>b</dt><dd></dd></dl>"),
        ("<dl><dt>a</dt><dd>b</dd><p>c</p></dl>", "<dl><dt>a</dt><dd>b</dd><dd><p>c</p></dd></dl>"),
        ("<dt>a</dt><dd>b</dd>", "<dl><dt>a</dt><dd>b</dd></dl>"),
        ("<h2>a<p>b</p>c</h2>", "<h2>a b c</h2>"),
        ('<em lang="de">a<p>b</p>c</em>',
         '<p><em lang="de">a</em></p><p><em lang="de">b</em></p><p><em lang="de">c</em></p>'),
        ("<strong><ul><li>a</li></ul></strong>", "<ul><li>a</li></ul>"),
        ("<figcaption>a</figcaption>", "<div>a</div>"),
        ("<figure><p>a</p><figcaption>b</figcaption><p>c</p></figure>",
         "<figure><p>a</p> <p>c</p><figcaption>b</figcaption></figure>"),
        ("<figure><figcaption>a</figcaption><p>b</p><figcaption>c</figcaption></figure>",
         "<figure><figcaption>a c</figcaption> <p>b</p> </figure>"),
        ("<table><tr><th><h3>a</h3></th></tr></table>",
         "<table><tbody><tr><th><p><strong>a</strong></p></th></tr></tbody></table>"),
        ("<p>a<rt>b</rt></p>", "<p>a<span>b</span></p>"),
        ("<p><ruby>漢<rt>kan</rt></ruby></p>", "<p><ruby>漢<rt>kan</rt></ruby></p>"),
        ('<table><tr><td><a href="x">a<table><tr><td><a href="y">b</a></td></tr></table></a></td></tr>'
         "</table>",
         '<table><tbody><tr><td><a href="x">a</a>'
         "<table><tbody><tr><td><span>b</span></td></tr></tbody></table>"
         "</td></tr></tbody></table>"),
    ],
)  # fmt: skip
def test_nesting(markup: str, settled: str) -> None:
    page = tree(markup)
    changes = settle_nesting(page, 1)
    assert html(page) == settled
    assert bool(changes) == (settled != markup.replace("<tr>", "<tbody><tr>"))
    assert settle_nesting(page, 1) == []


@pytest.mark.parametrize(
    ("markup", "settled", "removed"),
    [
        ("<p><b>a</b> <i>b</i></p>", "<p><strong>a</strong> <em>b</em></p>", ()),
        ("<p>a<br>b</p>", "<p>a<br>b</p>", ()),
        ("<p>a<br><br>b<br>c</p>", "<p>a</p><p>b<br>c</p>", ()),
        ("<p>• a<br>• b</p>", "<ul><li>a</li><li>b</li></ul>", ("•", "•")),
        ("<p>•a<br>•<em>b</em></p>", "<p>•a<br>•<em>b</em></p>", ()),
        ("<p>- a<br>- b</p>", "<p>- a<br>- b</p>", ()),
        ("<p>- a<br>- b<br>- c</p>", "<ul><li>a</li><li>b</li><li>c</li></ul>", ("-", "-", "-")),
        ("<p>• a<br>- b</p>", "<p>• a<br>- b</p>", ()),
        ("<p>☐ a<br>☑ b<br>☐ c</p>", "<p>☐ a<br>☑ b<br>☐ c</p>", ()),
        ("<p>Items:</p><p>• a</p>\n<p>• b</p><p>c</p>",
         "<p>Items:</p><ul><li>a</li><li>b</li></ul>\n<p>c</p>", ("•", "•")),
        ('<p data-continues="both">a<br><br>b</p>',
         '<p data-continues="prev">a</p><p data-continues="next">b</p>', ()),
    ],
)  # fmt: skip
def test_breaks(markup: str, settled: str, removed: tuple[str, ...]) -> None:
    page = tree(markup)
    changes = settle_breaks(page, 1)
    assert html(page) == settled
    assert tuple(word for change in changes for word in change.removed) == removed


@pytest.mark.parametrize(
    ("markup", "settled", "removed"),
    [
        ('<ol start="x" type="q"><li value="y">a</li></ol>', "<ol><li>a</li></ol>", ()),
        ('<ol start="4"><li>a</li></ol>', '<ol start="4"><li>a</li></ol>', ()),
        ('<ul start="2" type="a"><li>a</li></ul>', "<ul><li>a</li></ul>", ()),
        ("<ul></ul><p>a</p>", " <p>a</p>", ()),
        ("<ul><li></li><li>a</li></ul>", "<ul><li>a</li></ul>", ()),
        ("<ol><li></li><li>a</li></ol>", "<ol><li></li><li>a</li></ol>", ()),
        ("<ol><li>3. a</li><li>4. b</li></ol>", '<ol start="3"><li>a</li><li>b</li></ol>', ("3.", "4.")),
        ("<ol><li>1) a</li><li><p>2) b</p></li></ol>", "<ol><li>a</li><li><p>b</p></li></ol>", ("1)", "2)")),
        ("<ol><li>1. a</li><li>3. b</li></ol>", "<ol><li>1. a</li><li>3. b</li></ol>", ()),
        ("<ol><li>1.5 kg</li><li>2.5 kg</li></ol>", "<ol><li>1.5 kg</li><li>2.5 kg</li></ol>", ()),
        ("<ul><li>• a</li><li>• b</li></ul>", "<ul><li>a</li><li>b</li></ul>", ("•", "•")),
        ("<ul><li>• a</li><li>b</li></ul>", "<ul><li>• a</li><li>b</li></ul>", ()),
    ],
)  # fmt: skip
def test_lists(markup: str, settled: str, removed: tuple[str, ...]) -> None:
    page = tree(markup)
    changes = settle_lists(page, 1)
    assert html(page) == settled
    assert tuple(word for change in changes for word in change.removed) == removed


def row(*cells: str, tag: str = "td") -> str:
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


@pytest.mark.parametrize(
    ("markup", "settled"),
    [
        (f"<table><tbody>{row('a', 'b', tag='th')}{row('1', '2')}</tbody></table>",
         '<table><thead><tr><th scope="col">a</th><th scope="col">b</th></tr></thead>'
         f"<tbody>{row('1', '2')}</tbody></table>"),
        ("<table><tbody><tr><th>a</th><td>1</td></tr></tbody></table>",
         '<table><tbody><tr><th scope="row">a</th><td>1</td></tr></tbody></table>'),
        (f"<table><tbody>{row('a', 'b', tag='th')}</tbody></table>",
         f"<table><tbody>{row('a', 'b')}</tbody></table>"),
        ("<table><thead><tr><th></th><th>a</th></tr></thead><tbody><tr><th>b</th><td>1</td></tr></tbody></table>",
         '<table><thead><tr><td></td><th scope="col">a</th></tr></thead>'
         '<tbody><tr><th scope="row">b</th><td>1</td></tr></tbody></table>'),
        ("<table><tbody><tr><th><hr></th><td>1</td></tr></tbody></table>",
         "<table><tbody><tr><td><hr></td><td>1</td></tr></tbody></table>"),
        (f'<table><tbody><tr><td colspan="2">Title</td></tr>{row("1", "2")}{row("3", "4")}</tbody></table>',
         f"<table><caption>Title</caption><tbody>{row('1', '2')}{row('3', '4')}</tbody></table>"),
        (f"<table><tbody>{row('1', '2')}{row('3')}</tbody></table>",
         f"<table><tbody>{row('1', '2')}{row('3', '')}</tbody></table>"),
        (f'<table><tbody><tr><td rowspan="9">1</td><td>2</td></tr>{row("3")}</tbody></table>',
         f'<table><tbody><tr><td rowspan="2">1</td><td>2</td></tr>{row("3")}</tbody></table>'),
        ('<table><tbody><tr><td colspan="x">1</td></tr></tbody></table>',
         "<table><tbody><tr><td>1</td></tr></tbody></table>"),
        (f'<table><tbody><tr><td colspan="3">1</td><td>2</td></tr>{row("3")}</tbody></table>',
         f'<table><tbody><tr><td colspan="3">1</td><td>2</td></tr>{row("3", "", "", "")}</tbody></table>'),
        ('<table><tbody><tr><td colspan="3">1</td><td>2</td></tr></tbody></table>',
         "<table><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"),
        ('<table><tbody><tr><td scope="col" headers="nothing">1</td></tr></tbody></table>',
         "<table><tbody><tr><td>1</td></tr></tbody></table>"),
        ("<table><tfoot><tr><td>2</td></tr></tfoot><tbody><tr><td>1</td></tr></tbody></table>",
         "<table><tbody><tr><td>1</td></tr></tbody><tfoot><tr><td>2</td></tr></tfoot></table>"),
        ("a<table><caption>c</caption></table>b", "a <p>c</p>b"),
    ],
)  # fmt: skip
def test_tables(markup: str, settled: str) -> None:
    page = tree(markup)
    changes, _ = settle_tables(page, 1)
    assert html(page) == settled
    assert changes
    assert settle_tables(page, 1)[0] == []


def test_a_header_cell_that_spans_columns_heads_their_group() -> None:
    page = tree(
        '<table><thead><tr><th colspan="2">a</th></tr></thead>'
        "<tbody><tr><td>1</td><td>2</td></tr></tbody></table>"
    )
    settle_tables(page, 1)
    assert '<th colspan="2" scope="colgroup">' in html(page)


def test_a_table_without_header_cells_is_for_a_person_to_look_at() -> None:
    _, reviews = settle_tables(tree(f"<table>{row('1', '2')}</table>"), 5)
    assert [(review.page, review.kind) for review in reviews] == [(5, "table_scope")]


@pytest.mark.parametrize(
    ("latex", "mathml"),
    [
        ("x", "<math display=\"inline\"><mrow><mi>x</mi></mrow></math>"),
        ("$x$", "<math display=\"inline\"><mrow><mi>x</mi></mrow></math>"),
        ("\\(x\\)", "<math display=\"inline\"><mrow><mi>x</mi></mrow></math>"),
        ("a &lt; b", "<math display=\"inline\"><mrow><mi>a</mi><mo>&lt;</mo><mi>b</mi></mrow></math>"),
        ("\\begin{equation}x\\label{e}\\end{equation}",
         "<math display=\"inline\"><mrow><mi>x</mi></mrow></math>"),
    ],
)  # fmt: skip
def test_latex_becomes_mathml(latex: str, mathml: str) -> None:
    page = tree(f'<p>a <span data-math="inline">{latex}</span>.</p>')
    changes, reviews = convert_formulas(page, 1)
    assert html(page) == f"<p>a {mathml}.</p>"
    assert len(changes) == 1
    assert reviews == []


@pytest.mark.parametrize(
    "latex",
    [
        "\\unheardof{x}",
        "x^y^z",
        "\\frac{a",
        "\\begin{tikzpicture}x\\end{tikzpicture}",
        "\\text{&lt;img src=x onerror=alert(1)&gt;}",
        "\\href{javascript:alert(1)}{\\foo}",
        "{" * 100 + "x" + "}" * 100,
        "x" * 5000,
    ],
)
def test_what_cannot_be_converted_stays_latex_and_is_flagged(latex: str) -> None:
    page = tree(f'<p><span data-math="block">{latex}</span></p>')
    changes, reviews = convert_formulas(page, 1)
    assert html(page) == f"<p><span>{latex}</span></p>"
    assert changes == []
    assert [review.kind for review in reviews] == ["math"]


def test_lines_of_formulas_get_no_numbers_that_are_not_printed() -> None:
    page = tree('<p><span data-math="block">\\begin{align}a&amp;=b\\\\c&amp;=d\\end{align}</span></p>')
    changes, _ = convert_formulas(page, 1)
    assert "(1)" not in html(page)
    assert changes[0].added == ("a=bc=d",)


def test_mathml_that_is_not_whole_becomes_text() -> None:
    page = tree("<p><math><mfrac><mi>a</mi></mfrac></math> <math><mi>b</mi></math></p>")
    assert len(settle_mathml(page, 1)) == 1
    assert html(page) == "<p><span><span><span>a</span></span></span> <math><mi>b</mi></math></p>"
