"""The report: its words, everything it must hold, and that hostile text stays text."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from batchdeck.domain.outcomes import Outcome
from batchdeck.html.made import Made
from batchdeck.html.model import Assembly, Change, Review, RuleFinding, SyntaxIssue
from batchdeck.html.render import render
from batchdeck.html.report import render_report, report_data, report_json, summary_sentence
from batchdeck.html.rules import validate_html
from tests.unit.html_out.hand import SHA256, assembly, page

HOSTILE = "</td><script>alert(1)</script>\x1b[2J\u202e\ud800"


def _document() -> Assembly:
    document = assembly(
        page(1, "<h1>Title</h1>", label="i"),
        page(2, "<p>x</p>", source="text_layer", outcome=Outcome.TRUNCATED),
        page(3, "<p>Cause: y</p>", source="placeholder", outcome=Outcome.REFUSED),
    )
    document.changes = [
        Change("furniture", 2, "running head", HOSTILE, "", removed=("Annual", "report")),
        Change("furniture", 3, "running head", "Annual report", ""),
        Change("stitch", 1, "hyphen", "exam- ple", "example", ("exam-", "ple"), ("example",)),
    ]
    document.reviews = [Review(3, "placeholder", "Missing.", HOSTILE), Review(1, "alt_text", HOSTILE)]
    document.issues = [SyntaxIssue(2, 4, 7, "unexpected-end-tag")]
    return document


@pytest.mark.parametrize(
    ("findings", "reviews", "sentence"),
    [
        (0, 0, "Automated checks passed, 0 items for review."),
        (0, 1, "Automated checks passed, 1 item for review."),
        (0, 1200, "Automated checks passed, 1,200 items for review."),
        (1, 2, "1 automated check did not pass, 2 items for review."),
        (3, 1, "3 automated checks did not pass, 1 item for review."),
    ],
)
def test_the_sentence_promises_no_more_than_was_checked(findings: int, reviews: int, sentence: str) -> None:
    assert summary_sentence(findings, reviews) == sentence


def test_the_data_holds_everything() -> None:
    document = _document()
    data = report_data(render(document), document, paid={"usd": 0.5})
    assert data["format"] == 1
    assert data["document"]["file"] == f"report-{SHA256[:10]}.html"
    assert data["summary"] == {
        "sentence": "Automated checks passed, 2 items for review.",
        "passed": True,
        "findings": 0,
        "reviews": 2,
        "changes": 3,
        "syntax_errors": 1,
        "placeholders": 1,
        "unverified": 1,
    }
    assert data["outcomes"] == {"ok": 1, "truncated": 1, "refused": 1}
    assert [one["page"] for one in data["reviews"]] == [1, 3]
    assert data["changes"][2]["words_removed"] == 2
    assert list(data["syntax_errors"]) == [{"page": 2, "line": 4, "column": 7, "code": "unexpected-end-tag"}]
    assert data["paid"] == {"usd": 0.5}


def test_the_json_is_what_json_makes_of_the_whole() -> None:
    document = _document()
    for shown in (document, assembly("<h1>T</h1>")):
        data = report_data(render(shown), shown, paid={"usd": 0.5, "outcomes": {"ok": 1, "„x\n“": []}})
        whole = {name: list(value) if isinstance(value, Made) else value for name, value in data.items()}
        assert "".join(report_json(data)) == json.dumps(whole, ensure_ascii=False, indent=1)


def test_the_page_passes_the_checks_it_reports_on() -> None:
    document = _document()
    html = render_report(report_data(render(document), document, paid={"usd": 0.03125}))
    assert validate_html(html) == []
    assert "$0.0312" in html
    assert f'href="report-{SHA256[:10]}.html#page-3"' in html
    assert "furniture: running head" in html


def test_hostile_text_stays_text() -> None:
    document = _document()
    exported = render(document)
    exported = replace(exported, findings=[RuleFinding("x", HOSTILE, page=9)])
    html = render_report(report_data(exported, document))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert not set("\x1b\u202e\ud800") & set(html)
    assert validate_html(html) == []


def test_nothing_found_is_said_without_a_promise() -> None:
    document = assembly("<h1>T</h1>")
    html = render_report(report_data(render(document), document))
    assert "Automated checks passed, 0 items for review." in html
    assert "complian" not in html.lower()
    assert validate_html(html) == []


def test_long_lists_are_cut_in_the_page_and_whole_in_the_data() -> None:
    document = assembly("<h1>T</h1>")
    document.changes = [Change("links", 1, "restored", str(number), "") for number in range(700)]
    data = report_data(render(document), document)
    assert len(data["changes"]) == 700
    assert "And 200 more, all in the JSON report beside this file." in render_report(data)


def test_a_document_that_is_no_html_has_no_links_into_it() -> None:
    document = _document()
    html = render_report(report_data(render(document, "jsonl"), document))
    assert "#page-3" not in html
    assert validate_html(html) == []
