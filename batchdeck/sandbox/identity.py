"""Which page a row is about, so that a second try of the same page is known as one."""

from __future__ import annotations

from batchdeck.domain.requests import parse_custom_id


def page_key(custom_id: str) -> str:
    """Return what stays the same in a custom_id when its page is tried again.

    BatchDeck's own ids begin with a nonce that every submission has anew: the rest is the page. Other
    clients' ids are taken whole.
    """
    ours = parse_custom_id(custom_id)
    return custom_id if ours is None else f"{ours.index}-{ours.slug}-p{ours.page}"


def page_of(custom_id: str) -> int | None:
    """Return the page of the document that one of BatchDeck's own ids names, or None."""
    ours = parse_custom_id(custom_id)
    return None if ours is None else ours.page
