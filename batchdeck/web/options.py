"""What `batchdeck serve` is told: where to listen, how it is reached, what it lets happen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from batchdeck.domain.text import show
from batchdeck.errors import UsageError

_PREFIX = re.compile(r"(/[A-Za-z0-9._~@%-]+)+")


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How to serve. `origins` and `prefix` are as `read_origin` and `read_prefix` return them."""

    host: str = "127.0.0.1"
    port: int = 8642
    """0 takes any free one."""
    unix_socket: Path | None = None
    """Listen there instead of on host and port."""
    write: bool = False
    """Whether the dashboards may change the deck and spend money."""
    max_sessions: int = 4
    """How many dashboards may run at once."""
    idle_seconds: float = 3600.0
    """A dashboard nobody touches for so long is closed, and whoever signed in has to do so again."""
    prefix: str = ""
    """Path under which a proxy shows the server: empty, or like ``/deck``."""
    origins: tuple[str, ...] = ()
    """Addresses under which a proxy shows the server, like ``https://hub.example.org``."""
    trust_proxy: bool = False
    """Whether `X-Forwarded-Prefix` and `X-Forwarded-Proto` come from a proxy and not from a client."""


def read_prefix(text: str) -> str:
    """Return a path prefix without its last slash; empty for none.

    Raises:
        UsageError: it is not a path of plain names.
    """
    bare = text.strip().rstrip("/")
    if bare and not is_prefix(bare):
        raise UsageError(
            f"“{show(text, 80)}” cannot be a prefix.", hint="It begins with a slash, like /services/deck."
        )
    return bare


def is_prefix(text: str) -> bool:
    """Whether a proxy's word for its prefix can be believed: a path of plain names and nothing else."""
    parts = text.split("/")
    return bool(_PREFIX.fullmatch(text)) and len(text) <= 512 and not {".", ".."} & set(parts)


def read_origin(text: str) -> str:
    """Return an origin as browsers write it: scheme, host, and the port where it is not the scheme's own.

    Raises:
        UsageError: it is not ``http(s)://host[:port]``.
    """
    wrong = UsageError(
        f"“{show(text, 80)}” is not an origin.", hint="Give scheme and host, like https://hub.example.org."
    )
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not host or parts.path.strip("/") or parts.query:
        raise wrong
    shown = f"[{host}]" if ":" in host else host
    is_usual = port is None or port == (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{shown}" + ("" if is_usual else f":{port}")
