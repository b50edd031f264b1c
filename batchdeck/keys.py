"""The operator's API key: keeping it where only they can read it, and saying which one is used, masked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from batchdeck.config import Settings, deck_home, load_settings
from batchdeck.connection import endpoint_of, key_file_of, resolve_base_url
from batchdeck.domain.text import show

_TAIL = 4
_SHORTEST_WITH_TAIL = 24


@dataclass(frozen=True, slots=True)
class KeyShown:
    """Which key a deck uses. The key itself is never part of it."""

    endpoint: str
    source: str
    """Where it comes from, in words."""
    masked: str
    """Bullets and the last four characters; empty where the SDK's own configuration has it."""


@dataclass(frozen=True, slots=True)
class KeyKept:
    """Where a key was put."""

    endpoint: str
    where: str


def keep_key(
    key: str,
    *,
    file: str | os.PathLike[str] | None = None,
    deck: str | os.PathLike[str] | None = None,
    base_url: str | None = None,
) -> KeyKept:
    """Keep a key in the system's keyring, for one endpoint alone, or in a file that only its owner can read.

    Args:
        key: the key.
        file: the file to write instead; the setting `api.key_file` has to name it.
        deck: the deck whose settings say which endpoint it is for.
        base_url: the endpoint's address, over the settings and the environment.

    Raises:
        ConfigError: it is no key, or there is no keyring that takes it.
        StorageFailed: the file cannot be written.
    """
    from batchdeck.api import keyring
    from batchdeck.api.credentials import require_key

    key = require_key(key, "What was given")
    endpoint = _endpoint(_settings(deck), base_url, os.environ)
    if file is None:
        return KeyKept(endpoint, keyring.keep_key(endpoint, key))
    from batchdeck.store.disk import Disk, storage_failures, write_whole

    path = Path(file).expanduser().absolute()
    with storage_failures("Writing the key file", path):
        write_whole(Disk(), path, [key.encode() + b"\n"])
    return KeyKept(endpoint, show(str(path), 200))


def forget_key(
    *, deck: str | os.PathLike[str] | None = None, base_url: str | None = None
) -> tuple[str, bool]:
    """Remove the key of an endpoint from the keyring; return the endpoint and whether there was one.

    Raises:
        ConfigError: the keyring does not answer.
    """
    from batchdeck.api import keyring

    endpoint = _endpoint(_settings(deck), base_url, os.environ)
    return endpoint, keyring.forget_key(endpoint)


def shown_key(
    *,
    deck: str | os.PathLike[str] | None = None,
    base_url: str | None = None,
    profile: str | None = None,
) -> KeyShown:
    """Say which key would be used and where it comes from, masked.

    Raises:
        ConfigError: a key file or the keyring cannot be read.
    """
    from functools import partial

    from batchdeck.api.credentials import find_credential
    from batchdeck.api.keyring import read_key

    settings = _settings(deck)
    endpoint = _endpoint(settings, base_url, os.environ)
    found = find_credential(
        profile=profile or settings.api.profile,
        key_file=key_file_of(settings),
        read_keyring=partial(read_key, endpoint),
        environ=os.environ,
    )
    return KeyShown(endpoint, found.source, _masked(found.key.reveal()) if found.key is not None else "")


def _masked(key: str) -> str:
    return "•" * 8 + (key[-_TAIL:] if len(key) >= _SHORTEST_WITH_TAIL else "")


def _settings(deck: str | os.PathLike[str] | None) -> Settings:
    return load_settings(deck_home(deck), os.environ)


def _endpoint(settings: Settings, base_url: str | None, environ: Mapping[str, str]) -> str:
    return endpoint_of(resolve_base_url(base_url, settings.api.base_url, environ))
