"""Letters: messages on their way to one address each, waiting, tried again, or put together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

PAUSES = (2.0, 15.0, 60.0, 600.0)
"""Seconds between two attempts to send one letter."""
MOST_AT_ONCE = 5
"""How many letters one address gets in a row; more are put into one."""


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody reads: plain text, with a title of one line."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One message for one address."""

    id: str
    kind: str
    address: str
    """Which address, by its mark; the address itself is written down nowhere."""
    message: Message
    at: dt.datetime
    """When it was written."""
    due: dt.datetime
    """When it is to be sent, or tried again."""
    is_held: bool = False
    """Whether it waits for the quiet hours to end."""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Reached:
    """What became of a test message for one address, which is named by what may be shown of it."""

    address: str
    problem: str
    """Why it was not taken; empty when it was."""


def parcels(letters: Sequence[Letter], now: dt.datetime) -> list[tuple[Letter, ...]]:
    """Return what is to be sent now, letters that go out as one message together, oldest first.

    Those that quiet hours have held back come together, and so do all of an address that has many.
    """
    due: dict[str, list[Letter]] = {}
    for letter in sorted(letters, key=lambda letter: letter.at):
        if letter.due <= now:
            due.setdefault(letter.address, []).append(letter)
    found: list[tuple[Letter, ...]] = []
    for own in due.values():
        together = own if len(own) > MOST_AT_ONCE else [letter for letter in own if letter.is_held]
        if together:
            found.append(tuple(together))
        found += [(letter,) for letter in own if letter not in together]
    return found


def after_failure(letter: Letter, now: dt.datetime, pauses: Sequence[float] = PAUSES) -> Letter | None:
    """Return a letter as it waits for its next attempt; None when it has had its last."""
    if letter.attempts >= len(pauses):
        return None
    later = now + dt.timedelta(seconds=pauses[letter.attempts])
    return replace(letter, attempts=letter.attempts + 1, due=later)
