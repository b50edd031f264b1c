"""Where the trees of a long document lie while nobody works on them: one file without a name."""

from __future__ import annotations

import contextlib
import errno
import marshal
import os
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from batchdeck.domain.text import show
from batchdeck.errors import StorageFailed

MOST_AT_HAND = 1_000
"""Pages of a document whose trees are kept in memory; of a longer one, no more than those at work."""
_ROOM = 8
"""A tree gets room for an eighth more than it takes: most edits are small."""


@dataclass(slots=True)
class Place:
    """Where a tree lies in the file, in bytes."""

    offset: int
    room: int
    length: int


class Shelf:
    """A file that is gone with the process. It is made in `folder`, or where the system keeps such files.

    Raises:
        StorageFailed: it cannot be made.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder or Path(tempfile.gettempdir())
        with self._failures():
            file = tempfile.TemporaryFile(buffering=0, dir=self._folder)  # noqa: SIM115 - closed with the shelf
        weakref.finalize(self, file.close)
        self._descriptor = file.fileno()
        self._end = 0

    def put(self, data: bytes, place: Place | None) -> Place:
        """Write a tree where it lay before, or at the end where it has outgrown that, and return where.

        Raises:
            StorageFailed: it cannot be written.
        """
        if place is None or len(data) > place.room:
            room = len(data) + len(data) // _ROOM
            place = Place(self._end, room, 0)
            self._end += room
        view = memoryview(data)
        with self._failures():
            while view:
                view = view[os.pwrite(self._descriptor, view, place.offset + len(data) - len(view)) :]
        place.length = len(data)
        return place

    def take(self, place: Place) -> bytes:
        """Read what lies at a place.

        Raises:
            StorageFailed: it cannot be read whole.
        """
        data = b""
        with self._failures():
            while len(data) < place.length:
                more = os.pread(self._descriptor, place.length - len(data), place.offset + len(data))
                if not more:
                    raise OSError(errno.EIO, "it has become shorter")
                data += more
        return data

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            where, reason = show(str(self._folder), 200), error.strerror or type(error).__name__
            raise StorageFailed(
                f"The file in {where} that keeps the pages of a long document failed: {reason}.",
                hint="Free some space there, or export into another folder (--out).",
            ) from error


def encode(tree: Element) -> bytes:
    """Return a tree as bytes that only this process reads: exact to the last character, also where text
    holds what UTF-8 cannot."""
    return marshal.dumps([(one.tag, one.items(), one.text, one.tail, len(one)) for one in tree.iter()])


def decode(data: bytes) -> Element:
    """Return the tree that `encode` was given."""
    holder = Element("")
    waiting = [(holder, 1)]
    for tag, attributes, text, tail, children in marshal.loads(data):  # noqa: S302 - our own bytes
        element = Element(tag, dict(attributes)) if attributes else Element(tag)
        if text is not None:
            element.text = text
        if tail is not None:
            element.tail = tail
        parent, missing = waiting[-1]
        parent.append(element)
        if missing == 1:
            waiting.pop()
        else:
            waiting[-1] = parent, missing - 1
        if children:
            waiting.append((element, children))
    return holder[0]
