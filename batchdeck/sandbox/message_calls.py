"""The real-time endpoints: `messages`, `count_tokens` and `models`."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec

from batchdeck.sandbox.call import Call
from batchdeck.sandbox.catalogue import MODELS, find_model
from batchdeck.sandbox.clock import Clock
from batchdeck.sandbox.crew import Crew, WorkerDied
from batchdeck.sandbox.problems import Problem, invalid, not_found
from batchdeck.sandbox.replies import json_reply, page_of, read_limit, spool
from batchdeck.sandbox.settings import Limits
from batchdeck.sandbox.storage import Storage
from batchdeck.sandbox.wire import Reply, Request

_LIFECYCLES = ("active", "deprecated", "retired")


class MessageCalls:
    """What each endpoint does with a request that may come in."""

    def __init__(self, storage: Storage, crew: Crew, clock: Clock, limits: Limits) -> None:
        self._storage = storage
        self._crew = crew
        self._clock = clock
        self._limits = limits

    async def messages(self, request: Request, request_id: str) -> Reply:
        """Answer one Messages request at once, as JSON or, if it asks for it, as a stream of events."""
        answered = await self._work("message", request, request_id)
        if not answered["stream"]:
            return json_reply(answered["message"])
        return Reply(200, {"content-type": "text/event-stream"}, _events(answered["message"]))

    async def count_tokens(self, request: Request, request_id: str) -> Reply:
        return json_reply({"input_tokens": await self._work("count", request, request_id)})

    async def _work(self, what: str, request: Request, request_id: str) -> Any:
        call = Call(
            name=request_id,
            salt=self._storage.identity.salt,
            version=request.headers["anthropic-version"],
            today=self._clock.now().date(),
            in_batch=False,
        )
        with contextlib.closing(tempfile.NamedTemporaryFile(dir=self._storage.incoming)) as file:
            await spool(request, Path(file.name), self._limits.request_bytes)
            try:
                task = {"do": what, "body": file.name, "call": msgspec.to_builtins(call)}
                return await self._crew.run(task, urgent=True)
            except WorkerDied:
                raise Problem("api_error", "Internal server error") from None

    async def list_models(self, request: Request) -> Reply:
        now = self._clock.now()
        wanted = [*request.query.get("lifecycle", []), *request.query.get("lifecycle[]", [])]
        for lifecycle in wanted:
            if lifecycle not in _LIFECYCLES:
                raise invalid(f"lifecycle: Input should be {', '.join(map(repr, _LIFECYCLES))}")
        data = [
            model.shown(now)
            for model in MODELS
            if model.lifecycle(now.date()) in (wanted or ("active", "deprecated"))
        ]
        ids = [entry["id"] for entry in data]
        after_id, before_id, limit = (
            request.first("after_id"),
            request.first("before_id"),
            read_limit(request),
        )
        for cursor in (after_id, before_id):
            if cursor is not None and cursor not in ids:
                raise invalid(f"{cursor} is not the id of a model")
        if before_id is not None:
            data = data[: ids.index(before_id)]
            return json_reply(page_of(data[-limit:], has_more=len(data) > limit))
        start = 0 if after_id is None else ids.index(after_id) + 1
        return json_reply(page_of(data[start : start + limit], has_more=len(data) > start + limit))

    async def retrieve_model(self, name: str) -> Reply:
        model = find_model(name)
        if model is None:
            raise not_found(f"model: {name}")
        return json_reply(model.shown(self._clock.now()))


async def _events(message: dict[str, Any]) -> AsyncIterator[bytes]:
    """Yield a finished Message as the events of a stream."""
    usage = message["usage"]
    begun = {**message, "content": [], "stop_reason": None, "stop_sequence": None}
    begun["usage"] = {**usage, "output_tokens": 1}
    yield _event({"type": "message_start", "message": begun})
    for index, block in enumerate(message["content"]):
        empty, deltas = _opened(block)
        yield _event({"type": "content_block_start", "index": index, "content_block": empty})
        for delta in deltas:
            yield _event({"type": "content_block_delta", "index": index, "delta": delta})
        yield _event({"type": "content_block_stop", "index": index})
    ending = {key: message[key] for key in ("stop_reason", "stop_sequence", "stop_details")}
    counted = {"output_tokens": usage["output_tokens"]}
    yield _event({"type": "message_delta", "delta": ending, "usage": counted})
    yield _event({"type": "message_stop"})


def _opened(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a content block as it begins in a stream, and what then comes of it."""
    match block["type"]:
        case "text":
            return {**block, "text": ""}, [{"type": "text_delta", "text": block["text"]}]
        case "thinking":
            return (
                {**block, "thinking": "", "signature": ""},
                [
                    {"type": "thinking_delta", "thinking": block["thinking"]},
                    {"type": "signature_delta", "signature": block["signature"]},
                ],
            )
        case _:
            partial = msgspec.json.encode(block["input"]).decode()
            return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": partial}]


def _event(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\n".encode() + b"data: " + msgspec.json.encode(event) + b"\n\n"
