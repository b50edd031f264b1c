"""Refusals in the API's own form: a status, an error type and a message. No endpoint lives here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

STATUS_OF_TYPE: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""HTTP status of each error type. Source: the public error reference."""


@dataclass(slots=True)
class Problem(Exception):
    """A call, or one row of a batch, that the API refuses.

    `error_code` is the stable code that some errors carry in `details`; `headers` go out with the refusal.
    """

    type: str
    message: str
    status: int = 0
    error_code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.status:
            self.status = STATUS_OF_TYPE[self.type]

    def __str__(self) -> str:
        return f"{self.status} {self.type}: {self.message}"

    def told(self) -> dict[str, Any]:
        """Return the fields that make the same problem again in another process."""
        return {
            "type": self.type,
            "message": self.message,
            "status": self.status,
            "error_code": self.error_code,
            "headers": dict(self.headers),
        }

    def body(self, request_id: str | None) -> dict[str, Any]:
        """Return the error as the API answers a call with it."""
        details = {"error_code": self.error_code} if self.error_code else {}
        return self._body(details, request_id)

    def row_body(self) -> dict[str, Any]:
        """Return the error as it stands in an errored row of a batch."""
        return self._body({"error_visibility": "user_facing"}, None)

    def _body(self, details: dict[str, str], request_id: str | None) -> dict[str, Any]:
        error: dict[str, Any] = {"type": self.type, "message": self.message}
        if details:
            error["details"] = details
        return {"type": "error", "error": error, "request_id": request_id}


def invalid(message: str, *, error_code: str = "") -> Problem:
    """Return a 400 `invalid_request_error`."""
    return Problem("invalid_request_error", message, error_code=error_code)


def not_found(message: str) -> Problem:
    """Return a 404 `not_found_error`."""
    return Problem("not_found_error", message)
