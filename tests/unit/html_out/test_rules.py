"""The built-in checks: every fault is named, by its rule and its line, and sound documents are let alone."""

from __future__ import annotations

import pytest

from batchdeck.html.rules import validate_html
from batchdeck.html.rules.language import direction_of, language_problem
from tests.unit.html_out.faults import FAULTS, SOUND, Fault


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_named_by_its_rule(fault: Fault) -> None:
    assert {finding.rule for finding in validate_html(fault.html)} == fault.rules


@pytest.mark.parametrize("document", SOUND, ids=lambda document: document.name)
def test_a_sound_document_has_no_findings(document: Fault) -> None:
    assert validate_html(document.html) == []


def test_findings_say_the_line_they_are_on() -> None:
    html = SOUND[0].html.replace("<h1>Heading</h1>", "<h1>Heading</h1>\n\n<h4>Deep</h4>\n<img src='a.png'>")
    assert [(finding.rule, finding.line) for finding in validate_html(html)] == [
        ("heading-order", 6),
        ("image-alt", 7),
    ]


def test_findings_do_not_carry_what_a_terminal_obeys() -> None:
    html = SOUND[0].html.replace("<h1>", "<p><a href='#\x1b]0;x\x07'>x</a></p><h1>")
    messages = [finding.message for finding in validate_html(html)]
    assert messages
    assert not any("\x1b" in message or "\x07" in message for message in messages)


@pytest.mark.parametrize(
    "tag",
    [
        "en",
        "de-CH-1996",
        "zh-Hant-TW",
        "zh-yue",
        "sr-Latn-RS",
        "yue",
        "x-private",
        "i-klingon",
        "en-a-bbb-x-c",
        "es-419",
        "und",
        "qaa",
    ],
)
def test_a_language_tag_is_valid(tag: str) -> None:
    assert language_problem(tag) == ""


@pytest.mark.parametrize(
    "tag", ["", "english", "e", "en_US", "en-UK", "qq", "eng", "de-", "en-Lat", "en-Xxxx", "sl-nedis-nedis"]
)
def test_a_language_tag_is_not_valid(tag: str) -> None:
    assert language_problem(tag) != ""


@pytest.mark.parametrize(
    ("tag", "direction"),
    [("ar", "rtl"), ("he-IL", "rtl"), ("en", "ltr"), ("az-Arab", "rtl"), ("ar-Latn", "ltr"), ("FA", "rtl")],
)
def test_the_direction_follows_the_script(tag: str, direction: str) -> None:
    assert direction_of(tag) == direction


@pytest.mark.parametrize("html", ["", "plain words", "\x00", "<table><tr><td colspan=99999999999999999999>"])
def test_nothing_makes_the_checks_fail(html: str) -> None:
    assert validate_html(html)


def test_depth_does_not_matter() -> None:
    assert any(finding.rule == "document-title" for finding in validate_html("<div>" * 3_000))
