"""A keyring in a file, for the tests: what the system's keyring is to a process that asks it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError


class FileKeyring(KeyringBackend):
    """Keeps passwords in the JSON file that `$TEST_KEYRING` names; the word "locked" in it locks it."""

    priority = 1.0

    def get_password(self, service: str, username: str) -> str | None:
        return self._read().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._write(self._read() | {f"{service} {username}": password})

    def delete_password(self, service: str, username: str) -> None:
        kept = self._read()
        if kept.pop(f"{service} {username}", None) is None:
            raise PasswordDeleteError(username)
        self._write(kept)

    def _read(self) -> dict[str, str]:
        path = Path(os.environ["TEST_KEYRING"])
        text = path.read_text() if path.exists() else "{}"
        if text == "locked":
            raise RuntimeError("somebody has to type a password first")
        kept: dict[str, str] = json.loads(text)
        return kept

    def _write(self, kept: dict[str, str]) -> None:
        Path(os.environ["TEST_KEYRING"]).write_text(json.dumps(kept))
