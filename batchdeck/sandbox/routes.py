"""Which endpoint a path and a method mean. What the endpoint does is told elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

from batchdeck.sandbox.faults import Endpoint
from batchdeck.sandbox.problems import Problem, not_found

_ID = r"([A-Za-z0-9_.:@-]{1,200})"
_ROUTES: tuple[tuple[re.Pattern[str], dict[str, Endpoint]], ...] = tuple(
    (re.compile(pattern), methods)
    for pattern, methods in (
        ("/v1/messages/batches", {"POST": Endpoint.CREATE, "GET": Endpoint.LIST}),
        (f"/v1/messages/batches/{_ID}", {"GET": Endpoint.RETRIEVE, "DELETE": Endpoint.DELETE}),
        (f"/v1/messages/batches/{_ID}/cancel", {"POST": Endpoint.CANCEL}),
        (f"/v1/messages/batches/{_ID}/results", {"GET": Endpoint.RESULTS}),
        ("/v1/messages", {"POST": Endpoint.MESSAGES}),
        ("/v1/messages/count_tokens", {"POST": Endpoint.COUNT_TOKENS}),
        ("/v1/models", {"GET": Endpoint.MODELS}),
        (f"/v1/models/{_ID}", {"GET": Endpoint.MODELS}),
        ("/sandbox", {"GET": Endpoint.SANDBOX}),
        ("/sandbox/clock", {"POST": Endpoint.CLOCK}),
        ("/sandbox/stop", {"POST": Endpoint.STOP}),
    )
)


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint, and the id in its path (empty where it has none)."""

    endpoint: Endpoint
    id: str = ""


def find_route(method: str, path: str) -> Route:
    """Return what a request asks for.

    Raises:
        Problem: 404 for an unknown path, 405 for a method that a path does not have.
    """
    for pattern, methods in _ROUTES:
        match = pattern.fullmatch(path.rstrip("/") or "/")
        if match is None:
            continue
        endpoint = methods.get("GET" if method == "HEAD" else method)
        if endpoint is None:
            allowed = {"allow": ", ".join(methods)}
            raise Problem("invalid_request_error", "Method Not Allowed", status=405, headers=allowed)
        return Route(endpoint, match[1] if match.groups() else "")
    raise not_found("Not found")
