"""Rows that succeed: pages, images, texts, tools, schemas, stop reasons and what they cost."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Api, Row

Read = Callable[[dict[str, Any]], str]


def test_a_page_comes_back_in_the_page_contract(
    api: Api, page_row: Row, report_page: bytes, text_of: Read
) -> None:
    result = api.run([page_row("p", report_page, page=41)])["p"]
    text = text_of(result)
    assert text.startswith('<article data-bd="1" data-page="41" data-lang="en" data-rotation="0"')
    assert text.endswith("</article>")
    assert "<h1>A Year at Harrowmere Public Library</h1>" in text
    message = result["message"]
    assert message["stop_reason"] == "end_turn"
    assert message["model"] == "claude-sonnet-5-5"
    assert message["id"].startswith("msg_sandbox_")
    assert message["sandbox"] == {
        "engine": "batchdeck offline engine: reads the text layer of PDFs; not a vision model",
        "vision": False,
    }
    assert message["usage"]["service_tier"] == "batch"
    assert message["usage"]["input_tokens"] > 1_500


def test_the_page_is_the_one_the_request_names_and_not_one_in_the_system_prompt(
    api: Api, page_row: Row, report_page: bytes, text_of: Read
) -> None:
    system = [{"type": "text", "text": 'An example: <article data-bd="1" data-page="12">'}]
    result = api.run([page_row("p", report_page, page=3, system=system)])["p"]
    assert text_of(result).startswith('<article data-bd="1" data-page="3"')


def test_an_image_gives_a_figure_that_says_it_was_not_read(api: Api, text_row: Row, text_of: Read) -> None:
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 850, 1100) + bytes(9)
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(png).decode()}
    content = [
        {"type": "image", "source": source},
        {"type": "text", "text": 'begin with <article data-bd="1" data-page="5"'},
    ]
    row = text_row("i")
    row["params"]["messages"] = [{"role": "user", "content": content}]
    result = api.run([row])["i"]
    assert text_of(result).startswith('<article data-bd="1" data-page="5"')
    assert "cannot see pictures" in text_of(result)
    assert result["message"]["usage"]["input_tokens"] > 31 * 40


def test_a_pdf_without_a_named_page_is_transcribed_as_plain_text(
    api: Api, page_row: Row, report_page: bytes, text_of: Read
) -> None:
    row = page_row("p", report_page)
    summary = page_row("s", report_page)
    row["params"]["messages"][0]["content"][1]["text"] = "Read this out."
    summary["params"]["messages"][0]["content"][1]["text"] = "Summarise this."
    results = api.run([row, summary])
    text = text_of(results["p"])
    assert text.startswith("A Year at Harrowmere Public Library")
    assert "<" not in text
    shorter = text_of(results["s"])
    assert 0 < len(shorter) <= 500 < len(text)
    assert shorter.split(".")[0].split()[-1] in text


def test_a_text_is_answered_by_saying_what_is_answering(api: Api, text_row: Row, text_of: Read) -> None:
    text = text_of(api.run([text_row("t", "What is the time?")])["t"])
    assert "offline engine, not a language model" in text
    assert text.endswith("What is the time?")


@pytest.mark.parametrize("model", ["claude-opus-5-5", "claude-fable-5-2"])
def test_models_that_always_think_put_it_first(api: Api, text_row: Row, model: str) -> None:
    message = api.run([text_row("t", model=model, max_tokens=2_000)])["t"]["message"]
    assert [block["type"] for block in message["content"]] == ["thinking", "text"]
    assert message["usage"]["output_tokens_details"]["thinking_tokens"] > 0


def test_thinking_can_be_asked_for_and_turned_off(api: Api, text_row: Row) -> None:
    results = api.run(
        [
            text_row("on", thinking={"type": "adaptive"}, max_tokens=2_000),
            text_row("off", model="claude-opus-5-5", thinking={"type": "disabled"}, max_tokens=2_000),
        ]
    )
    kinds = {
        name: [block["type"] for block in result["message"]["content"]] for name, result in results.items()
    }
    assert kinds == {"on": ["thinking", "text"], "off": ["text"]}


def test_an_answer_longer_than_max_tokens_is_cut(
    api: Api, page_row: Row, report_page: bytes, text_of: Read
) -> None:
    results = api.run([page_row("cut", report_page, max_tokens=60), page_row("whole", report_page)])
    message = results["cut"]["message"]
    assert message["stop_reason"] == "max_tokens"
    assert message["usage"]["output_tokens"] == 60
    assert text_of(results["whole"]).startswith(text_of(results["cut"]))
    assert not text_of(results["cut"]).endswith("</article>")


def test_a_stop_sequence_ends_the_answer(api: Api, text_row: Row, text_of: Read) -> None:
    result = api.run([text_row("s", "one STOP two", stop_sequences=["STOP"])])["s"]
    assert text_of(result).endswith("one ")
    assert result["message"]["stop_reason"] == "stop_sequence"
    assert result["message"]["stop_sequence"] == "STOP"


def test_a_schema_is_answered_with_valid_json(api: Api, text_row: Row, text_of: Read) -> None:
    schema = {
        "type": "object",
        "properties": {"title": {"type": "string"}, "pages": {"type": "integer", "minimum": 3}},
        "required": ["title", "pages"],
        "additionalProperties": False,
    }
    config = {"format": {"type": "json_schema", "schema": schema}}
    result = api.run([text_row("j", output_config=config)])["j"]
    assert json.loads(text_of(result)) == {"title": "offline engine", "pages": 3}


def test_a_tool_that_is_insisted_on_is_used(api: Api, text_row: Row) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]}
    tool = {"name": "count", "description": "Counts.", "input_schema": schema}
    message = api.run([text_row("t", tools=[tool], tool_choice={"type": "any"})])["t"]["message"]
    assert message["stop_reason"] == "tool_use"
    used = message["content"][-1]
    assert (used["type"], used["name"], used["input"]) == ("tool_use", "count", {"n": 0})


@pytest.mark.parametrize("ttl", ["5m", "1h"])
def test_a_marked_prompt_is_written_to_the_cache_once_and_then_read(
    api: Api, text_row: Row, ttl: str
) -> None:
    mark = {"type": "ephemeral", "ttl": ttl}
    system = [{"type": "text", "text": "Be kind. " * 400, "cache_control": mark}]
    usages = [
        result["message"]["usage"]
        for result in api.run([text_row(f"r{n}", system=system) for n in range(20)]).values()
    ]
    written = [usage for usage in usages if usage["cache_creation_input_tokens"]]
    read = [usage for usage in usages if usage["cache_read_input_tokens"]]
    assert len(written) + len(read) == 20
    assert 1 <= len(written) < len(read)
    assert all(u["cache_creation"][f"ephemeral_{ttl}_input_tokens"] > 1_000 for u in written)
    assert all(usage["input_tokens"] < 100 for usage in usages)


def test_a_short_prompt_is_not_cached(api: Api, text_row: Row) -> None:
    system = [{"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}}]
    usage = api.run([text_row("a", system=system)])["a"]["message"]["usage"]
    assert usage["cache_creation_input_tokens"] == 0
    assert usage["input_tokens"] > 0


def test_an_alias_is_answered_by_the_model_it_stands_for(api: Api, text_row: Row) -> None:
    message = api.run([text_row("a", model="claude-haiku-4-5")])["a"]["message"]
    assert message["model"] == "claude-haiku-4-5-20251001"
