"""Starting the sandbox for a process that wants to use it, and letting it go when the last one is done.

The server is a process of its own. It is found through its state folder, shared by everybody who uses that
folder, and ends by itself within seconds after its last user, even if that one was killed.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO
from urllib.parse import urlsplit

import msgspec

from batchdeck.domain.processes import child_environment
from batchdeck.domain.stories import said_by
from batchdeck.domain.text import show
from batchdeck.errors import Conflict, SandboxFailed
from batchdeck.sandbox.faults_file import read_faults
from batchdeck.sandbox.presence import is_served, last_user_lock, launch_lock, use_lock
from batchdeck.sandbox.settings import Settings

_START_SECONDS = 30.0
_STOP_SECONDS = 20.0
_LEAVE_SECONDS = 2.0
"""How long a user who is just leaving, or a server that is just ending, is waited for."""
_LOOK_SECONDS = 0.02
_IN_SIGHT = "`batchdeck sandbox` with the same --deck shows all it says."


class ServerCard(msgspec.Struct, frozen=True):
    """What a serving process writes into its state folder for those who look for it."""

    base_url: str
    api_key: str
    pid: int
    fingerprint: str
    """Tells whether it behaves as somebody else wants it to."""


def fingerprint(settings: Settings) -> str:
    """Return what two servers have in common only if they behave alike, the speed of the clock apart."""
    rules = settings.faults.read_bytes() if settings.faults is not None else b""
    choices = " ".join(replace(settings, faults=None, speed=None).as_arguments())
    return hashlib.sha256(choices.encode() + b"\0" + rules).hexdigest()[:16]


def card_path(state: Path) -> Path:
    """Return where a serving process leaves its card."""
    return state / "server.json"


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that runs for as long as this object is not released and this process lives."""

    base_url: str
    api_key: str
    _use: BinaryIO

    def release(self) -> None:
        """Stop using it. Without a user it ends within seconds; its state stays."""
        self._use.close()

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def ensure_running(
    state: Path,
    *,
    faults: Path | None = None,
    speed: float | None = None,
    settings: Settings | None = None,
) -> Running:
    """Return a sandbox that serves a state folder: the one that does already, or a new one.

    Args:
        state: the folder; made when it does not exist.
        faults: TOML file that says what goes wrong. Without it and without `settings`, whatever serves the
            folder already is taken as it is.
        speed: how fast its clock is to run; None leaves it as it is.
        settings: everything else; `faults` and `speed` go before what it says of them.

    Raises:
        Conflict: others use a sandbox there that behaves otherwise.
        ConfigError: the faults file is wrong.
        SandboxFailed: the server could not be started.
    """
    try:
        return _ensure_running(state, faults, speed, settings)
    except OSError as error:
        raise SandboxFailed(
            f"It cannot run in {show(str(state), 80)}: {error.strerror or said_by(error)}.",
            hint="Make it writable, or choose another deck with --deck.",
        ) from error


def _ensure_running(
    state: Path, faults: Path | None, speed: float | None, settings: Settings | None
) -> Running:
    wanted = settings or Settings()
    if faults is not None:
        wanted = replace(wanted, faults=faults.absolute())
    if speed is not None:
        wanted = replace(wanted, speed=speed)
    if wanted.faults is not None:
        read_faults(wanted.faults)
    with launch_lock(state):
        if is_served(state) and (faults is not None or settings is not None):
            _replace_if_different(state, wanted)
        use = use_lock(state)
        try:
            card = _read_card(state) if is_served(state) else _launch(state, wanted)
            if wanted.speed is not None:
                _post(card, "/sandbox/clock", {"speed": wanted.speed})
        except BaseException:
            use.close()
            raise
    return Running(card.base_url, card.api_key, use)


def _replace_if_different(state: Path, wanted: Settings) -> None:
    """Stop a server that behaves otherwise than wanted, if nobody uses it."""
    card = _read_card(state)
    if card.fingerprint == fingerprint(wanted):
        return
    # A server that has found itself unused holds the same lock until it is gone: that is no user.
    deadline = time.monotonic() + _LEAVE_SECONDS
    while (alone := last_user_lock(state)) is None:
        if not is_served(state):
            return
        if time.monotonic() > deadline:
            raise Conflict(
                f"The sandbox in {state} is in use with other settings or faults.",
                hint="Leave the other dashboard first, or start it with the same ones.",
            )
        time.sleep(_LOOK_SECONDS)
    with alone:
        with contextlib.suppress(OSError, http.client.HTTPException):
            _post(card, "/sandbox/stop", {})
        deadline = time.monotonic() + _STOP_SECONDS
        while is_served(state):
            if time.monotonic() > deadline:
                raise SandboxFailed(
                    f"The one in {show(str(state), 200)} does not stop.",
                    hint=f"End process {card.pid}, then do it again.",
                )
            time.sleep(_LOOK_SECONDS)


def _read_card(state: Path) -> ServerCard:
    """Return the card of the process that serves a state; it is written soon after the lock is taken."""
    deadline = time.monotonic() + _START_SECONDS
    while not card_path(state).exists():
        if time.monotonic() > deadline:
            raise SandboxFailed(f"It does not come up in {show(str(state), 200)}.", hint=_IN_SIGHT)
        time.sleep(_LOOK_SECONDS)
    return msgspec.json.decode(card_path(state).read_bytes(), type=ServerCard)


def _launch(state: Path, wanted: Settings) -> ServerCard:
    """Start a server that outlives this process only as long as somebody else uses it."""
    command = [sys.executable, "-m", "batchdeck.sandbox", "--state", str(state.absolute())]
    command += ["--while-used", "--detach", *wanted.as_arguments()]
    try:
        started = subprocess.run(  # noqa: S603 - our own interpreter and module
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_START_SECONDS,
            check=False,
            env=child_environment(os.environ),
        )
    except subprocess.TimeoutExpired:
        raise SandboxFailed(f"It took more than {_START_SECONDS:.0f} s.", hint=_IN_SIGHT) from None
    if started.returncode != 0:
        # The last line of a traceback is what it is about.
        complaint = started.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise SandboxFailed(f"It ended at once: {show(complaint, 90) or 'it gave no reason'}", hint=_IN_SIGHT)
    return _read_card(state)


def _post(card: ServerCard, path: str, body: object) -> None:
    where = urlsplit(card.base_url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=_STOP_SECONDS)
    headers = {"x-api-key": card.api_key, "anthropic-version": "2026-10-21"}
    with contextlib.closing(connection):
        connection.request("POST", path, msgspec.json.encode(body), headers)
        connection.getresponse().read()
