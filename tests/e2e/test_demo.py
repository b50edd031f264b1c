"""`batchdeck demo`: the first thing anybody runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def test_the_demo_does_the_whole_main_job_and_leaves_no_process_behind(tmp_path: Path) -> None:
    deck = tmp_path / "demo"
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    ran = subprocess.run(
        [sys.executable, "-m", "batchdeck", "--deck", deck, "demo", "--headless", "--json"],
        env=kept,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    record = json.loads(ran.stdout)
    assert len(record["batches"]) == 2
    first, after = record["outcomes"]["first"], record["outcomes"]["after_retry"]
    failures = {name for name in first if not name.startswith("ok")}
    assert len(failures) >= 3
    assert sum(after.get(name, 0) for name in ("ok", "ok_repaired")) > record["pages"] * 0.9
    assert [Path(skip["path"]).name for skip in record["skipped"]] == ["damaged.pdf"]
    assert len(record["exported"]) >= 6
    assert all(Path(html).read_text().startswith("<!DOCTYPE html>") for html in record["exported"])
    key = json.loads((deck / "sandbox" / "server.json").read_text())["api_key"]
    assert key not in ran.stdout + ran.stderr
