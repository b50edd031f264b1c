"""What every answer tells the browser not to do."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

ALWAYS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
EXPORT_POLICY = (
    "sandbox allow-same-origin; default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""For exported documents, which hold what a model answered: no script, no form, nothing from elsewhere. They
keep their origin only so that their pictures come with the cookie; without scripts nothing else uses it."""
NOTHING_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""For what is no page."""


def make_nonce() -> str:
    """Return a value that marks the scripts and styles of one answer as ours."""
    return secrets.token_urlsafe(16)


def page_policy(nonce: str) -> str:
    """Return the policy of our own pages: our scripts, styles and fonts, connections to this server only."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; font-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
