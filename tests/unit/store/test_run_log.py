"""The log of unattended runs: bounded on disk, readable by its owner alone, whole lines whoever writes."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest

from batchdeck.errors import StorageFailed
from batchdeck.store.run_log import RunLog


def numbers(path: Path) -> list[int]:
    return [json.loads(line)["n"] for line in path.read_text().splitlines()]


def test_a_log_that_has_grown_is_put_aside_and_only_so_many_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "watch.log"
    log = RunLog(path, most_bytes=24, keep=2)
    for number in range(9):
        log.append({"n": number})  # 8 bytes a line, so three a file
    assert sorted(file.name for file in tmp_path.iterdir()) == ["watch.log", "watch.log.1", "watch.log.2"]
    assert [numbers(file) for file in sorted(tmp_path.iterdir())] == [[6, 7, 8], [3, 4, 5], [0, 1, 2]]
    log.append({"n": 9})
    assert [numbers(file) for file in sorted(tmp_path.iterdir())] == [[9], [6, 7, 8], [3, 4, 5]]
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    log.append({"n": "a line that is longer than a whole log may be"})
    assert len(path.read_text().splitlines()) == 1


def test_several_writers_lose_no_line_and_tear_none(tmp_path: Path) -> None:
    path = tmp_path / "watch.log"

    def write(writer: int) -> None:
        log = RunLog(path, most_bytes=400, keep=100)
        for number in range(50):
            log.append({"n": writer * 50 + number})

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = [number for file in tmp_path.iterdir() for number in numbers(file)]
    assert sorted(written) == list(range(200))
    assert all(file.stat().st_size <= 400 for file in tmp_path.iterdir())


def test_a_log_that_others_put_aside_is_begun_anew_and_one_that_cannot_be_written_says_so(
    tmp_path: Path,
) -> None:
    path = tmp_path / "watch.log"
    log = RunLog(path, most_bytes=10_000, keep=2)
    log.append({"n": 1})
    path.rename(tmp_path / "elsewhere")
    log.append({"n": 2})
    assert (numbers(tmp_path / "elsewhere"), numbers(path)) == ([1], [2])
    with pytest.raises(StorageFailed, match="log"):
        RunLog(tmp_path / "none" / "watch.log", most_bytes=10_000, keep=2).append({"n": 1})
