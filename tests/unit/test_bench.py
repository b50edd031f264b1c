"""The one command of the benchmarks: that it is there and knows its files. What they measure is no test's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_list_names_a_file_for_every_benchmark() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "bench", "--list"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    names = [line.split()[0] for line in ran.stdout.splitlines()]
    assert "million" in names
    assert [name for name in names if not (ROOT / "bench" / f"{name}.py").exists()] == []
