"""The real-time endpoints: messages, streams, count_tokens and models, through the SDK."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import anthropic
import pytest

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Api, Row


@pytest.fixture
def client(api: Api) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=api.base_url, api_key=api.key, max_retries=0) as client:
        yield client


def test_a_message(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model="claude-sonnet-5-5", max_tokens=100, messages=[{"role": "user", "content": "hello"}]
    )
    assert message.usage.service_tier == "standard"
    assert message.stop_reason == "end_turn"


def test_a_stream_ends_with_the_same_message(client: anthropic.Anthropic) -> None:
    with client.messages.stream(
        model="claude-opus-5-5", max_tokens=2_000, messages=[{"role": "user", "content": "hello"}]
    ) as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()
    assert text.endswith("hello")
    assert [block.type for block in message.content] == ["thinking", "text"]
    assert message.usage.output_tokens > 10


@pytest.mark.parametrize(
    ("params", "status", "kind"),
    [
        ({"model": "nobody"}, 404, "not_found_error"),
        ({"max_tokens": -1}, 400, "invalid_request_error"),
        ({"temperature": 1}, 400, "invalid_request_error"),
    ],
)
def test_refusals_come_at_once(
    api: Api, text_row: Row, params: dict[str, object], status: int, kind: str
) -> None:
    answer = api.call("POST", "/v1/messages", json={**text_row("x")["params"], **params})
    assert answer.status_code == status
    assert answer.json()["error"]["type"] == kind
    assert "details" not in answer.json()["error"]


def test_no_tokens_are_a_good_request_outside_a_batch(api: Api, text_row: Row) -> None:
    message = api.call("POST", "/v1/messages", json=text_row("x", max_tokens=0)["params"]).json()
    assert (message["content"], message["stop_reason"]) == ([], "max_tokens")
    assert message["usage"]["output_tokens"] == 0


def test_a_body_over_32_megabytes_is_too_large(api: Api) -> None:
    answer = api.call("POST", "/v1/messages", content=b" " * 32_000_001)
    assert answer.status_code == 413


def test_tokens_are_counted_like_they_are_charged(
    api: Api, client: anthropic.Anthropic, page_row: Row, report_page: bytes
) -> None:
    params = page_row("p", report_page)["params"]
    counted = client.messages.count_tokens(model=params["model"], messages=params["messages"])
    answered = client.messages.create(**params)
    assert counted.input_tokens == answered.usage.input_tokens
    assert 2_000 < counted.input_tokens < 4_000


def test_counting_knows_the_apis_limits(api: Api, text_row: Row) -> None:
    answer = api.call("POST", "/v1/messages/count_tokens", json=text_row("x")["params"])
    assert answer.json()["error"]["message"] == "max_tokens: Extra inputs are not permitted"


def test_models_have_limits_capabilities_and_a_life_cycle(client: anthropic.Anthropic) -> None:
    models = {model.id: model for model in client.models.list(limit=4)}
    assert "claude-sonnet-5-5" in models
    assert "claude-opus-4-20250514" not in models, "retired ones are listed only on request"
    sonnet = models["claude-sonnet-5-5"]
    assert (sonnet.lifecycle, sonnet.line) == ("active", "sonnet")
    assert sonnet.max_tokens == 128_000
    assert sonnet.capabilities is not None
    assert sonnet.capabilities.batch.supported
    assert sonnet.capabilities.pdf_input.supported
    assert "offline engine" in sonnet.display_name
    retired = [model.id for model in client.models.list(lifecycle=["retired"])]
    assert "claude-opus-4-20250514" in retired


def test_an_alias_leads_to_its_model(client: anthropic.Anthropic) -> None:
    model = client.models.retrieve("claude-haiku-4-5")
    assert model.id == "claude-haiku-4-5-20251001"
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("claude-nobody")


def test_a_document_of_several_pages_is_one_article(api: Api, samples: dict[str, Path]) -> None:
    data = samples["annual-report"].read_bytes()
    source = {
        "type": "base64",
        "media_type": "application/pdf",
        "data": base64.b64encode(data).decode(),
    }
    content = [{"type": "document", "source": source}, {"type": "text", "text": 'data-page="1"'}]
    body = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 16_000,
        "messages": [{"role": "user", "content": content}],
    }
    text = api.call("POST", "/v1/messages", json=body).json()["content"][0]["text"]
    assert text.count("<article") == text.count("</article>") == 1
    assert "What comes next" in text
