"""How to reach the API: address, credentials, timeouts. Nothing here connects."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from batchdeck.domain.secret import Secret
from batchdeck.errors import ConfigError

OFFICIAL_URL = "https://api.anthropic.com"
_NAMES_OF_PRIVATE_NETWORKS = (".internal", ".local", ".localhost", ".test", ".lan", ".home.arpa")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds of silence after which a call is given up. None of them limits a call's whole duration."""

    connect: float = 10.0
    read: float = 60.0
    """Polls, lists, and each piece of a results stream."""
    write: float = 60.0
    """Each piece of a request body."""
    create: float = 600.0
    """Waiting for the answer to a whole batch body, which the API reads and checks first."""
    message: float = 600.0
    """Waiting for one answer in real time."""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """One API endpoint and who asks. With neither key nor profile the SDK's own chain decides."""

    base_url: str = OFFICIAL_URL
    api_key: Secret | None = None
    profile: str | None = None
    """A profile of the SDK's configuration, for operators with several workspaces."""
    workspace_id: str | None = None
    """Only for credentials that span workspaces."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    trusted_hosts: frozenset[str] = frozenset()
    """Public hosts that may be spoken to without TLS all the same."""


def check_address(settings: ApiSettings) -> None:
    """Refuse an address that would send the key in the clear across public networks, or nowhere.

    Raises:
        ConfigError: not an http(s) URL, credentials in the URL, or plain http to a host that is neither
            this machine, nor of a private network, nor among `trusted_hosts`.
    """
    parts = urlsplit(settings.base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(
            "The API address is not an http(s) URL.", hint=f"Write it like {OFFICIAL_URL} (base_url)."
        )
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            "The API address holds a user name or a password.",
            hint="Give the key by environment or key file, never inside base_url.",
        )
    if parts.scheme == "http" and not (
        _is_private(parts.hostname) or parts.hostname in settings.trusted_hosts
    ):
        raise ConfigError(
            f"Plain http would send the key to {parts.hostname} readable for everybody on the way.",
            hint="Use https, or name the host in trusted_hosts if the way to it is safe.",
        )


def _is_private(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # A name without a dot is resolved on the local network only.
        return "." not in host or host.endswith(_NAMES_OF_PRIVATE_NETWORKS)
    return address.is_loopback or address.is_private or address.is_link_local
