"""Reading faults files: what is understood, and how mistakes are named."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from batchdeck.errors import ConfigError
from batchdeck.sandbox.faults import CallAction, Endpoint, RowOutcome
from batchdeck.sandbox.faults_file import parse_faults, read_faults

DOCUMENT = Path(__file__).parents[3] / "docs" / "sandbox.md"


def test_a_rule_keeps_its_fields_and_its_place() -> None:
    faults = parse_faults(
        tomllib.loads(
            """
            [[rows]]
            outcome = "blocked"
            share = 0.25
            pages = [3, 5]
            attempts = "1-2"

            [[calls]]
            endpoint = "create"
            action = "rate_limit"
            occurrences = "2-"
            retry_after = 4
            """
        ),
        name="faults.toml",
    )
    (row,) = faults.rows
    assert (row.number, row.outcome, row.share) == (1, RowOutcome.BLOCKED, 0.25)
    assert row.pages == ((3, 3), (5, 5))
    assert row.attempts == ((1, 2),)
    (call,) = faults.calls
    assert (call.endpoint, call.action, call.occurrences) == (
        Endpoint.CREATE,
        CallAction.RATE_LIMIT,
        ((2, None),),
    )
    assert call.retry_after == 4


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[[row]]\noutcome='ok'", "faults.toml: unknown key `row`.", "Did you mean `rows`?"),
        ("rows = 3", "faults.toml: write each rule as its own [[rows]] table.", ""),
        ("[[rows]]\nshare=1", "faults.toml: [[rows]] number 1: `outcome` is missing.", ""),
        (
            "[[rows]]\noutcome='ok'\n[[rows]]\noutcome='overloaded'",
            "[[rows]] number 2: `outcome` cannot be 'overloaded'; did you mean “overloaded_error”?",
            "",
        ),
        (
            "[[rows]]\noutcome='ok'\natempts=1",
            "[[rows]] number 1: unknown key `atempts`.",
            "Did you mean `attempts`?",
        ),
        ("[[rows]]\noutcome='ok'\nshare=1.5", "`share` must lie between 0 and 1.", ""),
        ("[[rows]]\noutcome='ok'\nshare='half'", "`share` must be a number from 0.", ""),
        ("[[rows]]\noutcome='ok'\npages='4-2'", "`pages`: The page range “4-2” runs backwards", ""),
        ("[[rows]]\noutcome='ok'\npages=[0]", "`pages` takes a number from 1, a list of them", ""),
        ("[[rows]]\noutcome='ok'\ninput='film'", "`input` must be one of pdf, image, text, *.", ""),
        ("[[rows]]\noutcome='ok'\ncustom_id=3", "`custom_id` must be text.", ""),
        ("[[calls]]\naction='slow'", "[[calls]] number 1: `endpoint` is missing.", ""),
        ("[[calls]]\nendpoint='make'\naction='slow'", "`endpoint` cannot be 'make'; known: create", ""),
        (
            "[[calls]]\nendpoint='list'\naction='slow'\neach_batch='yes'",
            "`each_batch` must be true or false.",
            "",
        ),
        ("[[calls]]\nendpoint='list'\naction='slow'\nrows=-1", "`rows` must be a whole number from 0.", ""),
    ],
)
def test_mistakes_are_named(text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_faults(tomllib.loads(text), name="faults.toml")
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_file_that_is_not_there_or_no_toml(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_faults(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("[[rows]")
    with pytest.raises(ConfigError, match="is not TOML"):
        read_faults(tmp_path / "bad.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not TOML"):
        read_faults(tmp_path / "bytes.toml")


def test_the_documented_example_is_a_faults_file() -> None:
    examples = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert examples
    for example in examples:
        parse_faults(tomllib.loads(example), name="example")


def test_everything_a_file_may_say_is_documented() -> None:
    text = DOCUMENT.read_text("utf-8")
    for word in (*RowOutcome, *CallAction, *(e for e in Endpoint if not e.is_own)):
        assert f"`{word}`" in text, word
