"""Keys and pages stay where they belong: looked for in every file, every output and every process."""

from __future__ import annotations

import contextlib
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from batchdeck.deck import Deck

from .conftest import Operator
from .pdfs import write_pdf

MakeOperator = Callable[..., Operator]
MARK = "quokka"
MARKED = tuple(f"{MARK}{letter}" for letter in "abcdefghijkl")
WITH_PAGES = {"vault", "batches", "exports"}
"""Where the text of documents belongs."""
FAULTS = "".join(
    f'[[rows]]\noutcome = "{fault}"\npages = {page}\nattempts = 1\n'
    for page, fault in enumerate(("malformed", "truncated", "lossy", "invalid_request_error", "repeating"), 2)
)
ROOT = Path(__file__).parents[2]


class Processes:
    """Looks at a process and all it starts, for as long as it runs."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.arguments: set[bytes] = set()
        self.environments: set[bytes] = set()
        """Of what it started, not its own."""

    def __enter__(self) -> Processes:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            waiting = [self._root]
            while waiting:
                process = waiting.pop()
                folder = Path("/proc") / str(process)
                with contextlib.suppress(OSError):
                    for thread in (folder / "task").iterdir():
                        waiting += map(int, (thread / "children").read_text().split())
                    arguments = (folder / "cmdline").read_bytes()
                    self.arguments.add(arguments)
                    # Between fork and exec a child still is its parent.
                    if process != self._root and b"multiprocessing" in arguments:
                        self.environments.add((folder / "environ").read_bytes())


def files_below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_neither_keys_nor_pages_leave_their_place(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator(FAULTS)
    key = who.api_key
    who.environ = {"ANTHROPIC_LOG": "debug", "BATCHDECK_WORKERS_COUNT": "1"}
    pdf = write_pdf(tmp_path / "in" / "a.pdf", 6, words=80, vocabulary=MARKED)
    said: list[str] = []

    def run(*arguments: str | Path) -> str:
        process = who.start("--debug", *arguments)
        with Processes(process.pid) as seen:
            out, err = process.communicate(timeout=120)
        said.append(err)
        assert not any(key.encode() in line for line in seen.arguments), "a key in argv is everybody's"
        assert not any(key.encode() in environ for environ in seen.environments)
        workers.update(seen.environments)
        return out

    workers: set[bytes] = set()
    run("submit", pdf, "--yes")
    run("watch", "--until-ended")
    (job,) = (path.name for path in (who.deck / "jobs").iterdir())
    run("retry", job, "--yes")
    run("export", job)
    run("doctor", "--deep")
    assert workers, "no worker was looked at, so nothing was proved"
    wrong = Operator(who.deck, who.base_url, "sk-ant-wrong-" + "w" * 30)
    refused = wrong.start("--debug", "watch", "--once")
    said.append(refused.communicate(timeout=60)[1])
    assert any("Traceback" in text for text in said), "no traceback was looked at either"

    for text in said:
        assert key not in text
        assert wrong.api_key not in text
        assert MARK not in text
    pages = 0
    for path in files_below(who.deck):
        data = path.read_bytes()
        assert key.encode() not in data, path
        has_pages = path.relative_to(who.deck).parts[0] in WITH_PAGES
        pages += MARK.encode() in data
        assert has_pages or MARK.encode() not in data, path
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert pages >= 2, "results and export hold the pages, so the mark is a mark"


def test_the_keyring_keeps_a_key_for_one_endpoint(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator()
    key, ring = who.api_key, tmp_path / "ring"
    who.environ = {
        "PYTHON_KEYRING_BACKEND": "tests.e2e.plain_keyring.FileKeyring",
        "PYTHONPATH": str(ROOT),
        "TEST_KEYRING": str(ring),
        "ANTHROPIC_API_KEY": "",
    }

    def command(*arguments: str, given: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        ran = subprocess.run(
            [sys.executable, "-m", "batchdeck", "--deck", str(who.deck), *arguments],
            env=who.environment | environ,
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert key not in ran.stdout + ran.stderr
        return ran

    assert command("key", "set", given=f"{key}\n").returncode == 0
    shown = command("key", "show").stdout
    assert "keyring" in shown
    assert shown.rstrip().endswith("•" + key[-4:])
    looked = command("doctor")
    assert (looked.returncode, "Key: the system's keyring." in looked.stdout) == (0, True)
    assert "keyring" not in command("key", "show", ANTHROPIC_BASE_URL="https://other.example").stdout
    kept = ring.read_text()
    ring.write_text("locked")
    locked = command("doctor")
    assert locked.returncode == 3
    assert "Unlock it" in locked.stdout
    ring.write_text(kept)
    assert "Forgotten" in command("key", "forget").stderr
    assert key not in ring.read_text()
    assert command("key", "set", given="not a key\n").returncode == 2


async def test_a_key_file_is_its_owners_alone_and_is_used(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator()
    from batchdeck.config import Settings
    from batchdeck.config_sections import Api
    from batchdeck.keys import keep_key

    path = tmp_path / "key"
    path.write_text("an older key")
    path.chmod(0o644)
    keep_key(who.api_key, file=path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    settings = Settings(api=Api(key_file=str(path)))
    async with Deck.open(who.deck, base_url=who.base_url, settings=settings) as deck:
        (api, *_) = await deck.doctor()
        assert api.ok
        assert "key file" in api.detail
