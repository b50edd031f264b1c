"""Which regular expressions a filter takes, and that none of them can take for ever."""

from __future__ import annotations

import pytest

from batchdeck.domain.query_regex import LONGEST_TEXT, compile_regex


@pytest.mark.parametrize(
    "pattern",
    [
        "lease",
        "^lease.*2019.*$",
        r"\d{4}-\d{2}-\d{2}",
        "(error|timeout|refused)",
        "colou?r",
        "(?:ab)+",
        "(ab)?",
        "a{2,5}",
        r"[]x-z(*+]+",
        r"[^\]]+",
        r"\(\*\+\)",
        "a{x}",
        "lazy.*?",
        "possessive.*+",
        "x|y|",
    ],
)
def test_ordinary_patterns_are_taken(pattern: str) -> None:
    compile_regex(pattern)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(a+)+$", "for ever"),
        ("(a|aa)*b", "for ever"),
        ("(?:a*){2,}", "for ever"),
        ("((a?b))+", "for ever"),
        ("(a{2,3}){5}", "for ever"),
        ("(x(a|b))+", "for ever"),
        (".*.*.*x", "too long"),
        ("a?" * 30 + "a" * 30, "too long"),
        ("(a|a)" * 30 + "b", "too long"),
        (".{0,99}.{0,99}.{0,99}x", "too long"),
        ("(?:){99999}x", "too long"),
        (r"(a)\1", "refers back"),
        ("(?=a)", "not supported"),
        ("(?<!a)b", "not supported"),
        ("(?P<x>a)", "not supported"),
        ("(?s)a", "not supported"),
        ("(", "not a regular expression"),
        ("*", "not a regular expression"),
        ("[[a]]", "not a regular expression"),
        ("a{99999999999}", "not a regular expression"),
        ("x" * 201, "longer than"),
    ],
)
def test_what_is_wrong_or_costly_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        compile_regex(pattern)


def test_letter_case_is_ignored() -> None:
    assert compile_regex("LEASE").search("a lease")


@pytest.mark.parametrize("pattern", [".*.*x", "a+a+b", "(a|a)(a|a)a*a*b", "a?a?a?a?a?a?a*b"])
def test_the_dearest_patterns_that_are_taken_end(pattern: str) -> None:
    """Without the bounds these texts would keep the test from ending at all; no clock is looked at."""
    assert compile_regex(pattern).search("a" * LONGEST_TEXT) is None
