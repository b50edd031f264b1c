"""A program on a pseudo-terminal, its bytes handed to whoever shows them. Knows nothing of notebooks.

One thread carries bytes both ways, so that neither a busy kernel nor a program that does not read holds the
other up.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import selectors
import signal
import struct
import subprocess
import termios
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_CHUNK = 65_536
_LARGEST_OUTPUT = 1_048_576
"""Bytes handed on in one piece."""
_SETTLE_SECONDS = 0.004
"""How long to wait for more of the same frame before it is handed on."""
_MOST_PENDING = 262_144
"""Bytes of input kept for a program that does not read; what comes on top is dropped."""
_END_SECONDS = 5.0
"""How long a program may take to end once its terminal is gone."""
_MODE = re.compile(rb"\x1b\[\?([0-9;]{1,60})([hl])")
_NUDGE_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Size:
    """A terminal's size in cells."""

    columns: int
    lines: int

    def bounded(self) -> Size:
        return Size(min(max(self.columns, 20), 500), min(max(self.lines, 5), 200))


class Modes:
    """The private modes (mouse, paste, alternate screen …) that a program has switched on so far.

    A terminal that joins later has to be told of them before it can take part.
    """

    def __init__(self) -> None:
        self._on: dict[bytes, None] = {}
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take note of output; sequences may be cut anywhere."""
        data = self._rest + data
        for match in _MODE.finditer(data):
            for number in match[1].split(b";"):
                if match[2] == b"h":
                    self._on[number] = None
                else:
                    self._on.pop(number, None)
        self._rest = data[data.rfind(b"\x1b") :][:64] if b"\x1b" in data[-64:] else b""

    def sequence(self) -> bytes:
        """Return what brings a fresh terminal to the same state."""
        return b"".join(b"\x1b[?%bh" % number for number in self._on)


class Terminal:
    """One program on a pseudo-terminal. It ends when `close` is called, or with this process."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environ: Mapping[str, str],
        size: Size,
        on_output: Callable[[bytes], None],
        on_end: Callable[[int], None],
    ) -> None:
        """Start a program.

        Args:
            command: the program and its words.
            environ: its whole environment.
            size: of its screen.
            on_output: is handed what it writes, in a thread of ours.
            on_end: is told its exit code (negative: the signal that ended it), in the same thread.
        """
        self._on_output = on_output
        self._on_end = on_end
        self._size = size.bounded()
        self._modes = Modes()
        self._pending = bytearray()
        self._turn = threading.Lock()
        self._shrunk_since: float | None = None
        self._is_closing = False
        self._master, slave = pty.openpty()
        try:
            self._set_size(self._size)
            self.process = subprocess.Popen(  # noqa: S603 - its caller's choice
                list(command),
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env=dict(environ),
                start_new_session=True,
            )
        except OSError:
            os.close(self._master)
            raise
        finally:
            os.close(slave)
        os.set_blocking(self._master, False)
        self._wake_in, self._wake_out = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        _running.add(self)
        self._thread = threading.Thread(target=self._carry, name="batchdeck-terminal", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def write(self, data: bytes) -> None:
        """Type something."""
        with self._turn:
            self._pending += data[: max(0, _MOST_PENDING - len(self._pending))]
        self._wake()

    def resize(self, size: Size) -> None:
        """Tell the program that its screen has another size now."""
        with self._turn:
            self._size = size.bounded()
            self._shrunk_since = None
            self._set_size(self._size)

    def repaint(self) -> bytes:
        """Let the program paint all of its screen anew; return what a fresh terminal is to be told before.

        Its screen is made one line shorter, and as long as it was once it has answered to that.
        """
        with self._turn:
            self._shrunk_since = time.monotonic()
            self._set_size(Size(self._size.columns, self._size.lines - 1))
        self._wake()
        return self._modes.sequence()

    def close(self) -> None:
        """Hang up. The program may tidy up for a few seconds, then it is ended."""
        self._is_closing = True
        self._wake()

    def join(self, seconds: float) -> None:
        """Wait for the program to have ended."""
        self._thread.join(seconds)

    def let_go(self) -> None:
        """Close our ends without a word: in a forked child, which must not keep the terminal alive."""
        for descriptor in (self._master, self._wake_in, self._wake_out):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _wake(self) -> None:
        with self._turn, contextlib.suppress(OSError):
            os.write(self._wake_out, b"!")

    def _set_size(self, size: Size) -> None:
        with contextlib.suppress(OSError):
            packed = struct.pack("HHHH", size.lines, size.columns, 0, 0)
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, packed)

    # The thread

    def _carry(self) -> None:
        try:
            self._carry_bytes()
        finally:
            _running.discard(self)
            with self._turn:
                for descriptor in (self._master, self._wake_in, self._wake_out):
                    os.close(descriptor)
                self._master = self._wake_in = self._wake_out = -1
            self._on_end(self._wait())

    def _carry_bytes(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._master, selectors.EVENT_READ)
            selector.register(self._wake_in, selectors.EVENT_READ)
            while not self._is_closing:
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._pending else 0)
                selector.modify(self._master, wanted)
                ready = selector.select(_NUDGE_SECONDS if self._shrunk_since is not None else None)
                for key, events in ready:
                    if key.fd == self._wake_in:
                        with contextlib.suppress(BlockingIOError):
                            os.read(self._wake_in, 4096)
                        continue
                    if events & selectors.EVENT_WRITE:
                        self._send()
                    if events & selectors.EVENT_READ and not self._receive():
                        return
                self._grow_back()

    def _receive(self) -> bool:
        """Hand on what the program has written; say whether it may write more."""
        data = bytearray()
        while len(data) < _LARGEST_OUTPUT:
            try:
                chunk = os.read(self._master, _CHUNK)
            except BlockingIOError:
                # The terminal's own buffer is small: a frame comes in pieces.
                time.sleep(_SETTLE_SECONDS)
                try:
                    chunk = os.read(self._master, _CHUNK)
                except BlockingIOError:
                    break
                except OSError:
                    chunk = b""
            except OSError:
                chunk = b""
            if not chunk:
                self._hand_on(bytes(data))
                return False
            data += chunk
        self._hand_on(bytes(data))
        return True

    def _hand_on(self, data: bytes) -> None:
        if data:
            self._modes.feed(data)
            self._on_output(data)

    def _send(self) -> None:
        with self._turn, contextlib.suppress(OSError):
            del self._pending[: os.write(self._master, self._pending[:_CHUNK])]

    def _grow_back(self) -> None:
        with self._turn:
            if self._shrunk_since is not None and time.monotonic() - self._shrunk_since >= _NUDGE_SECONDS:
                self._shrunk_since = None
                self._set_size(self._size)

    def _wait(self) -> int:
        """Return the program's exit code; one that goes on without its terminal is ended."""
        try:
            return self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            return self.process.wait()


_running: weakref.WeakSet[Terminal] = weakref.WeakSet()


def _let_go_in_child() -> None:
    for terminal in tuple(_running):
        terminal.let_go()


os.register_at_fork(after_in_child=_let_go_in_child)


def close_all() -> None:
    """Hang all terminals up, and wait for their programs to end: when this process does."""
    ending = tuple(_running)
    for terminal in ending:
        terminal.close()
    for terminal in ending:
        terminal.join(_END_SECONDS)
