"""Rows that the API takes at `create` and refuses when it is their turn: error type and message of each."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Api, Row

INVALID = "invalid_request_error"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(16)).decode()


def pdf(data: bytes, media_type: str = "application/pdf") -> list[dict[str, Any]]:
    source = {"type": "base64", "media_type": media_type, "data": base64.b64encode(data).decode()}
    return asked([{"type": "document", "source": source}])


def asked(content: object, role: str = "user") -> list[dict[str, Any]]:
    return [{"role": role, "content": content}]


def image(data: str, media_type: str = "image/png") -> list[dict[str, Any]]:
    return asked([{"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}])


CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no-messages": ({"messages": None}, INVALID, "messages: Field required"),
    "no-model": ({"model": None}, INVALID, "model: Field required"),
    "no-max-tokens": ({"max_tokens": None}, INVALID, "max_tokens: Field required"),
    "empty-messages": ({"messages": []}, INVALID, "messages: at least one message is required"),
    "unknown-model": ({"model": "claude-nobody-9"}, "not_found_error", "model: claude-nobody-9"),
    "retired-model": ({"model": "claude-opus-4-0"}, "not_found_error", "model: claude-opus-4-0"),
    "stream": ({"stream": True}, INVALID, '"stream" is not supported in the Message Batches API'),
    "speed": ({"speed": "fast"}, INVALID, '"speed" is not supported in the Message Batches API'),
    "temperature": (
        {"temperature": 1.0},
        INVALID,
        "temperature: not supported with anthropic-version 2026-10-21 or later",
    ),
    "top-p": ({"top_p": 1}, INVALID, "top_p: not supported with anthropic-version 2026-10-21 or later"),
    "zero-tokens": ({"max_tokens": 0}, INVALID, "max_tokens: must be greater than or equal to 1"),
    "too-many-tokens": (
        {"model": "claude-haiku-4-5", "max_tokens": 9_999_999},
        INVALID,
        "max_tokens: 9999999 > 64000, which is the maximum allowed number of output tokens for "
        "claude-haiku-4-5-20251001",
    ),
    "text-tokens": ({"max_tokens": "5"}, INVALID, "max_tokens: Input should be a valid integer"),
    "unknown-parameter": ({"sampling": 1}, INVALID, "sampling: Extra inputs are not permitted"),
    "bad-role": (
        {"messages": asked("hi", "system")},
        INVALID,
        "messages.0.role: Input should be 'user' or 'assistant'",
    ),
    "empty-text": (
        {"messages": asked([{"type": "text", "text": ""}])},
        INVALID,
        "messages.0.content.0: text content blocks must be non-empty",
    ),
    "unknown-block": (
        {"messages": asked([{"type": "video"}])},
        INVALID,
        "messages.0.content.0: Input tag 'video' found using 'type' does not match any of the expected tags",
    ),
    "no-pdf": ({"messages": pdf(b"not a pdf at all")}, INVALID, "Could not process PDF"),
    "hollow-pdf": ({"messages": pdf(b"%PDF-1.7\n%%EOF\n")}, INVALID, "Could not process PDF"),
    "wrong-media-type": (
        {"messages": pdf(b"%PDF-1.7", "text/html")},
        INVALID,
        "messages.0.content.0.document.source.base64.media_type: Input should be 'application/pdf'",
    ),
    "no-base64": (
        {"messages": image("!!!")},
        INVALID,
        "messages.0.content.0.image.source.base64.data: Invalid base64 data",
    ),
    "no-image": ({"messages": image(PNG, "image/jpeg")}, INVALID, "Could not process image"),
    "an-address": (
        {
            "messages": asked(
                [{"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}}]
            )
        },
        INVALID,
        "Unable to download the file. Please verify the URL and try again.",
    ),
    "unknown-tool": (
        {"tools": [{"name": "a", "input_schema": {}}], "tool_choice": {"type": "tool", "name": "b"}},
        INVALID,
        "Tool 'b' not found in provided tools",
    ),
}


@pytest.fixture(scope="module")
def results(shared_api: Api, text_row: Row) -> dict[str, dict[str, Any]]:
    rows = []
    for name, (params, _, _) in CASES.items():
        row = text_row(name, **params)
        row["params"] = {key: value for key, value in row["params"].items() if value is not None}
        rows.append(row)
    return shared_api.run(rows)


@pytest.mark.parametrize("name", CASES)
def test_the_row_is_refused_in_the_apis_words(results: dict[str, dict[str, Any]], name: str) -> None:
    _, kind, message = CASES[name]
    assert results[name] == {
        "type": "errored",
        "error": {
            "type": "error",
            "error": {
                "type": kind,
                "message": message,
                "details": {"error_visibility": "user_facing"},
            },
            "request_id": None,
        },
    }


def test_a_batch_of_nothing_but_errors_ends_like_any_other(api: Api, text_row: Row) -> None:
    batch = api.ended(api.create([text_row("a", model="nobody"), text_row("b", max_tokens=0)]))
    assert batch["request_counts"] == {
        "processing": 0,
        "succeeded": 0,
        "errored": 2,
        "canceled": 0,
        "expired": 0,
    }


def test_sampling_parameters_were_allowed_under_the_older_version(api: Api, text_row: Row) -> None:
    answer = api.call(
        "POST",
        "/v1/messages/batches",
        json={"requests": [text_row("a", temperature=0.5)]},
        headers={"anthropic-version": "2023-06-01"},
    )
    batch_id = answer.json()["id"]
    assert api.ended(batch_id)["request_counts"]["succeeded"] == 1


def test_a_request_of_more_than_32_megabytes_is_refused_alone(api: Api, text_row: Row) -> None:
    results = api.run([text_row("large", "x" * 32_000_001), text_row("small")])
    assert results["small"]["type"] == "succeeded"
    assert results["large"]["error"]["error"]["type"] == INVALID


def test_a_pdf_that_needs_a_password_is_refused(api: Api, page_row: Row) -> None:
    import io

    import pikepdf

    locked = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.save(locked, encryption=pikepdf.Encryption(user="secret", owner="secret"))
    result = api.run([page_row("locked", locked.getvalue())])["locked"]
    assert result["error"]["error"]["message"] == "The PDF specified is password protected."
