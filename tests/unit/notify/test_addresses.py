"""Addresses are found where they are kept, and nothing secret of them is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchdeck.config import load_settings
from batchdeck.domain.secret import Secret
from batchdeck.errors import ConfigError, NotTold
from batchdeck.notify.addresses import find_addresses
from batchdeck.notify.sending import check


def test_addresses_come_from_the_settings_and_from_a_file_that_only_its_owner_may_read(
    tmp_path: Path,
) -> None:
    file = tmp_path / "addresses"
    file.write_text(
        "# on call\nntfys://user:hunter22@ntfy.example.org/ops\n\njsons://hooks.example.org/s3cret\n"
    )
    file.chmod(0o640)
    with pytest.raises(ConfigError) as open_to_others:
        find_addresses((), file)
    assert "chmod 600" in open_to_others.value.hint
    file.chmod(0o600)
    found = find_addresses(
        (Secret("jsons://hooks.example.org/s3cret"), Secret("tgram://12345:abcd/99")), file
    )
    assert [address.label for address in found] == ["jsons://hooks.example.org", "tgram://•••", "ntfys://•••"]
    assert len({address.mark for address in found}) == 3


def test_a_line_that_is_no_address_is_named_but_not_repeated(tmp_path: Path) -> None:
    file = tmp_path / "addresses"
    file.write_text("json://localhost\nmy-secret-token\n")
    file.chmod(0o600)
    with pytest.raises(ConfigError) as refused:
        find_addresses((), file)
    assert "line 2" in refused.value.message
    assert "my-secret-token" not in refused.value.message + refused.value.hint


def test_what_a_service_says_is_shown_without_the_address() -> None:
    (address,) = find_addresses(
        (Secret("jsons://ada:p%40ssw0rd@hooks.example.org/T0K3N?key=abcd1234"),), None
    )
    said = "POST https://ada:p@ssw0rd@hooks.example.org/T0K3N?key=abcd1234 p%40ssw0rd failed from here"
    hidden = address.hide_in(said)
    assert not {"p@ssw0rd", "p%40ssw0rd", "T0K3N", "abcd1234"} & {w for w in said.split() if w in hidden}
    for secret in ("ssw0rd", "T0K3N", "abcd1234"):
        assert secret not in hidden
    assert hidden.endswith("failed from here")
    assert "hooks.example.org" in hidden


def test_an_address_of_no_known_service_is_said_to_be_none(capfd: pytest.CaptureFixture[str]) -> None:
    (address,) = find_addresses((Secret("carrierpigeon://loft/s3cret"),), None)
    with pytest.raises(NotTold) as unknown:
        check(address)
    assert "carrierpigeon://•••" in unknown.value.message
    # Apprise's own log, which holds addresses, goes nowhere.
    assert "".join(capfd.readouterr()) == ""


def test_lists_are_read_from_files_and_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "config.toml").write_text(
        '[notify]\nurls = ["json://a/x", "json://b/y"]\non = ["job_complete"]\n'
    )
    settings = load_settings(tmp_path, {"BATCHDECK_NOTIFY_ON": "gate_failed, job_complete"})
    assert [url.reveal() for url in settings.notify.urls] == ["json://a/x", "json://b/y"]
    assert settings.notify.on == ("gate_failed", "job_complete")
    assert "json://" not in repr(settings)
    for name, value, word in [
        ("NOTIFY_ON", "job_complet", "gate_failed"),
        ("NOTIFY_QUIET_HOURS", "22:00", "22:00"),
        ("NOTIFY_TIME_ZONE", "Mars/Olympus", "Mars/Olympus"),
    ]:
        with pytest.raises(ConfigError, match=word):
            load_settings(None, {f"BATCHDECK_{name}": value})
    (tmp_path / "config.toml").write_text('[notify]\nurls = ["json://a/s3cret", 7]\n')
    with pytest.raises(ConfigError) as refused:
        load_settings(tmp_path, {})
    assert "s3cret" not in refused.value.message
