"""Where messages go: addresses from settings and files, and what may be shown of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from batchdeck.domain.secret import Secret, read_private_file
from batchdeck.domain.text import show
from batchdeck.errors import ConfigError

_LIMIT = 65_536
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}(?=://)")
_HOST_IS_NO_SECRET = frozenset({"mailto", "mailtos", "json", "jsons", "xml", "xmls", "form", "forms"})
"""Elsewhere the place of the host may hold a token (Telegram) or a topic that all who know it read (ntfy)."""


@dataclass(frozen=True, slots=True)
class Address:
    """One address. Its URL holds passwords and tokens."""

    url: Secret
    label: str
    """What may be shown: the service, and the host where that is no secret."""
    mark: str
    """What it is known by where it must not be written down."""

    def hide_in(self, text: str) -> str:
        """Return a text without anything of the address but its label's parts."""
        shown = {part.lower() for part in re.split(r"[:/]+", self.label)}
        for part in sorted(set(_parts(self.url.reveal())), key=len, reverse=True):
            if part.lower() not in shown:
                text = text.replace(part, "•••")
        return text


def find_addresses(urls: Sequence[Secret], urls_file: Path | None) -> tuple[Address, ...]:
    """Return all addresses, each once, those of the settings first.

    Raises:
        ConfigError: the file cannot be read, others may read it, or a line of it is no address.
    """
    found = [(url.reveal(), "notify.urls") for url in urls]
    if urls_file is not None:
        hint = "Check notify.urls_file."
        data = read_private_file(urls_file, what="The file of addresses", hint=hint, limit=_LIMIT)
        if len(data) > _LIMIT:
            raise ConfigError(
                f"The file of addresses {urls_file} is longer than {_LIMIT:,} bytes.", hint=hint
            )
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
            if line.strip() and not line.lstrip().startswith("#"):
                found.append((line.strip(), f"{show(str(urls_file), 200)}, line {number}"))
    return tuple(_address(url, where) for url, where in dict(found).items())


def _address(url: str, where: str) -> Address:
    scheme = _SCHEME.match(url)
    if scheme is None:
        raise ConfigError(
            f"{where}: this is not the address of a notification service.",
            hint="Addresses look like ntfy://topic or mailtos://user:password@example.org.",
        )
    name = scheme[0].lower()
    host = _host(url) if name in _HOST_IS_NO_SECRET else ""
    mark = hashlib.sha256(url.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return Address(Secret(url), f"{name}://{show(host, 60) or '•••'}", mark)


def _host(url: str) -> str:
    """Return the host, and the port by which several services on it are told apart."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname or ''}{f':{parts.port}' if parts.hostname and parts.port else ''}"
    except ValueError:
        return ""


def _parts(url: str) -> list[str]:
    """Return the pieces of an address of which each may be a secret, as written and as meant."""
    rest = url.partition("://")[2]
    without_names = re.sub(r"(?<=[?&])[A-Za-z_]+=", "", rest)
    pieces = [piece for piece in re.split(r"[/:@?&=#]+", without_names) if len(piece) > 3]
    return [url, rest, *pieces, *map(unquote, pieces)]
