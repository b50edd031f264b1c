"""The key: found in a fixed order, refused when others can read it, shown by nobody."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from pathlib import Path

import pytest

from batchdeck.api.credentials import find_credential, read_key_file
from batchdeck.api.settings import ApiSettings
from batchdeck.domain.secret import Secret
from batchdeck.errors import ConfigError

VALUE = "sk-ant-very-secret"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(f"{VALUE}\n")
    path.chmod(0o600)
    return path


def test_a_secret_shows_itself_nowhere() -> None:
    secret = Secret(VALUE)
    settings = ApiSettings(api_key=secret)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>40}",
        f"{secret:>40}",
        "%s" % secret,  # noqa: UP031 - this very way of formatting is tested
        repr(settings),
        repr(dataclasses.asdict(settings)),
        repr([secret]),
        repr(copy.deepcopy({"a": secret})),
    ]
    assert all(VALUE not in text for text in shown)
    assert not hasattr(secret, "__dict__")
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert secret.reveal() == VALUE


def test_secrets_compare_by_value() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("").hide_in("text") == "text"


def test_the_order_of_the_places(key_file: Path) -> None:
    environ = {"ANTHROPIC_API_KEY": "env-key", "ANTHROPIC_AUTH_TOKEN": "token"}
    everything = {"explicit": "given", "profile": "work", "key_file": key_file, "environ": environ}

    found = find_credential(**everything, sandbox_key="sk-sandbox")  # type: ignore[arg-type]
    assert (found.key, found.source) == (Secret("sk-sandbox"), "the sandbox's own key")
    found = find_credential(**everything)  # type: ignore[arg-type]
    assert (found.key, found.source) == (Secret("given"), "given in code")
    found = find_credential(profile="work", key_file=key_file, environ=environ)
    assert (found.key, found.profile) == (None, "work")
    found = find_credential(key_file=key_file, environ=environ)
    assert found.key == Secret(VALUE)
    assert str(key_file) in found.source
    found = find_credential(environ=environ)
    assert (found.key, found.source) == (Secret("env-key"), "ANTHROPIC_API_KEY")
    found = find_credential(environ={"ANTHROPIC_AUTH_TOKEN": "token"})
    assert (found.key, found.profile, found.source) == (None, None, "ANTHROPIC_AUTH_TOKEN")
    found = find_credential(environ={})
    assert (found.key, found.profile) == (None, None)
    assert "profile" in found.source


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_file_that_others_can_read_is_refused(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(ConfigError, match=f"{mode:04o}") as caught:
        read_key_file(key_file)
    assert "chmod 600" in caught.value.hint
    assert VALUE not in str(caught.value)


@pytest.mark.parametrize("content", ["", "\n", "two words", "line\nline", "clé", "x" * 5000, "\x1b[31m"])
def test_a_key_file_without_a_key_is_refused(key_file: Path, content: str) -> None:
    key_file.write_text(content)
    with pytest.raises(ConfigError, match="does not hold an API key"):
        read_key_file(key_file)


def test_a_key_file_that_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_key_file(tmp_path / "missing")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_key_file(tmp_path)
    with pytest.raises(ConfigError, match="not a regular file"):
        read_key_file(Path("/dev/null"))


def test_a_broken_key_in_the_environment_is_named_not_shown() -> None:
    with pytest.raises(ConfigError, match="ANTHROPIC_API_KEY") as caught:
        find_credential(environ={"ANTHROPIC_API_KEY": "sk ant"})
    assert "sk ant" not in str(caught.value)
