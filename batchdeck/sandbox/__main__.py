"""``python -m batchdeck.sandbox``: serve a state folder until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from batchdeck.errors import BatchDeckError
from batchdeck.sandbox.detach import detach
from batchdeck.sandbox.files import write_whole
from batchdeck.sandbox.launch import ServerCard, card_path, fingerprint
from batchdeck.sandbox.presence import wait_until_unused
from batchdeck.sandbox.server import Serving, serving
from batchdeck.sandbox.settings import Settings


def _parser() -> argparse.ArgumentParser:
    standard = Settings()
    parser = argparse.ArgumentParser(prog="python -m batchdeck.sandbox", description=__doc__)
    add = parser.add_argument
    add("--state", type=Path, required=True, help="folder that keeps the sandbox's state")
    add("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    add("--port", type=int, default=0, help="port to listen on (0: any free one)")
    add("--key", action="append", default=[], help="API key to take; may be repeated")
    add("--faults", type=Path, help="TOML file that says what goes wrong")
    add("--seed", type=int, default=standard.seed, help="decides what looks like chance (0)")
    add("--speed", type=float, help="how fast the sandbox's clock runs (as before; at first 1)")
    add("--batch-seconds", type=float, default=standard.batch_seconds, help="how long a batch takes (4)")
    add("--cancel-seconds", type=float, default=standard.cancel_seconds, help="how long cancelling takes (1)")
    add("--workers", type=int, default=standard.workers, help="worker processes (2)")
    add(
        "--calls-per-minute",
        type=int,
        default=standard.limits.calls_per_minute,
        help="calls it takes in a minute (20000; 0: any number)",
    )
    add("--ready-file", type=Path, help="file to write the ready line to as well")
    add("--while-used", action="store_true", help="end once no process uses the state any more")
    add("--detach", action="store_true", help="serve in the background; print the ready line and return")
    return parser


def _settings(given: argparse.Namespace) -> Settings:
    return Settings(
        seed=given.seed,
        speed=given.speed,
        batch_seconds=given.batch_seconds,
        cancel_seconds=given.cancel_seconds,
        keys=tuple(given.key),
        faults=given.faults.absolute() if given.faults is not None else None,
        workers=given.workers,
        limits=replace(Settings().limits, calls_per_minute=given.calls_per_minute),
    )


def _announce(running: Serving, settings: Settings, given: argparse.Namespace) -> None:
    """Say that the server is ready: one JSON line, once."""
    card = ServerCard(running.base_url, running.api_key, os.getpid(), fingerprint(settings))
    line = msgspec.json.encode(card) + b"\n"
    for path in (card_path(given.state), given.ready_file):
        if path is not None:
            write_whole(path, line)
    sys.stdout.buffer.write(line)
    sys.stdout.flush()


async def _serve(settings: Settings, given: argparse.Namespace) -> None:
    async with serving(given.state, settings, host=given.host, port=given.port) as running:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, running.sandbox.stopped.set)
        _announce(running, settings, given)
        stopped = asyncio.create_task(running.sandbox.stopped.wait())
        unused = asyncio.create_task(wait_until_unused(given.state)) if given.while_used else stopped
        await asyncio.wait((stopped, unused), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        unused.cancel()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve as the arguments say (this process's own by default), and return the exit code."""
    given = _parser().parse_args(arguments)
    os.umask(0o077)  # its state holds the pages that it was given
    if given.detach:
        given.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        detach(given.state / "server.log")
    try:
        asyncio.run(_serve(_settings(given), given))
    except BatchDeckError as error:
        print(f"{error.title}: {error.message} {error.hint}".rstrip(), file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
