"""The sandbox as a whole: opening a state folder, putting its parts together, and serving it over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from batchdeck.sandbox.batch_calls import BatchCalls
from batchdeck.sandbox.call_faults import CallFaults, after_call, before_call, delay_of
from batchdeck.sandbox.chance import token
from batchdeck.sandbox.clock import Clock
from batchdeck.sandbox.crew import Crew
from batchdeck.sandbox.faults import CallRule, Endpoint, Faults
from batchdeck.sandbox.faults_file import read_faults
from batchdeck.sandbox.gate import Gate
from batchdeck.sandbox.message_calls import MessageCalls
from batchdeck.sandbox.presence import serve_lock
from batchdeck.sandbox.problems import Problem, invalid
from batchdeck.sandbox.registry import Registry
from batchdeck.sandbox.replies import json_reply
from batchdeck.sandbox.routes import Route, find_route
from batchdeck.sandbox.runner import Runner
from batchdeck.sandbox.settings import Settings
from batchdeck.sandbox.storage import Storage
from batchdeck.sandbox.wire import Connection, Reply, Request

_HOST = re.compile(r"[A-Za-z0-9.:\[\]_-]{1,255}")
ENGINE_HEADER = {"x-batchdeck-sandbox": "offline engine; not a vision model"}


class Sandbox:
    """One state folder, ready to answer calls.

    Args:
        state: the folder; made when it does not exist. The caller holds its lock (see `serving`).
        settings: how it behaves.
        real: seconds since the epoch; real time unless a test says otherwise.

    Raises:
        ConfigError: the faults file is wrong.
        DeckDamaged, DeckTooNew: the folder cannot be used.
    """

    def __init__(self, state: Path, settings: Settings, *, real: Callable[[], float] = time.time) -> None:
        faults = read_faults(settings.faults) if settings.faults is not None else Faults()
        storage = Storage(state)
        self.clock = Clock(state / "clock.json", speed=settings.speed, real=real)
        self.keys = settings.keys or (storage.identity.key,)
        self.stopped = asyncio.Event()
        """Set when somebody asks the server to stop."""
        self.connections: set[asyncio.Task[None]] = set()
        """Those that are open: a client that was killed has one until its call has been dealt with."""
        briefing = {
            "seed": settings.seed,
            "salt": storage.identity.salt,
            "faults": str(settings.faults) if settings.faults is not None else None,
            "limits": msgspec.to_builtins(settings.limits),
        }
        self._crew = Crew(settings.workers, briefing)
        registry = Registry(storage, self.clock, settings)
        self._runner = Runner(registry, storage, self._crew, self.clock, settings)
        self._batches = BatchCalls(registry, storage, self._crew, self._runner, self.clock, settings.limits)
        self._messages = MessageCalls(storage, self._crew, self.clock, settings.limits)
        self._gate = Gate(self.keys, settings.limits.calls_per_minute, self.clock)
        self._faults = CallFaults(faults, settings.seed, state / "calls.json")
        self._salt = storage.identity.salt
        self._organization = token(self._salt, "organization")
        self._calls = 0
        self._calls_of: Counter[str] = Counter()
        self._started_at = real()

    async def start(self) -> None:
        """Start working: go on with every batch that has not ended."""
        await self._crew.start()
        self._runner.start_all()

    async def stop(self) -> None:
        """Stop working; nothing is lost, the next one to serve the state goes on."""
        await self._runner.stop()
        await self._crew.stop()

    async def answer(self, request: Request, base_url: str) -> Reply:
        """Answer one call, whatever it is.

        Raises:
            Dropped: the connection is to be broken instead.
        """
        self._calls += 1
        request_id = "req_sandbox_" + token(self._salt, self._started_at, self._calls)
        headers = {
            "request-id": request_id,
            "anthropic-organization-id": f"org_{self._organization}",
            "anthropic-workspace-id": f"wrkspc_{self._organization}",
            **ENGINE_HEADER,
        }
        try:
            route = find_route(request.method, request.path)
            self._gate.check(request)
            reply = await self._carry_out(route, request, request_id, base_url)
        except Problem as problem:
            reply = json_reply(problem.body(request_id), problem.status)
            headers.update(problem.headers)
        reply.headers = {**self._gate.headers(), **headers, **reply.headers}
        return reply

    async def _carry_out(self, route: Route, request: Request, request_id: str, base_url: str) -> Reply:
        self._calls_of[route.endpoint.value] += 1
        rule = self._faults.rule_for(route)
        if rule is not None and (instead := await before_call(rule, request)) is not None:
            return instead
        reply = await self._call(route, request, request_id, base_url, rule)
        return reply if rule is None else after_call(rule, reply)

    async def _call(
        self, route: Route, request: Request, request_id: str, base_url: str, rule: CallRule | None
    ) -> Reply:
        match route.endpoint:
            case Endpoint.CREATE:
                return await self._batches.create(request, base_url, delay=delay_of(rule, route.endpoint))
            case Endpoint.RETRIEVE:
                return await self._batches.retrieve(route.id, base_url)
            case Endpoint.LIST:
                return await self._batches.list(request, base_url)
            case Endpoint.CANCEL:
                return await self._batches.cancel(route.id, base_url)
            case Endpoint.DELETE:
                return await self._batches.delete(route.id)
            case Endpoint.RESULTS:
                return await self._batches.results(route.id)
            case Endpoint.MESSAGES:
                return await self._messages.messages(request, request_id)
            case Endpoint.COUNT_TOKENS:
                return await self._messages.count_tokens(request, request_id)
            case Endpoint.MODELS if route.id:
                return await self._messages.retrieve_model(route.id)
            case Endpoint.MODELS:
                return await self._messages.list_models(request)
            case Endpoint.SANDBOX:
                return json_reply(self._about())
            case Endpoint.CLOCK:
                return await self._set_clock(request)
            case Endpoint.STOP:
                self.stopped.set()
                return json_reply({"stopping": True})

    def _about(self) -> dict[str, Any]:
        return {
            "now": self.clock.now().isoformat(),
            "speed": self.clock.speed,
            "calls": self._calls,
            "calls_of": dict(self._calls_of),
            "connections": len(self.connections),
        }

    async def _set_clock(self, request: Request) -> Reply:
        """Push the clock forward by `advance` seconds, or let it run at another `speed`."""
        body = b"".join([piece async for piece in request.body])
        try:
            change = msgspec.json.decode(body, type=_ClockChange)
        except msgspec.MsgspecError as error:
            raise invalid(f"The request body is not valid: {error}") from None
        if change.speed is not None:
            self.clock.run_at(change.speed)
        self.clock.advance(change.advance)
        return json_reply(self._about())


class _ClockChange(msgspec.Struct, forbid_unknown_fields=True):
    advance: float = 0.0
    speed: float | None = None


def _accept(
    sandbox: Sandbox, settings: Settings
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Return what serves one new connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        here, port = writer.get_extra_info("sockname")[:2]

        async def answer(request: Request) -> Reply:
            # What a client calls this server is what it can reach it by, and what result URLs must name.
            host = request.headers.get("host", "")
            name = host if _HOST.fullmatch(host) else f"{here}:{port}"
            return await sandbox.answer(request, f"http://{name}")

        task = asyncio.current_task()
        assert task is not None
        sandbox.connections.add(task)
        try:
            await Connection(reader, writer, answer, body_timeout=settings.body_timeout).serve()
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            sandbox.connections.discard(task)

    return serve


@dataclass(frozen=True, slots=True)
class Serving:
    """A sandbox being served by this process."""

    base_url: str
    api_key: str
    sandbox: Sandbox


@contextlib.asynccontextmanager
async def serving(
    state: Path,
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    real: Callable[[], float] = time.time,
) -> AsyncIterator[Serving]:
    """Serve a state folder over HTTP for as long as the context lasts.

    Args:
        state: the folder; made when it does not exist.
        settings: how the sandbox behaves.
        host: address to listen on.
        port: port to listen on; 0 for any free one.
        real: seconds since the epoch.

    Raises:
        DeckLocked: another process serves this state.
        ConfigError: the faults file is wrong.
        OSError: the port cannot be had.
    """
    with serve_lock(state):
        (state / "server.json").unlink(missing_ok=True)
        sandbox = Sandbox(state, settings, real=real)
        accept = _accept(sandbox, settings)
        listener = await asyncio.start_server(accept, host, port, backlog=256)
        base_url = f"http://{host}:{listener.sockets[0].getsockname()[1]}"
        await sandbox.start()
        try:
            yield Serving(base_url, sandbox.keys[0], sandbox)
        finally:
            listener.close()
            open_ones = tuple(sandbox.connections)
            for connection in open_ones:
                connection.cancel()
            await asyncio.gather(*open_ones, return_exceptions=True)
            await sandbox.stop()
