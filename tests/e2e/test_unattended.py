"""Watching while nobody looks: the log, the service manager, the answer for monitoring; all from outside."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from .conftest import Operator, wait_for
from .pdfs import write_pdf

MakeOperator = Callable[..., Operator]


def test_a_service_logs_answers_its_manager_and_monitoring_and_its_end_is_noticed(
    operator: MakeOperator, tmp_path: Path
) -> None:
    who = operator()
    write_pdf(tmp_path / "papers" / "one.pdf", 2, seed=1)
    who.json("submit", tmp_path / "papers", "--yes")
    assert who.run("watch", "--status").code == 5

    log = tmp_path / "watch.log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        who.environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
        service = who.start("watch", "--log", log)
        try:
            assert "READY=1" in manager.recv(4096).decode()
            heard = {manager.recv(4096).decode().partition("=")[0] for _ in range(3)}
            assert "WATCHDOG" in heard

            def events() -> list[str]:
                return [json.loads(line)["event"] for line in log.read_text().splitlines()]

            wait_for(lambda: "batch_archived" in events() and events()[-1] == "polled")
            well = who.json("watch", "--status")
            assert (well["state"], well["reasons"], well["polled_by"]) == (
                "healthy",
                [],
                f"process {service.pid}",
            )
            assert well["heartbeat"]["pid"] == service.pid
        finally:
            os.killpg(service.pid, signal.SIGKILL)
            service.communicate()
    gone = who.json("watch", "--status", code=5)
    assert gone["state"] == "unreachable"
    assert f"process {service.pid} on" in gone["reasons"][0]

    # Stopped as a service manager stops it, it says so, and nothing but errors goes to stderr.
    who.environ = {}
    service = who.start("watch", "--log", "-")
    assert service.stdout is not None
    lines = iter(service.stdout.readline, "")
    assert json.loads(next(lines))["event"] == "watch_started"
    next(line for line in lines if json.loads(line)["event"] == "polled")
    service.send_signal(signal.SIGTERM)
    out, err = service.communicate(timeout=60)
    assert json.loads(out.splitlines()[-1])["event"] == "watch_ended"
    assert service.returncode == 130
    assert who.api_key not in log.read_text() + out + err
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert {record["level"] for record in records} <= {"info", "warning", "error"}
    assert all("t" in record for record in records)


def test_the_documents_settings_are_read_and_its_commands_run(operator: MakeOperator, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "unattended.md").read_text()
    (settings,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    _, commands = re.findall(r"```\n(batchdeck .*?)```", text, re.DOTALL)
    who = operator()
    who.deck.mkdir()
    (who.deck / "config.toml").write_text(settings)
    addresses = tmp_path / ".config" / "batchdeck" / "addresses"
    addresses.parent.mkdir(parents=True)
    addresses.write_text("json://127.0.0.1:9/x\n")
    addresses.chmod(0o600)
    script = f'set -e\nbatchdeck() {{ "{sys.executable}" -m batchdeck "$@"; }}\n{commands}'
    ran = subprocess.run(
        ["sh", "-c", script],
        env={**who.environment, "HOME": str(tmp_path), "BATCHDECK_HOME": str(who.deck)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    said = [line for line in ran.stdout.splitlines() if not line.startswith("{")]
    assert said[0] == "healthy"
    assert "quiet hours    22:00-07:00 (Europe/Berlin)" in said
    assert said[-1].startswith("*/10 * * * * ")
