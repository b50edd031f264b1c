"""Who may talk to the server: which hosts and origins are its own, and who has signed in. Knows no framework.

A name that an attacker's DNS can point at this machine must not be taken for ours (DNS rebinding), and a page
of another origin must not drive a dashboard (cross-site websockets): cookies alone stop neither, since they
ignore ports and a browser sends them along.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]{2,45})\]|(?P<name>[a-z0-9_.-]{1,253}))(?::[0-9]{1,5})?")
_SECRET_BYTES = 32
_MOST_SIGNED_IN = 1000


@dataclass(frozen=True, slots=True)
class Addresses:
    """The names under which this server may be spoken to.

    `origins` are those of proxies, as browsers write them; `bound` is the host it was told to listen on.
    """

    origins: tuple[str, ...] = ()
    bound: str = ""

    def is_own_host(self, headers: Sequence[str], local: str = "") -> bool:
        """Whether a request's Host headers name us: this machine's loopback, the address that was bound, the
        address `local` the connection came in on, or the host of an allowed origin. The port is left out: an
        SSH tunnel has another."""
        if len(headers) != 1:
            return False
        host = host_name(headers[0])
        allowed = _LOOPBACK | {self.bound.lower(), local.lower()}
        allowed |= {urlsplit(origin).hostname or "" for origin in self.origins}
        return bool(host) and host in allowed

    def is_own_origin(self, origin: str, host: str) -> bool:
        """Whether a page of `origin` is ours: the one the request's Host names, port included, or an allowed
        one."""
        own = {f"http://{host.lower()}", f"https://{host.lower()}"}
        return origin.lower() in own or origin.lower() in self.origins

    def is_reached_by_tls(self, host: str) -> bool:
        """Whether browsers reach this host by https, as far as the allowed origins tell."""
        return f"https://{host.lower()}" in self.origins


def host_name(header: str) -> str:
    """Return the host of a Host header in lower case, without port and brackets; empty if it is not one."""
    match = _HOST.fullmatch(header.strip().lower())
    return (match["v6"] or match["name"]) if match else ""


@dataclass(slots=True)
class SignIns:
    """The one link that can be used, and the browsers that have used one.

    Args:
        clock: monotonic seconds.
        idle_seconds: how long a browser stays signed in without asking for anything.
    """

    clock: Callable[[], float]
    idle_seconds: float
    _token: str = field(default_factory=lambda: secrets.token_urlsafe(_SECRET_BYTES))
    _seen: dict[bytes, float] = field(default_factory=dict)

    @property
    def token(self) -> str:
        """The secret of the link to be shown to the operator. It works once."""
        return self._token

    def redeem(self, token: str) -> str | None:
        """Trade the link's token for a cookie's value, and make a new token; None if it is not the token."""
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self._token.encode()):
            return None
        self._token = secrets.token_urlsafe(_SECRET_BYTES)
        cookie = secrets.token_urlsafe(_SECRET_BYTES)
        self._forget_idle()
        if len(self._seen) >= _MOST_SIGNED_IN:
            del self._seen[min(self._seen, key=self._seen.__getitem__)]
        self._seen[_digest(cookie)] = self.clock()
        return cookie

    def is_signed_in(self, cookie: str) -> bool:
        """Whether a cookie's value is one that was given out and not left idle; counts as use of it."""
        self._forget_idle()
        digest = _digest(cookie)
        if digest not in self._seen:
            return False
        self._seen[digest] = self.clock()
        return True

    def _forget_idle(self) -> None:
        oldest = self.clock() - self.idle_seconds
        self._seen = {digest: seen for digest, seen in self._seen.items() if seen >= oldest}


def _digest(cookie: str) -> bytes:
    # Looked up by digest: how long that takes says nothing about the cookie.
    return hashlib.sha256(cookie.encode("utf-8", "replace")).digest()
