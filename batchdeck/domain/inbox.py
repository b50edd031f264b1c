"""The inbox's rules: which files count, when they have stopped growing, what they are called afterwards."""

from __future__ import annotations

import datetime as dt
import enum
import itertools
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from batchdeck.domain.documents import Caveat
from batchdeck.domain.text import show

T = TypeVar("T")

SUFFIXES = (".pdf",)
"""What a file's name must end in, in any case."""
_PARTIAL = (".part", ".partial", ".crdownload", ".download", ".filepart", ".tmp", "~")
"""What browsers and copying programs add to a name while it is being written."""
NOTE_SUFFIX = ".txt"
"""What the name of the note beside an unusable file ends in, after the file's own name."""
ASKS_FIRST = frozenset({Caveat.DYNAMIC_XFA, Caveat.PORTFOLIO, Caveat.ODD_PAGE_BOX, Caveat.GIANT_CONTENT})
"""What an operator is asked about before a file is paid for: nobody is there to be asked."""
_LONGEST_NAME = 255
_EMPTY_PATIENCE = 10
"""An empty file is probably about to be written: it gets this many times the patience."""


class Done(enum.StrEnum):
    """What becomes of a file that has been dealt with."""

    MOVE = "move"
    """Into `done/` or `problems/` of the inbox."""
    MARK = "mark"
    """It stays as it is; the deck remembers it."""


@dataclass(frozen=True, slots=True)
class InboxOrder:
    """A folder whose new files are submitted without being asked, and how. Dollars by the estimate."""

    folder: str
    recipe: str = "pdf-to-html"
    model: str | None = None
    max_tokens: int | None = None
    usd_per_file: float | None = None
    usd_per_day: float = 20.0
    done: Done = Done.MOVE
    settle_seconds: float = 5.0
    rescan_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Signature:
    """What changes when a file is written to or replaced."""

    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was last seen, and since when it has looked so."""

    signature: Signature
    since: dt.datetime


def is_wanted(name: str, names: Collection[str]) -> bool:
    """Say whether a file of an inbox counts by its name: a source, whole, and nobody's lock on it.

    Args:
        names: all names in the folder, to see companions that say it is still being written.
    """
    if name.startswith((".", "~")) or not name.lower().endswith(SUFFIXES):
        return False
    companions = (*(name + ending for ending in _PARTIAL), f".~lock.{name}#", f"~${name}")
    return not any(companion in names for companion in companions)


def look(before: Mapping[str, Seen], now_there: Mapping[str, Signature], now: dt.datetime) -> dict[str, Seen]:
    """Return the files that are there, each with since when it has looked as it does."""
    return {
        name: seen
        if (seen := before.get(name)) is not None and seen.signature == signature and seen.since <= now
        else Seen(signature, now)
        for name, signature in now_there.items()
    }


def settles_at(seen: Seen, settle_seconds: float) -> dt.datetime:
    """Return when a file counts as complete, unless it changes before."""
    patience = settle_seconds * (1 if seen.signature.size else _EMPTY_PATIENCE)
    return seen.since + dt.timedelta(seconds=patience)


def affordable(items: Iterable[tuple[T, float]], left: float) -> tuple[list[T], list[T]]:
    """Split items with their dollars into those that fit into what is left, taken in order, and the rest.

    The first that does not fit ends it: a large file is not passed over for ever by small ones behind it.
    """
    chosen: list[T] = []
    rest: list[T] = []
    for item, usd in items:
        if rest or usd > left:
            rest.append(item)
        else:
            left -= usd
            chosen.append(item)
    return chosen, rest


def job_name(folder: str, now: dt.datetime) -> str:
    """Name a job after its inbox and the minute it was made in (UTC)."""
    base = os.path.basename(folder.rstrip("/")) or "inbox"
    return f"{show(base, 40)} {now.astimezone(dt.UTC):%Y-%m-%d %H:%M}"


def free_names(name: str) -> Iterator[str]:
    """Yield a file's own name, then with a number before its suffix, for as long as they are taken.

    Each leaves room for `NOTE_SUFFIX` in the 255 bytes that a name may have.
    """
    stem, suffix = os.path.splitext(name)
    for number in itertools.count(1):
        ending = f"-{number}{suffix}" if number > 1 else suffix
        room = _LONGEST_NAME - len(os.fsencode(NOTE_SUFFIX)) - len(os.fsencode(ending))
        yield os.fsdecode(os.fsencode(stem)[: max(room, 1)]) + ending


def problem_text(name: str, reason: str, when: dt.datetime) -> str:
    """Return what the note beside an unusable file says."""
    moment = when.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    head = f"{show(name, 200)} was not submitted ({moment})."
    return f"{head}\n{reason}\nMend it, then put it into the inbox again.\n"
