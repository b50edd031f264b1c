"""What the API refuses in the params of one request, in its own words. Nothing is answered here.

Inside a batch these checks are made only when it is the row's turn, and each refusal becomes an errored row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from batchdeck.domain.requests import FORBIDDEN_IN_BATCHES, REJECTED_PARAMETERS
from batchdeck.sandbox.catalogue import Model, find_model
from batchdeck.sandbox.problems import Problem, invalid, not_found
from batchdeck.sandbox.prompts import decode_base64

NO_SAMPLING_SINCE = "2026-10-21"
"""From this `anthropic-version` on, sampling parameters are refused even at their defaults."""

_KNOWN = frozenset(
    (
        *("cache_control", "container", "context_management", "diagnostics", "inference_geo", "max_tokens"),
        *("mcp_servers", "messages", "metadata", "model", "output_config", "service_tier", "speed"),
        *("stop_sequences", "stream", "system", "temperature", "thinking", "tool_choice", "tools"),
        *("top_k", "top_p", "user_profile_id"),
    )
)
_BLOCK_TYPES = frozenset(
    (
        *("text", "image", "document", "tool_use", "tool_result", "thinking", "redacted_thinking"),
        *("search_result", "server_tool_use", "web_search_tool_result"),
    )
)
_IMAGE_TYPES: Mapping[str, tuple[bytes, ...]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
_UNREACHABLE = "Unable to download the file. Please verify the URL and try again."
"""What the API says of addresses it cannot reach. The sandbox is offline and reaches none."""


def check_params(params: Mapping[str, Any], *, version: str, today: dt.date, in_batch: bool) -> Model:
    """Check a Messages request and return the model it names.

    Args:
        params: the request, decoded.
        version: its `anthropic-version`.
        today: the sandbox's date, for models that retire.
        in_batch: whether it is a row of a batch.

    Raises:
        Problem: the first thing the API would refuse.
    """
    for name in ("model", "max_tokens", "messages"):
        if params.get(name) is None:
            raise invalid(f"{name}: Field required")
    for name in params:
        if name not in _KNOWN:
            raise invalid(f"{name}: Extra inputs are not permitted")
    if in_batch:
        for name in FORBIDDEN_IN_BATCHES:
            if params.get(name):
                raise invalid(f'"{name}" is not supported in the Message Batches API')
    if version >= NO_SAMPLING_SINCE:
        for name in REJECTED_PARAMETERS:
            if name in params:
                raise invalid(f"{name}: not supported with anthropic-version {NO_SAMPLING_SINCE} or later")
    if not isinstance(params["model"], str):
        raise invalid("model: Input should be a valid string")
    model = find_model(params["model"])
    if model is None or model.lifecycle(today) == "retired":
        raise not_found(f"model: {params['model']}")
    # Alone, a request for no tokens is answered with none; inside a batch it is refused.
    _check_max_tokens(params["max_tokens"], model, lowest=1 if in_batch else 0)
    _check_messages(params["messages"])
    _check_system(params.get("system"))
    return model


def _check_max_tokens(value: object, model: Model, *, lowest: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid("max_tokens: Input should be a valid integer")
    if value < lowest:
        raise invalid(f"max_tokens: must be greater than or equal to {lowest}")
    if value > model.max_tokens:
        raise invalid(
            f"max_tokens: {value} > {model.max_tokens}, "
            f"which is the maximum allowed number of output tokens for {model.id}"
        )


def _check_system(system: object) -> None:
    if system is None or isinstance(system, str):
        return
    if not isinstance(system, list):
        raise invalid("system: Input should be a valid list")
    for number, block in enumerate(system):
        if not isinstance(block, dict) or block.get("type") != "text":
            raise invalid(f"system.{number}: Input should be a valid text block")
        _check_text(block, f"system.{number}")


def _check_messages(messages: object) -> None:
    if not isinstance(messages, list):
        raise invalid("messages: Input should be a valid list")
    if not messages:
        raise invalid("messages: at least one message is required")
    for number, message in enumerate(messages):
        where = f"messages.{number}"
        if not isinstance(message, dict):
            raise invalid(f"{where}: Input should be a valid dictionary")
        if message.get("role") not in ("user", "assistant"):
            raise invalid(f"{where}.role: Input should be 'user' or 'assistant'")
        content = message.get("content")
        if isinstance(content, str):
            if not content and number < len(messages) - 1:
                raise invalid(f"{where}: all messages must have non-empty content")
            continue
        if not isinstance(content, list):
            raise invalid(f"{where}.content: Input should be a valid list")
        for position, block in enumerate(content):
            _check_block(block, f"{where}.content.{position}", message["role"])


def _check_block(block: object, where: str, role: str) -> None:
    if not isinstance(block, dict):
        raise invalid(f"{where}: Input should be a valid dictionary")
    kind = block.get("type")
    if kind is None:
        raise invalid(f"{where}.type: Field required")
    if kind not in _BLOCK_TYPES:
        raise invalid(
            f"{where}: Input tag '{kind}' found using 'type' does not match any of the expected tags"
        )
    if kind == "text":
        _check_text(block, where)
    elif kind in ("document", "image"):
        if kind == "document" and role == "assistant":
            raise invalid(f"{where}: document blocks are only allowed in user messages")
        _check_source(kind, block.get("source"), f"{where}.{kind}.source")


def _check_text(block: Mapping[str, Any], where: str) -> None:
    text = block.get("text")
    if not isinstance(text, str):
        raise invalid(f"{where}.text.text: Input should be a valid string")
    if not text:
        raise invalid(f"{where}: text content blocks must be non-empty")


def _check_source(kind: str, source: object, where: str) -> None:
    if not isinstance(source, dict):
        raise invalid(f"{where}: Field required")
    if source.get("type") in ("text", "content") and kind == "document":
        return
    if source.get("type") != "base64":
        raise invalid(_UNREACHABLE)
    data, media = source.get("data"), source.get("media_type")
    if not isinstance(data, str):
        raise invalid(f"{where}.base64.data: Input should be a valid string")
    content = decode_base64(data)
    if content is None:
        raise invalid(f"{where}.base64.data: Invalid base64 data")
    if kind == "document":
        if media != "application/pdf":
            raise invalid(f"{where}.base64.media_type: Input should be 'application/pdf'")
        if not content:
            raise invalid(f"{where}.base64.data: PDF cannot be empty")
        if b"%PDF-" not in content[:1024]:
            raise unreadable("PDF")
        return
    if not isinstance(media, str) or media not in _IMAGE_TYPES:
        raise invalid(f"{where}.base64.media_type: Input should be {', '.join(map(repr, _IMAGE_TYPES))}")
    if not content.startswith(_IMAGE_TYPES[media]):
        raise unreadable("image")


def unreadable(what: str) -> Problem:
    """Return the refusal of a PDF or an image that could not be read."""
    return invalid(f"Could not process {what}")
