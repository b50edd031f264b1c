"""Answers: one request in, one Message out, made by the offline engine. No batch and no HTTP here."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from batchdeck.sandbox.call import Call
from batchdeck.sandbox.catalogue import Model
from batchdeck.sandbox.chance import token
from batchdeck.sandbox.checks import check_params
from batchdeck.sandbox.contract import image_page
from batchdeck.sandbox.engine.transcribe import Transcript, transcribe
from batchdeck.sandbox.fill import fill
from batchdeck.sandbox.material import Material
from batchdeck.sandbox.problems import invalid
from batchdeck.sandbox.prompts import Prompt, blocks, read_prompt
from batchdeck.sandbox.schemas import example_of
from batchdeck.sandbox.settings import Limits
from batchdeck.sandbox.tokens import InputTokens, count_input, cut_to_tokens, image_tokens, text_tokens

ENGINE = "batchdeck offline engine: reads the text layer of PDFs; not a vision model"
_THINKING = "The offline engine does not think. It lays out what the text layer says."
_ROOM_TO_THINK = 1_024
_SUMMARY = re.compile(r"\bsummar", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer before it is written as a Message."""

    model: str
    texts: tuple[str, ...]
    input: InputTokens
    max_tokens: int
    stop_reason: str = "end_turn"
    stop_sequence: str | None = None
    stop_details: Mapping[str, Any] | None = None
    thinking: str = ""
    tool: Mapping[str, Any] | None = None
    """Name and input of the tool it uses, or None."""
    output_tokens: int | None = None
    """None to count them."""

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def with_text(self, text: str) -> Answer:
        return replace(self, texts=(text,) if text else ())

    def limited(self) -> Answer:
        """Return the answer cut at max_tokens, the way the API cuts."""
        room = self.max_tokens - text_tokens(self.thinking)
        if self.tool is not None or text_tokens(self.text) <= room:
            return self
        return replace(
            self.with_text(cut_to_tokens(self.text, room)),
            stop_reason="max_tokens",
            stop_sequence=None,
            output_tokens=self.max_tokens,
        )

    def message(self, call: Call) -> dict[str, Any]:
        """Return the answer as a Message."""
        content: list[dict[str, Any]] = []
        if self.thinking:
            content.append(
                {"type": "thinking", "thinking": self.thinking, "signature": token(call.message_id)}
            )
        content.extend({"type": "text", "text": text, "citations": None} for text in self.texts)
        if self.tool is not None:
            content.append({"type": "tool_use", "id": "toolu_sandbox_" + token(call.message_id), **self.tool})
        thinking = text_tokens(self.thinking)
        counted = thinking + text_tokens(self.text) + (text_tokens(str(self.tool)) if self.tool else 0)
        output = self.output_tokens if self.output_tokens is not None else max(counted, 1)
        return {
            "id": call.message_id,
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": content,
            "stop_reason": self.stop_reason,
            "stop_sequence": self.stop_sequence,
            "stop_details": self.stop_details,
            "usage": self.input.usage(output, thinking, tier="batch" if call.in_batch else "standard"),
            "sandbox": {"engine": ENGINE, "vision": False},
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that the API takes: checked and read."""

    params: Mapping[str, Any]
    model: Model
    prompt: Prompt


def read_request(params: Mapping[str, Any], call: Call) -> Asked:
    """Check a Messages request and read it.

    Raises:
        Problem: what the API would refuse.
    """
    model = check_params(params, version=call.version, today=call.today, in_batch=call.in_batch)
    return Asked(params, model, read_prompt(params))


def count_tokens(params: Mapping[str, Any], call: Call, limits: Limits) -> int:
    """Return the input tokens of a request.

    Raises:
        Problem: what the API would refuse.
    """
    if "max_tokens" in params:
        raise invalid("max_tokens: Extra inputs are not permitted")
    asked = read_request({**params, "max_tokens": 1}, call)
    return count_input(params, _attachment_tokens(asked.prompt, _transcripts(asked.prompt, limits))).total


def answer(asked: Asked, call: Call, limits: Limits) -> Answer:
    """Answer a request.

    Raises:
        Problem: what the API finds only when it works on the request: a PDF that cannot be read, a prompt
            that is too long.
    """
    params, prompt = asked.params, asked.prompt
    transcripts = _transcripts(prompt, limits)
    attached = _attachment_tokens(prompt, transcripts)
    counted = count_input(params, attached, is_first=call.is_first, name=call.name)
    if counted.total > asked.model.max_input_tokens:
        raise invalid(f"prompt is too long: {counted.total} tokens > {asked.model.max_input_tokens} maximum")
    made = Answer(
        model=asked.model.id,
        texts=(),
        input=counted,
        max_tokens=params["max_tokens"],
        thinking=_thinking(params, asked.model.always_thinks),
    )
    forced = _forced_tool(params)
    if forced is not None:
        tool = {"name": forced["name"], "input": example_of(forced.get("input_schema", {}))}
        return replace(made, tool=tool, stop_reason="tool_use")
    made = made.with_text(_text(params, prompt, transcripts))
    return _stopped(made, params.get("stop_sequences"))


def _transcripts(prompt: Prompt, limits: Limits) -> list[Transcript]:
    return [
        transcribe(
            pdf,
            number=prompt.page,
            language=prompt.language,
            links=prompt.links,
            most_pages=limits.pdf_pages,
        )
        for pdf in prompt.pdfs
    ]


def _attachment_tokens(prompt: Prompt, transcripts: Sequence[Transcript]) -> int:
    tokens = sum(transcript.tokens for transcript in transcripts)
    for item in prompt.attachments:
        if item.kind == "image":
            tokens += image_tokens(*_image_size(item.data))
        elif item.kind == "text":
            tokens += text_tokens(item.data.decode())
    return tokens


def _image_size(data: bytes) -> tuple[int, int]:
    """Return a PNG's width and height in pixels; other formats count as a page at 100 dpi."""
    if data.startswith(b"\x89PNG") and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    return 850, 1_100


def _text(params: Mapping[str, Any], prompt: Prompt, transcripts: Sequence[Transcript]) -> str:
    schema = _schema(params)
    material = _material(prompt, transcripts)
    if schema is not None:
        made = example_of(schema) if material is None else fill(schema, material)
        return msgspec.json.encode(made).decode()
    if material is not None and (not transcripts or _SUMMARY.search(prompt.text)):
        return material.summary()
    if transcripts:
        return "\n\n".join(transcript.text for transcript in transcripts) or "The document has no text layer."
    if prompt.page is not None and prompt.has_images:
        return image_page(prompt.page, prompt.language)
    words = [block["text"] for block in blocks(params) if block["type"] == "text"]
    last = words[-1] if words else ""
    return f"This is the sandbox's offline engine, not a language model. The last thing you said was: {last}"


def _material(prompt: Prompt, transcripts: Sequence[Transcript]) -> Material | None:
    """Return the documents of a request as one text; None where it has none, or asks for a page of one."""
    texts = [item.data.decode() for item in prompt.attachments if item.kind == "text"]
    if prompt.page is None:
        texts += [transcript.text for transcript in transcripts]
    return Material.of("\n\n".join(texts)) if texts else None


def _schema(params: Mapping[str, Any]) -> Mapping[str, Any] | None:
    config = params.get("output_config")
    wanted = config.get("format") if isinstance(config, Mapping) else None
    if not isinstance(wanted, Mapping) or wanted.get("type") != "json_schema":
        return None
    schema = wanted.get("schema")
    if not isinstance(schema, Mapping):
        raise invalid("output_config.format.schema: Input should be a valid dictionary")
    return schema


def _forced_tool(params: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the tool that the request insists on, or None when a text will do."""
    choice, tools = params.get("tool_choice"), params.get("tools") or []
    if not isinstance(choice, Mapping) or not tools:
        return None
    if choice.get("type") == "any":
        return dict(tools[0])
    if choice.get("type") == "tool":
        for tool in tools:
            if tool.get("name") == choice.get("name"):
                return dict(tool)
        raise invalid(f"Tool '{choice.get('name')}' not found in provided tools")
    return None


def _thinking(params: Mapping[str, Any], always: bool) -> str:
    asked = params.get("thinking")
    kind = asked.get("type") if isinstance(asked, Mapping) else None
    if kind == "disabled" or params["max_tokens"] < _ROOM_TO_THINK:
        return ""
    return _THINKING if always or kind in ("enabled", "adaptive") else ""


def _stopped(made: Answer, sequences: object) -> Answer:
    """Return the answer up to the first of the request's stop sequences in it."""
    if not isinstance(sequences, list):
        return made
    found = [
        (made.text.find(text), text) for text in sequences if isinstance(text, str) and text in made.text
    ]
    if not found:
        return made
    place, sequence = min(found)
    return replace(made.with_text(made.text[:place]), stop_reason="stop_sequence", stop_sequence=sequence)
