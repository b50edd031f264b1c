"""Starting a sandbox on demand, sharing it, and its end when the last user is gone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import msgspec
import pytest

from batchdeck.config import Settings as DeckSettings
from batchdeck.connection import Connection
from batchdeck.errors import ConfigError, Conflict, SandboxFailed
from batchdeck.sandbox.launch import Running, ensure_running
from batchdeck.sandbox.presence import is_served
from batchdeck.sandbox.settings import Settings

DEADLINE = 20.0
_HOLDER = """
import sys, time
from pathlib import Path
from batchdeck.sandbox.launch import ensure_running
running = ensure_running(Path(sys.argv[1]))
print(running.base_url, flush=True)
time.sleep(600)
"""


def wait_until_gone(state: Path) -> None:
    deadline = time.monotonic() + DEADLINE
    while is_served(state):
        assert time.monotonic() < deadline, "the sandbox outlives its last user"
        time.sleep(0.05)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "state"
    yield folder
    if folder.exists():
        wait_until_gone(folder)


def alive(running: Running) -> bool:
    headers = {"x-api-key": running.api_key, "anthropic-version": "2026-10-21"}
    return httpx2.get(f"{running.base_url}/v1/messages/batches", headers=headers).status_code == 200


def test_it_is_started_found_again_and_ends_by_itself(state: Path) -> None:
    with ensure_running(state) as first:
        assert alive(first)
        with ensure_running(state) as second:
            assert (second.base_url, second.api_key) == (first.base_url, first.api_key)
        assert alive(first)
    wait_until_gone(state)


def test_nobody_else_may_look_into_its_state_whatever_the_umask(state: Path) -> None:
    umask = os.umask(0)
    try:
        with ensure_running(state):
            found = {path: path.stat().st_mode & 0o777 for path in (state, *state.rglob("*"))}
    finally:
        os.umask(umask)
    assert state / "users.lock" in found
    assert {path: mode for path, mode in found.items() if mode & 0o077} == {}


def test_its_state_is_there_when_it_is_started_again(state: Path) -> None:
    with ensure_running(state) as first:
        key = first.api_key
    wait_until_gone(state)
    with ensure_running(state) as again:
        assert again.api_key == key


def test_it_ends_when_its_last_user_is_killed(state: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", _HOLDER, str(state)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    with holder.stdout:
        base_url = holder.stdout.readline().decode().strip()
    pid = msgspec.json.decode((state / "server.json").read_bytes())["pid"]
    with ensure_running(state) as mine:
        assert mine.base_url == base_url
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        time.sleep(1.5)  # longer than a server waits for a user
        assert alive(mine)
    wait_until_gone(state)
    deadline = time.monotonic() + DEADLINE
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_is_no_child_of_the_process_that_started_it(state: Path) -> None:
    with ensure_running(state):
        pid = msgspec.json.decode((state / "server.json").read_bytes())["pid"]
        status = Path(f"/proc/{pid}/status").read_text()
        parent = int(next(line.split()[1] for line in status.splitlines() if line.startswith("PPid")))
        assert parent != os.getpid()
        assert os.getsid(pid) == pid


def test_many_at_once_get_the_same_one(state: Path) -> None:
    command = [sys.executable, "-c", _HOLDER, str(state)]
    holders = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    urls = set()
    for holder in holders:
        assert holder.stdout is not None
        with holder.stdout:
            urls.add(holder.stdout.readline())
    for holder in holders:
        holder.kill()
        holder.wait()
    assert len(urls) == 1


def test_other_faults_replace_an_unused_one_and_disturb_no_user(state: Path, tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text('[[calls]]\nendpoint = "list"\naction = "overloaded"\n')
    with ensure_running(state) as plain:
        assert alive(plain)
        with pytest.raises(Conflict, match="in use with other settings"):
            ensure_running(state, faults=faults)
        assert alive(plain)
    with ensure_running(state, faults=faults) as faulty:
        assert not alive(faulty)
        with ensure_running(state, faults=faults) as same:
            assert same.base_url == faulty.base_url


def test_a_wrong_faults_file_is_named_before_anything_is_started(state: Path, tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text('[[rows]]\noutcome = "nothing"\n')
    with pytest.raises(ConfigError, match="cannot be 'nothing'"):
        ensure_running(state, faults=faults)
    assert not state.exists()


def test_the_speed_of_a_running_one_can_be_changed(state: Path) -> None:
    with ensure_running(state, settings=Settings(batch_seconds=1)) as running:
        with ensure_running(state, speed=50, settings=Settings(batch_seconds=1)) as faster:
            assert faster.base_url == running.base_url
        headers = {"x-api-key": running.api_key, "anthropic-version": "2026-10-21"}
        assert httpx2.get(f"{running.base_url}/sandbox", headers=headers).json()["speed"] == 50


@pytest.mark.parametrize("turns", [1, 3, 200])
async def test_a_start_that_nobody_waits_for_any_more_keeps_no_sandbox_alive(state: Path, turns: int) -> None:
    connection = Connection(settings=DeckSettings(), base_url="http://localhost", sandbox_state=state)
    opening = asyncio.create_task(connection.gateway())
    for _ in range(turns):
        await asyncio.sleep(0.002)
    opening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await opening
    await connection.close()
    await asyncio.to_thread(wait_until_gone, state)


def test_a_state_that_may_not_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "state" / "launch.lock").mkdir(parents=True)
    with pytest.raises(SandboxFailed, match=r"state: launch\.lock: Is a directory") as refused:
        ensure_running(tmp_path / "state")
    assert refused.value.hint
