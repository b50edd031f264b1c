"""SIGKILL while one to four processes write: nothing acknowledged is lost, and nothing is torn."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ARENA = Path(__file__).with_name("kill_arena.py")


@pytest.mark.slow
def test_killed_writers_lose_nothing_that_was_acknowledged(memory_path: Path) -> None:
    assert run_arena(memory_path, "--kills", "200", "--seed", "20260301").startswith("200 processes killed")


def test_a_kill_at_any_system_call_loses_nothing(memory_path: Path) -> None:
    assert run_arena(memory_path, "--every-call").startswith("killed at")


def run_arena(memory_path: Path, *arguments: str) -> str:
    # A kill meets the code, not the disk: in memory more commits fit a second, and so more chances.
    done = subprocess.run(
        [sys.executable, str(ARENA), "--folder", str(memory_path), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    return done.stdout
