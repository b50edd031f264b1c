"""The unit and the cron line: whatever the paths are called, systemd and the shell read them as meant."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from batchdeck.config import Settings
from batchdeck.config_sections import Api
from batchdeck.domain.service_unit import make_service
from batchdeck.errors import NotFound, UsageError
from batchdeck.operations.service import describe_service
from batchdeck.service import install_service, uninstall_service

ODD = Path('/srv/my "own" 100% $HOME deck\\s')


def test_the_shell_reads_the_cron_line_as_it_is_meant() -> None:
    unit = make_service(
        "/opt/py thon", ODD, ["--profile", "it's"], {"BATCHDECK_CONFIG": "/a b"}, Path("/l%g")
    )
    times, command = unit.cron[: len("*/10 * * * *")], unit.cron[len("*/10 * * * * ") :]
    assert times == "*/10 * * * *"
    # Cron takes an unescaped % for a line break.
    assert "%" not in command.replace("\\%", "")
    assert shlex.split(command.replace("\\%", "%")) == [
        *(
            "BATCHDECK_CONFIG=/a b",
            "/opt/py thon",
            "-m",
            "batchdeck",
            "--deck",
            str(ODD),
            "--profile",
            "it's",
        ),
        *("watch", "--once", "--log", "/l%g"),
    ]


def test_decks_do_not_share_a_unit_and_what_no_unit_can_hold_is_refused() -> None:
    def named(path: str) -> str:
        return make_service("/opt/python", Path(path), [], {}, Path("/log")).name

    assert named("/a/deck") != named("/b/deck")
    assert named("/a/Ödeck 1").startswith("batchdeck-deck-1-")
    with pytest.raises(UsageError):
        named("/a/deck\nExecStartPre=/bin/false")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_the_unit_and_reads_the_command_as_it_is_meant(tmp_path: Path) -> None:
    environment = {"BATCHDECK_OPERATOR": 'night "shift" 100%'}
    unit = make_service(sys.executable, ODD, ["--sandbox"], environment, Path("/log"))
    path = tmp_path / unit.name
    path.write_text(unit.text)
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", str(path)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    (command,) = (line for line in unit.text.splitlines() if line.startswith("ExecStart="))
    # Double quotes, backslashes and doubled percent signs are all there is to systemd's own quoting here.
    assert shlex.split(command.removeprefix("ExecStart=:").replace("%%", "%"))[4] == str(ODD)


def test_a_unit_is_installed_for_the_user_carries_no_secret_and_is_removed_again(tmp_path: Path) -> None:
    environ = {
        "XDG_CONFIG_HOME": str(tmp_path),
        "ANTHROPIC_API_KEY": "sk-ant-very-secret",
        "BATCHDECK_NOTIFY_URLS": "json://host/T0PS3CRET",
        "BATCHDECK_POLLING_FLOOR_SECONDS": "30",
        "BATCHDECK_HOME": "/elsewhere",
        "BATCHDECK_UNKNOWN": "x",
    }

    def described(settings: Settings) -> tuple[str, ...]:
        return describe_service(tmp_path / "deck", settings, [], environ, is_sandbox=False).warnings

    service = describe_service(tmp_path / "deck", Settings(), [], environ, is_sandbox=False)
    assert [text.split()[0] for text in service.warnings] == ["BATCHDECK_NOTIFY_URLS", "ANTHROPIC_API_KEY"]
    assert len(described(Settings(api=Api(key_file="/key")))) == 1
    assert service.unit.text.count("Environment=") == 1
    assert "Environment=BATCHDECK_POLLING_FLOOR_SECONDS=30" in service.unit.text
    assert "secret" not in service.unit.text + service.unit.cron
    assert "T0PS3CRET" not in service.unit.text + service.unit.cron
    assert f"ExecStart=:{sys.executable} -m batchdeck" in service.unit.text

    with pytest.raises(NotFound):
        uninstall_service(service)
    install_service(service)
    assert service.path == tmp_path / "systemd" / "user" / service.unit.name
    again = describe_service(tmp_path / "deck", Settings(), [], environ, is_sandbox=False)
    assert again.is_current
    uninstall_service(again)
    assert list(service.path.parent.iterdir()) == []
