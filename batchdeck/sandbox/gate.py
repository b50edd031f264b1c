"""The gate every call passes: the key, the version, the encoding, the rate of calls."""

from __future__ import annotations

import datetime as dt
import hmac
import re
from collections.abc import Mapping, Sequence

from batchdeck.sandbox.clock import Clock
from batchdeck.sandbox.problems import Problem, invalid
from batchdeck.sandbox.records import stamp
from batchdeck.sandbox.wire import Request

_VERSION = re.compile(r"20\d\d-\d\d-\d\d")
_MINUTE = 60.0


class Gate:
    """Lets calls through or refuses them.

    Args:
        keys: the keys that are good.
        calls_per_minute: how many calls a minute are; 0 for any number.
        clock: the sandbox's clock; the minute is one of its minutes.
    """

    def __init__(self, keys: Sequence[str], calls_per_minute: int, clock: Clock) -> None:
        self._keys = [key.encode() for key in keys]
        self._limit = calls_per_minute
        self._clock = clock
        self._tokens = float(calls_per_minute)
        self._counted_at = clock.now()

    def check(self, request: Request) -> None:
        """Let a call through.

        Raises:
            Problem: 401, 400 or 429, as the API refuses it.
        """
        self._check_key(request.headers)
        self._check_rate()
        version = request.headers.get("anthropic-version")
        if version is None:
            raise invalid("anthropic-version: header is required")
        if not _VERSION.fullmatch(version):
            raise invalid(f"anthropic-version: {version[:40]!r} is not a valid version")
        encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            raise invalid(
                f"Content-Encoding {encoding[:40]!r} is not supported",
                error_code="request_body_encoding_unsupported",
            )

    def _check_key(self, headers: Mapping[str, str]) -> None:
        bearer = headers.get("authorization", "")
        given = headers.get("x-api-key")
        if given is None and bearer[:7].lower() == "bearer ":
            given = bearer[7:]
        if given is None:
            raise Problem("authentication_error", "x-api-key header is required")
        presented = given.strip().encode("utf-8", "replace")
        if not any(hmac.compare_digest(presented, key) for key in self._keys):
            raise Problem("authentication_error", "API key is invalid.")

    def _check_rate(self) -> None:
        if self._limit == 0:
            return
        now = self._clock.now()
        passed = (now - self._counted_at).total_seconds()
        self._tokens = min(self._limit, self._tokens + passed * self._limit / _MINUTE)
        self._counted_at = now
        if self._tokens < 1:
            wait = (1 - self._tokens) * _MINUTE / self._limit
            raise Problem(
                "rate_limit_error",
                "This request would exceed your organization's rate limit of "
                f"{self._limit} requests per minute.",
                headers={"retry-after": str(max(1, round(wait)))},
            )
        self._tokens -= 1

    def headers(self) -> dict[str, str]:
        """Return the headers that tell a client how much it may still call."""
        if self._limit == 0:
            return {}
        missing = self._limit - self._tokens
        full_at = self._counted_at + dt.timedelta(seconds=missing * _MINUTE / self._limit)
        return {
            "anthropic-ratelimit-requests-limit": str(self._limit),
            "anthropic-ratelimit-requests-remaining": str(max(0, int(self._tokens))),
            "anthropic-ratelimit-requests-reset": str(stamp(full_at.replace(microsecond=0))),
        }
