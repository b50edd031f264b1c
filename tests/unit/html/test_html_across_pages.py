"""The stages across pages: furniture, hyphens, notes, headings, ids, languages, links, figures."""

from __future__ import annotations

import pytest

from batchdeck.domain.documents import OutlineEntry
from batchdeck.html.figures import Pictures, read_box
from batchdeck.html.furniture import settle_furniture
from batchdeck.html.headings import settle_headings
from batchdeck.html.hyphens import Vocabulary, settle_hyphens
from batchdeck.html.ids import settle_ids
from batchdeck.html.language import settle_languages, valid_tag
from batchdeck.html.links import settle_links, tidy_url
from batchdeck.html.model import Assembly
from batchdeck.html.notes import settle_notes
from batchdeck.html.words import words_of
from tests.unit.html.goldens import PNG
from tests.unit.html.trees import document, html, page


def shown(assembly: Assembly) -> list[str]:
    return [html(each.tree).strip() for each in assembly.pages]


def head(text: str) -> str:
    return f'<header data-role="running"><p>{text}</p></header>'


def test_a_running_head_stays_where_it_stands_first() -> None:
    assembly = document(*(f"{head('Report')}<p>{n}x</p>" for n in range(3)))
    settle_furniture(assembly)
    assert shown(assembly) == [
        '<div data-role="running"><p>Report</p></div><p>0x</p>',
        "<p>1x</p>",
        "<p>2x</p>",
    ]
    assert [change.removed for change in assembly.changes] == [("Report",), ("Report",)]


def test_different_running_heads_all_stay_once() -> None:
    texts = ["Chapter 1 Ports", "Chapter 1 Ports", "Chapter 2 Ports", "Chapter 2 Ports"]
    assembly = document(*(head(text) + "<p>x</p>" for text in texts))
    settle_furniture(assembly)
    assert [change.page for change in assembly.changes] == [2, 4]


def test_nearly_the_same_head_counts_as_the_same() -> None:
    assembly = document(
        head("Annual Report of the Port Authority"), head("Annual Report of the Port Authorlty")
    )
    settle_furniture(assembly)
    assert shown(assembly)[1] == ""


def test_a_running_head_that_a_heading_says_goes_everywhere() -> None:
    assembly = document(head("2 Results") + "<h2>2 Results</h2>", head("Results"))
    settle_furniture(assembly)
    assert shown(assembly) == ["<h2>2 Results</h2>", ""]


@pytest.mark.parametrize("text", ["{}", "– {} –", "Page {}", "Page {} of 20", "{}/20", "Seite {} von 20"])
def test_page_numbers_go_and_the_marker_says_them(text: str) -> None:
    assembly = document(
        *(f'<p>x</p><footer data-role="running">{text.format(n)}</footer>' for n in (1, 2, 3))
    )
    settle_furniture(assembly)
    assert shown(assembly) == ["<p>x</p>"] * 3


def test_a_number_is_a_page_number_only_if_it_runs_along_with_the_pages() -> None:
    year = document(*(head("2019") + "<p>x</p>" for _ in range(3)))
    settle_furniture(year)
    assert [change.rule for change in year.changes] == ["repeated running head or foot"] * 2
    shifted = document(*(page(n, head(str(n + 40)) + "<p>x</p>") for n in range(1, 5)))
    settle_furniture(shifted)
    assert {change.rule for change in shifted.changes} == {"page number"}
    printed = document(page(9, head("vii"), printed_page="vii"))
    settle_furniture(printed)
    assert shown(printed) == [""]


def test_a_line_nobody_labelled_goes_only_when_another_page_labels_it_or_most_pages_have_it() -> None:
    body = "<p>Port Authority</p><p>a.</p><p>b.</p>"
    few = document(*[body] * 5)
    settle_furniture(few)
    assert few.changes == []
    many = document(*[body] * 8)
    settle_furniture(many)
    assert [change.page for change in many.changes] == [2, 3, 4, 5, 6, 7, 8]
    labelled = document(head("Port Authority") + "<p>x</p>", body)
    settle_furniture(labelled)
    assert [change.page for change in labelled.changes] == [2]


@pytest.mark.parametrize(
    "body", ["<p>Same</p>", "<p>Page {}</p><p>x</p>", "<p>This is page {}.</p>", "<h2>Same</h2><p>a</p>"]
)
def test_what_is_most_of_a_page_is_no_furniture(body: str) -> None:
    assembly = document(*(body.format(n) for n in range(1, 20)))
    settle_furniture(assembly)
    assert assembly.changes == []


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("access. acces-\ns", "access. access"),  # the joined form is known
        ("well-known well-\nknown", "well-known well-known"),  # the hyphenated form is known
        ("unheard-\nof.", "unheardof."),  # neither is
        ("Jean-\nPierre", "Jean-Pierre"),
        ("2018-\n2019", "2018-\n2019"),
        ("co\u00ad\noperate", "cooperate"),
        ("acces-<br>sible ways", "accessible<br> ways"),
        ("pre- and post-war", "pre- and post-war"),
    ],
)
def test_line_end_hyphens(text: str, closed: str) -> None:
    assembly = document(f"<p>{text}</p>")
    settle_hyphens(assembly, Vocabulary(assembly))
    assert shown(assembly) == [f"<p>{closed}</p>"]


def test_program_text_keeps_its_lines() -> None:
    assembly = document("<pre>long-\noption</pre>")
    settle_hyphens(assembly, Vocabulary(assembly))
    assert shown(assembly) == ["<pre>long-\noption</pre>"]


def test_endnotes_belong_to_the_next_page_that_has_no_such_mark() -> None:
    assembly = document(
        '<p>a<sup data-note="1">1</sup></p>',
        '<p>b<sup data-note="1">1</sup></p><section data-role="footnotes"><p data-note="1">own</p></section>',
        '<section data-role="footnotes"><p data-note="1">end</p></section>',
    )
    settle_notes(assembly)
    first, second, third = shown(assembly)
    assert 'href="#fn-3-1"' in first
    assert 'href="#fn-2-1"' in second
    assert 'href="#fnref-3-1"' in third
    assert assembly.reviews == []


def test_two_marks_may_lead_to_one_note() -> None:
    assembly = document(
        '<p>a<sup data-note="1">1</sup> b<sup data-note="1">1</sup></p>'
        '<section data-role="footnotes"><p data-note="1">1 Note.</p></section>'
    )
    settle_notes(assembly)
    text = shown(assembly)[0]
    assert 'id="fnref-1-1"' in text
    assert 'id="fnref-1-1-2"' in text
    assert text.count("doc-backlink") == 1
    assert '<p data-note="1" id="fn-1-1">1 Note.' in text  # the note says its mark already


@pytest.mark.parametrize(
    "keys",
    [
        ("‖", "¶", "*", "**"),
        ("α", "β", "١", "①", "一"),
        ("a", "A", "(a)", "a)"),
        ("1", "1", "1-2", "1-2-n2", "1-2"),
    ],
)
def test_every_mark_leads_to_its_own_note_and_back(keys: tuple[str, ...]) -> None:
    marks = "".join(f'<sup data-note="{key}">{key}</sup> ' for key in keys)
    notes = "".join(f'<p data-note="{key}">Says {key}</p>' for key in dict.fromkeys(keys))
    assembly = document(f'<p>{marks}</p><section data-role="footnotes">{notes}</section>')
    settle_notes(assembly)
    tree = assembly.pages[0].tree
    ids = [element.get("id") for element in tree.iter() if element.get("id") is not None]
    assert len(ids) == len(set(ids)) == len(keys) + len(set(keys))
    at = {f"#{element.get('id')}": element for element in tree.iter()}
    links = [link for link in tree.iter("a") if link.get("role") == "doc-noteref"]
    assert [at[link.get("href", "")].get("data-note") for link in links] == list(keys)
    for link in links:
        back = at[link.get("href", "")].find("a[@role='doc-backlink']")
        assert back is not None
        assert at[back.get("href", "")].text == link.text


def test_a_link_around_a_formula_that_says_nothing_gets_words() -> None:
    assembly = document('<p><a href="https://example.org/x"><math></math></a></p>')
    settle_links(assembly)
    assert ">example.org/x<math>" in shown(assembly)[0]


def test_what_cannot_hold_a_link_is_no_mark() -> None:
    assembly = document(
        '<p>a<br data-note="1">b</p><hr data-note="1"><table><tr data-note="1"><td>c</td></tr></table>'
        '<p><math><mi data-note="1">d</mi></math></p>'
        '<section data-role="footnotes"><p data-note="1">Note.</p></section>'
    )
    settle_notes(assembly)
    assert "doc-noteref" not in shown(assembly)[0]
    assert [review.message for review in assembly.reviews] == ["No mark in the text leads to the note “1”."]


def test_notes_within_notes_are_said_once() -> None:
    assembly = document(
        '<section data-role="footnotes"><p data-note="1">one</p><section data-role="footnotes">'
        '<p data-note="2">two</p></section><p data-note="3">three</p></section>'
    )
    settle_notes(assembly)
    words = words_of(assembly.pages[0].tree)
    assert words == ["1", "one", "2", "two", "3", "three"]
    assert len(assembly.reviews) == 3


def test_notes_and_marks_without_each_other_are_flagged() -> None:
    assembly = document(
        '<p>a<sup data-note="2">2</sup></p>'
        '<section data-role="footnotes"><p data-note="1">Note.</p></section>'
    )
    settle_notes(assembly)
    assert [review.kind for review in assembly.reviews] == ["note", "note"]


def test_a_mark_in_a_link_gets_no_second_link() -> None:
    assembly = document(
        '<p><a href="https://e.org">a<sup data-note="1">1</sup></a></p>'
        '<section data-role="footnotes"><p data-note="1">Note.</p></section>'
    )
    settle_notes(assembly)
    assert "doc-noteref" not in shown(assembly)[0]


def levels(assembly: Assembly) -> str:
    settle_headings(assembly)
    return " ".join(
        element.tag[1]
        for each in assembly.pages
        for element in each.tree.iter()
        if element.tag[0] == "h" and element.tag[1:].isdigit()
    )


@pytest.mark.parametrize(
    ("pages", "settled"),
    [
        (["<h1>T</h1><h2>a</h2><h3>b</h3>"], "1 2 3"),
        (["<h1>T</h1><h4>a</h4><h6>b</h6><h2>c</h2>"], "1 2 3 2"),
        (["<h1>T</h1><h2>a</h2>", "<h1>b</h1><h2>c</h2>"], "1 2 2 3"),
        (["<h2>a</h2>", "<h2>b</h2>"], "2 2"),
        (["<h2>T</h2><h3>a</h3>", "<h3>b</h3>"], "1 2 2"),
        (["", "", "<h1>a</h1><h2>b</h2>", "<h1>c</h1>"], "2 3 2"),
        (["<h1>T</h1><h2>1 a</h2><h2>1.1 b</h2>", "<h1>1.1.1 c</h1>", "<h4>2 d</h4>"], "1 2 3 4 2"),
        (["<h1>1 a</h1><h2>b</h2>", "<h1>2 c</h1>"], "2 3 2"),
        (["<h1></h1><h2>a</h2>"], "1"),
        (["<h1>T</h1>" + "".join(f"<h{n}>x</h{n}>" for n in (2, 3, 4, 5, 6, 6))], "1 2 3 4 5 6 6"),
    ],
)
def test_heading_levels(pages: list[str], settled: str) -> None:
    assert levels(document(*pages)) == settled


@pytest.mark.parametrize("name", ["title", "name"])
def test_the_first_heading_is_the_title_if_it_says_the_documents_name(name: str) -> None:
    assembly = document("<h2>1. Harbour Survey</h2><h3>a</h3>", "<h2>b</h2>")
    object.__setattr__(assembly.material, name, "Harbour Survey.pdf" if name == "name" else "Harbour survey")
    assert levels(assembly) == "1 2 2"


def test_bookmarks_decide_where_they_match() -> None:
    assembly = document("<h1>T</h1><h4>Ports</h4><h5>Own words</h5>", "<h2>Old ports</h2><p><b>Tides</b></p>")
    entries = [OutlineEntry(1, "Ports", 1), OutlineEntry(2, "2. Old Ports", 2), OutlineEntry(3, "Tides", 2)]
    object.__setattr__(assembly.material, "outline", tuple(entries))
    assert levels(assembly) == "1 2 3 3 4"
    assert shown(assembly)[1] == "<h3>Old ports</h3><h4>Tides</h4>"


def test_ids_of_answers_give_way() -> None:
    assembly = document(
        '<p id="a">x</p><a href="#a">y</a>',
        '<p id="a">x</p><a href="#a">y</a>'
        '<table><tr><th id="fn-1">h</th><td headers="fn-1 a">d</td></tr></table>',
    )
    settle_ids(assembly)
    assert shown(assembly)[0] == '<p id="a">x</p><a href="#a">y</a>'
    assert '<p id="p2-a">x</p><a href="#p2-a">y</a>' in shown(assembly)[1]
    assert '<th id="p2-fn-1">h</th><td headers="p2-fn-1 p2-a">' in shown(assembly)[1]


def test_the_documents_language_is_that_of_most_words() -> None:
    assembly = document(
        page(1, "<p>kurz</p>", lang="German"),
        page(2, "<p>a much longer page</p>", lang="en_GB"),
        page(3, "", lang="xyzzy"),
    )
    settle_languages(assembly)
    assert assembly.language == "en-GB"
    assert [each.meta["lang"] for each in assembly.pages] == ["de", "en-GB", ""]
    assert [change.before for change in assembly.changes] == ["xyzzy"]


@pytest.mark.parametrize(
    ("said", "tag"),
    [
        ("EN-us", "en-US"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("Greek", "el"),
        ("und", "und"),
        ("en-", ""),
        ("", ""),
    ],
)
def test_language_tags(said: str, tag: str) -> None:
    assert valid_tag(said) == tag


def test_languages_of_parts_are_valid_or_gone() -> None:
    assembly = document('<p lang="french">a<span lang="zz-zz" dir="up">b</span></p>')
    settle_languages(assembly)
    assert shown(assembly) == ['<p lang="fr">a<span>b</span></p>']


@pytest.mark.parametrize(
    ("url", "tidy"),
    [
        ("https://example.org/a b", "https://example.org/ab"),
        ("https://example.org/a|b?x={y}#z", "https://example.org/a%7Cb?x=%7By%7D#z"),
        ("HTTP://Example.ORG:8080", "http://example.org:8080"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://user:secret@example.org/", "https://example.org/"),
        ("https://example.org/%zz%20", "https://example.org/%25zz%20"),
        ("mailto:a@example.org?subject=x", "mailto:a@example.org?subject=x"),
        ("#fn", "#fn"),
        *((bad, "") for bad in ("", "#", "ftp://e.org", "javascript:alert(1)", "//e.org", "a.html", "http://",
                                "http://[x", "http://e.org:x", "http://a b<c", "mailto:",
                                "https://" + "x" * 70 + ".org")),
    ],
)  # fmt: skip
def test_urls(url: str, tidy: str) -> None:
    assert tidy_url(url) == tidy


def test_lost_links_come_back_where_their_words_are() -> None:
    links = ("https://www.example.org/x/", "mailto:a@example.org")
    assembly = document(
        page(1, "<p>At <b>example.org/x</b>, a@example.org or b@example.org/x.</p>", links=links)
    )
    settle_links(assembly)
    assert shown(assembly) == [
        '<p>At <b><a href="https://www.example.org/x/">example.org/x</a></b>, '
        '<a href="mailto:a@example.org">a@example.org</a> or b@example.org/x.</p>'
    ]
    assert assembly.reviews == []


def test_links_without_words_or_target() -> None:
    assembly = document(
        '<p><a href="https://example.org/x/"></a> <a href="#no">a</a> <a>b</a> <a href="#page-1">c</a></p>'
    )
    settle_links(assembly)
    assert shown(assembly) == [
        '<p><a href="https://example.org/x/">example.org/x</a> a b <a href="#page-1">c</a></p>'
    ]


@pytest.mark.parametrize(
    ("said", "box"),
    [
        ("100 200 300 400", (100, 200, 300, 400)),
        ("100.4, 200, 300.6, 400", (100, 200, 301, 400)),
        ("-5 0 1200 1000", (0, 0, 1000, 1000)),
        ("1 2 3", None),
        ("5 5 5 5", None),
        ("300 400 100 200", None),
        ("", None),
    ],
)
def test_boxes(said: str, box: tuple[int, int, int, int] | None) -> None:
    assert read_box(said) == box


def test_pictures_go_beside_the_document_when_asked() -> None:
    assembly = document(page(4, '<figure data-bbox="0 0 500 500"><img alt="A boat."></figure>'))
    pictures = Pictures(assembly, lambda number, box: PNG, embed=False)
    pictures.settle(assembly.pages[0])
    assert pictures.files == {"figures/page-4-1.png": PNG}
    assert 'src="figures/page-4-1.png" alt="A boat." width="8" height="8"' in shown(assembly)[0]


def test_what_is_not_a_png_is_not_shown() -> None:
    assembly = document('<figure data-bbox="0 0 500 500"><img alt="A boat."></figure><p>a<img alt="b">c</p>')
    Pictures(assembly, lambda number, box: b"<svg/>", embed=True).settle(assembly.pages[0])
    notice = '<em lang="en">Figure (not shown):</em>'
    figure = f'<figure data-bbox="0 0 500 500"><p>{notice} A boat.</p></figure>'
    assert shown(assembly) == [f"{figure}<p>a {notice} b c</p>"]


@pytest.mark.parametrize("alt", ["image", "Figure 3", "scan-001.png"])
def test_a_description_that_says_nothing_is_flagged(alt: str) -> None:
    assembly = document(f'<figure data-bbox="0 0 500 500"><img alt="{alt}"></figure>')
    Pictures(assembly, lambda number, box: PNG, embed=True).settle(assembly.pages[0])
    assert [review.kind for review in assembly.reviews] == ["alt_text"]
