"""Installing a deck's service for the user's systemd, and what it will need that only this shell has."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from batchdeck.config import Settings
from batchdeck.config_reading import OTHER_VARIABLES, catalogue
from batchdeck.domain.service_unit import Service, make_service
from batchdeck.domain.text import show
from batchdeck.errors import NotFound
from batchdeck.store.disk import storage_failures
from batchdeck.store.layout import DeckLayout

_LEFT_OUT = frozenset({"BATCHDECK_HOME"})
"""Said by ``--deck`` already."""
_CARRIED = frozenset({"ANTHROPIC_BASE_URL", "ANTHROPIC_PROFILE"})
_KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")


def describe_service(
    deck: Path, settings: Settings, options: Sequence[str], environ: Mapping[str, str], *, is_sandbox: bool
) -> Service:
    """Return a deck's service. Nothing is written.

    Raises:
        UsageError: the deck's path cannot stand in a unit file.
        StorageFailed: what is installed cannot be read.
    """
    secret = {setting.variable for setting in catalogue().values() if setting.is_secret}
    ours = {setting.variable for setting in catalogue().values()} | set(OTHER_VARIABLES) | _CARRIED
    carried = {n: environ[n] for n in ours - secret - _LEFT_OUT if environ.get(n)}
    # The same python as now, by the path it was called by: in a virtual environment that is what counts.
    log = DeckLayout(deck).run_log
    unit = make_service(os.path.abspath(sys.executable), deck, options, carried, log)
    path = _units(environ) / unit.name
    with storage_failures("Reading", path):
        installed = path.read_text(encoding="utf-8") if path.exists() else None
    warnings = [
        f"{name} is not written into the service: {where} instead."
        for name, where in [
            *((name, "put it into a file and set notify.urls_file") for name in sorted(secret)),
            *((name, "put the key into a file of mode 0600 and set api.key_file") for name in _KEYS),
        ]
        if environ.get(name)
        and not (is_sandbox and name in _KEYS)
        and not (name in _KEYS and settings.api.key_file)
    ]
    return Service(unit, path, installed, tuple(warnings))


def install_service(service: Service) -> None:
    """Write a unit where the user's systemd looks for it.

    Raises:
        StorageFailed: it could not be written; what was there before still holds.
    """
    with storage_failures("Writing", service.path):
        service.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = service.path.with_name(f".{service.path.name}.tmp")
        temporary.write_text(service.unit.text, encoding="utf-8")
        os.replace(temporary, service.path)


def uninstall_service(service: Service) -> None:
    """Remove an installed unit.

    Raises:
        NotFound: none is installed for this deck.
        StorageFailed: it could not be removed.
    """
    if service.installed is None:
        raise NotFound(f"No service is installed at {show(str(service.path), 200)}.", hint="Check --deck.")
    with storage_failures("Removing", service.path):
        service.path.unlink()


def _units(environ: Mapping[str, str]) -> Path:
    base = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME") or "~").expanduser() / ".config")
    return Path(base) / "systemd" / "user"
