"""What a shell can do to a command: answers and signals at its questions, streams that are closed or full."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
import typer

from batchdeck.cli.session import Session, _until_signalled, ask
from batchdeck.errors import Interrupted

QUESTION = b"[y/N]: "


@pytest.fixture
def shell(tmp_path: Path) -> tuple[list[str], dict[str, str]]:
    """Return a command line's beginning and its environment: an empty deck, and an API that is not there."""
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environ |= {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9", "ANTHROPIC_API_KEY": "sk-ant-none"}
    return [sys.executable, "-m", "batchdeck", "--deck", str(tmp_path / "deck")], environ


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (b"n\n", 0, "Nothing was sent."),
        (b"what\nno\n", 0, "Answer y or n."),
        (b"\x04", 0, "Nothing was sent."),
        (b"\x03", 130, "Stopped."),
        (signal.SIGHUP, 130, "Stopped."),
    ],
)
def test_a_question_takes_a_no_and_a_signal(
    shell: tuple[list[str], dict[str, str]], answer: bytes | signal.Signals, code: int, said: str
) -> None:
    command, environ = shell
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [*command, "adopt", "--all"], environ)
    shown = b""
    with contextlib.suppress(OSError):  # the terminal's other end is gone
        while piece := os.read(terminal, 4096):
            shown += piece
            if shown.endswith(QUESTION):
                if isinstance(answer, bytes):
                    os.write(terminal, answer)
                else:
                    os.kill(pid, answer)
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    text = shown.decode()
    assert (os.waitstatus_to_exitcode(status), said in text, "defect" in text) == (code, True, False), text


def test_what_may_not_be_looked_at_is_named_and_no_defect(capsys: pytest.CaptureFixture[str]) -> None:
    async def look() -> int:
        raise PermissionError(13, "Permission denied", "/deck/vault\x1b/a.pdf")

    session = Session(None, read_only=False, base_url=None, profile=None, sandbox=False, debug=False)
    with pytest.raises(typer.Exit) as left:
        session.run_bare(look)
    assert left.value.exit_code == 3
    said = capsys.readouterr().err
    assert "/a.pdf: Permission denied" in said
    assert "defect" not in said
    assert "\x1b" not in said


def test_a_signal_in_the_midst_of_writing_the_question_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.RawIOBase):
        pieces: ClassVar[list[bytes]] = []

        def writable(self) -> bool:
            return True

        def write(self, piece: Any) -> int:
            self.pieces.append(bytes(piece))
            if len(self.pieces) == 1:
                os.kill(os.getpid(), signal.SIGHUP)
            return len(self.pieces[-1])

    stderr = io.TextIOWrapper(io.BufferedWriter(Terminal()), encoding="utf-8")
    monkeypatch.setattr(sys, "stderr", stderr)
    with pytest.raises(Interrupted):
        ask("Adopt all batches?")
    assert Terminal.pieces[0].endswith(QUESTION)


def test_an_ignored_hangup_stays_ignored() -> None:
    async def outlive() -> int:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0)
        return 7

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert asyncio.run(_until_signalled(outlive())) == 7, "as under nohup"
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_streams_may_be_closed_full_or_unable_and_folders_missing(
    shell: tuple[list[str], dict[str, str]], tmp_path: Path
) -> None:
    command, environ = shell

    def run(tail: str, **more: str) -> tuple[int, str]:
        line = " ".join(command) + " " + tail
        ran = subprocess.run(
            ["/bin/sh", "-c", line], env=environ | more, capture_output=True, text=True, encoding="latin-1"
        )
        return ran.returncode, ran.stdout + ran.stderr

    assert run("ls >&-") == (0, "")
    code, text = run("ls >/dev/full")
    assert (code, "No space left" in text, "defect" in text) == (3, True, False), text
    code, text = run("inbox nowhere --once")
    assert (code, "There is no folder" in text) == (3, True), "one round over nothing is not done"
    code, text = run(f"scan {tmp_path}")
    assert (code, "Nothing that the recipe pdf-to-html reads" in text) == (3, True), text
    code, text = run("prices", PYTHONIOENCODING="ascii")
    assert (code, "\\u2013" in text) == (0, True), text
