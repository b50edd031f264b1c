"""The façade of a deck's service: what watches it without anybody. No deck is opened for it."""

from __future__ import annotations

import os

from batchdeck.config import deck_home, load_settings
from batchdeck.domain.service_unit import Service


def service_of(
    path: str | os.PathLike[str] | None = None,
    *,
    base_url: str | None = None,
    profile: str | None = None,
    sandbox: bool = False,
) -> Service:
    """Return the service that watches a deck without anybody, and where it belongs. Nothing is written.

    Raises:
        UsageError: the deck's path cannot stand in a unit file.
        ConfigError: the settings cannot be read.
    """
    from batchdeck.operations.service import describe_service

    home = deck_home(path)
    asked = {"--base-url": base_url, "--profile": profile}
    options = [word for name, value in asked.items() if value is not None for word in (name, value)]
    options += ["--sandbox"] if sandbox else []
    return describe_service(home, load_settings(home), options, os.environ, is_sandbox=sandbox)


def install_service(service: Service) -> None:
    """Write a service's unit where the user's systemd looks for it, in the place of what is there."""
    from batchdeck.operations.service import install_service

    install_service(service)


def uninstall_service(service: Service) -> None:
    """Remove a service's unit; `NotFound` where none is installed."""
    from batchdeck.operations.service import uninstall_service

    uninstall_service(service)
