"""Locks between real processes and threads: exclusion, turns, time limits, and who holds them."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from batchdeck.errors import DeckLocked
from batchdeck.store.locks import hold, holder_of, try_hold

HOLDER = """
import sys
from pathlib import Path
from batchdeck.store.locks import hold
with hold(Path(sys.argv[1]), wait_seconds=10, what="a test"):
    print("held", flush=True)
    sys.stdin.read()
"""

COUNTER = """
import sys
from pathlib import Path
from batchdeck.store.locks import hold
lock, counter, times = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
for _ in range(times):
    with hold(lock, wait_seconds=None, what="counting"):
        counter.write_text(str(int(counter.read_text()) + 1))
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "ledger.lock"


@contextmanager
def holding_process(lock: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a process that holds the lock until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.002)


def test_a_lock_held_elsewhere_times_out_and_names_its_holder(lock: Path) -> None:
    with holding_process(lock) as process:
        with (
            pytest.raises(DeckLocked, match=f"process {process.pid} on .*a test"),
            hold(lock, wait_seconds=0.05, what="waiting"),
        ):
            pytest.fail("held twice")
        holder = holder_of(lock)
        assert holder is not None
        assert (holder.pid, holder.what) == (process.pid, "a test")


def test_one_who_gave_up_waiting_does_not_get_the_lock_later(lock: Path) -> None:
    with (
        hold(lock, wait_seconds=1, what="first"),
        pytest.raises(DeckLocked),
        hold(lock, wait_seconds=0.02, what="second"),
    ):
        pytest.fail("held twice")
    with hold(lock, wait_seconds=5, what="third"):
        pass
    assert holder_of(lock) is None
    wait_until(lambda: not any(thread.name == "batchdeck-lock" for thread in threading.enumerate()))


def test_killing_the_holder_frees_the_lock(lock: Path) -> None:
    with holding_process(lock) as process:
        with try_hold(lock, what="trying") as got:
            assert not got
        process.send_signal(signal.SIGKILL)
        process.wait()
        with hold(lock, wait_seconds=5, what="next"):
            assert holder_of(lock) is not None
    assert holder_of(lock) is None


def test_a_forked_child_does_not_keep_its_dead_parents_lock(lock: Path) -> None:
    release_read, release_write = os.pipe()
    forking = os.fork()
    if forking == 0:
        with hold(lock, wait_seconds=5, what="parent"):
            if os.fork() == 0:
                os.close(release_write)
                os.read(release_read, 1)
                os._exit(0)
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(forking, 0)
    try:
        with hold(lock, wait_seconds=5, what="next"):
            pass
    finally:
        os.close(release_write)
        os.close(release_read)


def test_a_forked_child_that_leaves_the_block_does_not_let_go_for_its_parent(lock: Path) -> None:
    child = -1
    try:
        with hold(lock, wait_seconds=5, what="parent"):
            child = os.fork()
            if child > 0:
                _, status = os.waitpid(child, 0)
                assert status == 0
                with try_hold(lock, what="somebody else") as got:
                    assert not got
    finally:
        if child == 0:
            os._exit(1 if sys.exc_info()[0] else 0)


def test_threads_of_one_process_exclude_each_other(lock: Path) -> None:
    counts = [0]

    def count() -> None:
        for _ in range(50):
            with hold(lock, wait_seconds=None, what="thread"):
                before = counts[0]
                os.sched_yield()
                counts[0] = before + 1

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [200]


def test_processes_exclude_each_other(lock: Path, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    processes = [
        subprocess.Popen([sys.executable, "-c", COUNTER, str(lock), str(counter), "100"]) for _ in range(3)
    ]
    assert [process.wait(30) for process in processes] == [0, 0, 0]
    assert counter.read_text() == "300"


def test_one_who_comes_back_at_once_does_not_overtake_one_who_waits(lock: Path) -> None:
    turns: list[str] = []

    def wait_in_line() -> None:
        with hold(lock, wait_seconds=10, what="waiting"):
            turns.append("the one who waited")

    waiting = threading.Thread(target=wait_in_line)
    with hold(lock, wait_seconds=1, what="first"):
        waiting.start()
        wait_until(lambda: queue_is_held(lock))
    with hold(lock, wait_seconds=10, what="again"):
        turns.append("the one who came back")
    waiting.join()
    assert turns == ["the one who waited", "the one who came back"]


def queue_is_held(lock: Path) -> bool:
    with lock.with_name(lock.name + ".q").open() as queue:
        try:
            fcntl.flock(queue, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_trying_a_free_lock_holds_it(lock: Path) -> None:
    with try_hold(lock, what="first") as first, try_hold(lock, what="second") as second:
        assert (first, second) == (True, False)
        holder = holder_of(lock)
        assert holder is not None
        assert holder.pid == os.getpid()
    assert holder_of(lock) is None


def test_looking_at_a_lock_does_not_put_off_one_who_tries_it(lock: Path) -> None:
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            holder_of(lock)

    looking = threading.Thread(target=look)
    with try_hold(lock, what="making the file"):
        pass
    looking.start()
    try:
        for _ in range(100):
            with try_hold(lock, what="trying") as got:
                assert got
    finally:
        stop.set()
        looking.join()


def test_a_lock_file_with_nonsense_in_it_has_an_unnamed_holder(lock: Path) -> None:
    with hold(lock, wait_seconds=1, what="first"):
        lock.write_text("nonsense")
        with (
            pytest.raises(DeckLocked, match="Another process holds"),
            hold(lock, wait_seconds=0.01, what="second"),
        ):
            pytest.fail("held twice")


def test_nobody_holds_a_lock_that_never_was(lock: Path) -> None:
    assert holder_of(lock) is None
