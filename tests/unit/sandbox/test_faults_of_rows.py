"""Faults of rows: what each outcome looks like in the results, and which rows a rule falls on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from batchdeck.sandbox.faults import RowOutcome

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Api, Row

StartWithFaults = Callable[..., "Api"]
Read = Callable[[dict[str, Any]], str]
ERRORS = {
    "invalid_request_error": ("invalid_request_error", "could not be understood"),
    "authentication_error": ("authentication_error", "API key is invalid"),
    "billing_error": ("billing_error", "billing"),
    "permission_error": ("permission_error", "may not use"),
    "not_found_error": ("not_found_error", "could not be found"),
    "rate_limit_error": ("rate_limit_error", "rate limit"),
    "timeout_error": ("timeout_error", "too long"),
    "api_error": ("api_error", "Internal server error"),
    "overloaded_error": ("overloaded_error", "Overloaded"),
    "blocked": ("invalid_request_error", "Output blocked by content filtering policy"),
    "unreadable": ("invalid_request_error", "Could not process PDF"),
    "no_credit": ("invalid_request_error", "credit balance is too low"),
}
MAX_TOKENS = 5_000


@pytest.fixture(scope="module")
def outcomes(
    start_on: Callable[..., Api],
    tmp_path_factory: pytest.TempPathFactory,
    page_row: Row,
    report_page: bytes,
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, int]]:
    """One row of each outcome, as the results show it, and the counts of the batch."""
    folder = tmp_path_factory.mktemp("outcomes")
    rules = [
        f'[[rows]]\noutcome = "{outcome}"\ncustom_id = "{outcome}"\ncategory = "bio"\n'
        for outcome in RowOutcome
    ]
    (folder / "faults.toml").write_text("\n".join(rules))
    api = start_on(folder / "state", f"--faults={folder / 'faults.toml'}")
    try:
        rows = [page_row(outcome, report_page, page=6, max_tokens=MAX_TOKENS) for outcome in RowOutcome]
        batch_id = api.create(rows)
        counts = api.ended(batch_id)["request_counts"]
        found: dict[str, list[dict[str, Any]]] = {outcome: [] for outcome in RowOutcome}
        for line in api.lines(batch_id):
            found[line["custom_id"]].append(line["result"])
    finally:
        api.close()
    return found, counts


Outcomes = tuple[dict[str, list[dict[str, Any]]], dict[str, int]]


@pytest.mark.parametrize("outcome", ERRORS)
def test_an_error_has_its_type_and_message(outcomes: Outcomes, outcome: str) -> None:
    (result,) = outcomes[0][outcome]
    kind, words = ERRORS[outcome]
    assert result["type"] == "errored"
    assert result["error"]["error"]["type"] == kind
    assert words in result["error"]["error"]["message"]
    assert "usage" not in str(result)


@pytest.mark.parametrize("outcome", ["expired", "canceled", "unknown_type"])
def test_a_row_that_was_not_processed_has_only_its_type(outcomes: Outcomes, outcome: str) -> None:
    assert outcomes[0][outcome] == [{"type": outcome}]


def test_a_missing_row_is_counted_and_not_there_and_a_duplicate_is_there_twice(outcomes: Outcomes) -> None:
    found, counts = outcomes
    assert found["missing"] == []
    assert len(found["duplicate"]) == 2
    assert found["duplicate"][0] == found["duplicate"][1]
    assert counts["processing"] == 0
    assert sum(counts.values()) == len(RowOutcome)
    assert (counts["expired"], counts["canceled"]) == (1, 1)
    assert counts["errored"] == len(ERRORS) + 1, "a type nobody knows is counted as an error"


def test_answers_are_spoiled_in_the_way_that_was_asked(outcomes: Outcomes, text_of: Read) -> None:
    found = outcomes[0]
    whole = text_of(found["ok"][0])

    def message(outcome: str) -> dict[str, Any]:
        made: dict[str, Any] = found[outcome][0]["message"]
        return made

    def text(outcome: str) -> str:
        return text_of(found[outcome][0])

    assert whole.startswith("<article")
    assert message("ok")["stop_reason"] == "end_turn"
    for outcome, reason in (
        ("truncated", "max_tokens"),
        ("context_full", "model_context_window_exceeded"),
    ):
        assert message(outcome)["stop_reason"] == reason
        assert message(outcome)["usage"]["output_tokens"] == MAX_TOKENS
        assert whole.startswith(text(outcome))
        assert "</article>" not in text(outcome)
    assert message("refused")["stop_reason"] == "refusal"
    assert message("refused")["stop_details"]["category"] == "bio"
    assert message("refused")["content"] == []
    assert message("paused")["stop_reason"] == "pause_turn"
    assert message("empty")["content"] == []
    assert message("empty")["stop_reason"] == "end_turn"
    assert [block["type"] for block in message("only_thinking")["content"]] == ["thinking"]
    assert text("malformed") == whole * 2
    assert text("unclosed") == whole.removesuffix("</article>")
    assert text("fenced") == f"```html\n{whole}\n```"
    assert whole in text("chatty")
    assert not text("chatty").startswith("<")
    assert text("repeating").count("and so on and so forth") > 100
    assert message("repeating")["stop_reason"] == "max_tokens"
    assert text("wrong_page") == whole.replace('data-page="6"', 'data-page="7"')
    assert text("lossy").startswith('<article data-bd="1" data-page="6"')
    assert len(text("lossy").split()) < 0.8 * len(whole.split())
    assert [block["type"] for block in message("split_text")["content"]] == ["text", "text"]
    assert text("split_text") == whole


def ids(index: int, slug: str, page: int, nonce: str = "0123456789") -> str:
    return f"{nonce}-{index:07d}-{slug}-p{page}"


def types(api: Api, rows: list[dict[str, Any]]) -> dict[str, str]:
    return {name: result["type"] for name, result in api.run(rows).items()}


def test_a_rule_can_name_pages_of_the_document(start_with_faults: StartWithFaults, text_row: Row) -> None:
    api = start_with_faults('[[rows]]\noutcome = "api_error"\npages = "2,4-"\n')
    rows = [text_row(ids(n, "report", n + 1)) for n in range(5)]
    foreign = [text_row("x", 'data-page="2"'), text_row("y", 'data-page="3"'), text_row("z")]
    assert types(api, rows + foreign) == {
        ids(0, "report", 1): "succeeded",
        ids(1, "report", 2): "errored",
        ids(2, "report", 3): "succeeded",
        ids(3, "report", 4): "errored",
        ids(4, "report", 5): "errored",
        "x": "errored",
        "y": "succeeded",
        "z": "succeeded",
    }


def test_a_retry_of_a_failed_page_can_succeed(start_with_faults: StartWithFaults, text_row: Row) -> None:
    api = start_with_faults(
        '[[rows]]\noutcome = "overloaded_error"\nattempts = 1\ncustom_id = "*-p2"\n'
        '[[rows]]\noutcome = "refused"\nattempts = "2-"\ncustom_id = "*-p3"\n'
    )
    pages = range(1, 4)
    first = api.run([text_row(ids(n, "report", n, "aaaaaaaaaa")) for n in pages])
    second = api.run([text_row(ids(n, "report", n, "bbbbbbbbbb")) for n in pages])
    assert first[ids(2, "report", 2, "aaaaaaaaaa")]["type"] == "errored"
    assert second[ids(2, "report", 2, "bbbbbbbbbb")]["type"] == "succeeded"
    assert first[ids(3, "report", 3, "aaaaaaaaaa")]["message"]["stop_reason"] == "end_turn"
    assert second[ids(3, "report", 3, "bbbbbbbbbb")]["message"]["stop_reason"] == "refusal"


def test_attempts_are_counted_over_restarts(start_with_faults: StartWithFaults, text_row: Row) -> None:
    faults = '[[rows]]\noutcome = "api_error"\nattempts = 1\n'
    api = start_with_faults(faults)
    assert types(api, [text_row("page")]) == {"page": "errored"}
    api.kill()
    api = start_with_faults(faults)
    assert types(api, [text_row("page")]) == {"page": "succeeded"}


def test_a_share_falls_on_the_same_pages_whatever_the_nonce(
    start_with_faults: StartWithFaults, text_row: Row
) -> None:
    api = start_with_faults('[[rows]]\noutcome = "api_error"\nshare = 0.3\n')

    def failed(nonce: str) -> set[int]:
        rows = [text_row(ids(n, "book", n, nonce)) for n in range(200)]
        return {int(name.split("-")[1]) for name, kind in types(api, rows).items() if kind == "errored"}

    first, second = failed("aaaaaaaaaa"), failed("bbbbbbbbbb")
    assert first == second
    assert 40 <= len(first) <= 80


def test_the_seed_decides_and_nothing_else(
    start_with_faults: StartWithFaults, text_row: Row, tmp_path: Any
) -> None:
    faults = '[[rows]]\noutcome = "expired"\nshare = 0.5\n'

    def results(seed: int, state: str) -> list[tuple[str, str]]:
        api = start_with_faults(faults, f"--seed={seed}", state=tmp_path / state)
        batch_id = api.create([text_row(f"r{n}") for n in range(40)])
        api.ended(batch_id)
        return [(line["custom_id"], line["result"]["type"]) for line in api.lines(batch_id)]

    assert results(7, "one") == results(7, "two")
    assert results(7, "three") != results(8, "four")


def test_the_first_rule_that_fits_decides_and_ok_ends_the_search(
    start_with_faults: StartWithFaults, text_row: Row
) -> None:
    api = start_with_faults(
        '[[rows]]\noutcome = "ok"\ncustom_id = "good*"\n[[rows]]\noutcome = "api_error"\n'
    )
    assert types(api, [text_row("good-1"), text_row("bad-1")]) == {
        "good-1": "succeeded",
        "bad-1": "errored",
    }


def test_rules_can_look_at_model_tokens_and_kind_of_input(
    start_with_faults: StartWithFaults, text_row: Row, page_row: Row, report_page: bytes
) -> None:
    api = start_with_faults(
        '[[rows]]\noutcome = "refused"\nmodel = "claude-haiku-*"\n'
        '[[rows]]\noutcome = "truncated"\nbelow_max_tokens = 500\n'
        '[[rows]]\noutcome = "unreadable"\ninput = "pdf"\nmessage = "Could not process PDF today"\n'
    )
    results = api.run(
        [
            text_row("haiku", model="claude-haiku-5-5"),
            text_row("few", max_tokens=499),
            text_row("enough", max_tokens=500),
            page_row("pdf", report_page),
        ]
    )
    assert results["haiku"]["message"]["stop_reason"] == "refusal"
    assert results["few"]["message"]["stop_reason"] == "max_tokens"
    assert results["enough"]["message"]["stop_reason"] == "end_turn"
    assert results["pdf"]["error"]["error"]["message"] == "Could not process PDF today"


def test_a_request_that_is_wrong_anyway_stays_wrong(
    start_with_faults: StartWithFaults, text_row: Row
) -> None:
    api = start_with_faults('[[rows]]\noutcome = "expired"\n')
    result = api.run([text_row("a", model="nobody")])["a"]
    assert result["error"]["error"]["type"] == "not_found_error"
