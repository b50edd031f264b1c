"""Where the trees of a long document lie while nobody works on them, and what is recorded of them: one file
without a name."""

from __future__ import annotations

import contextlib
import errno
import marshal
import operator
import os
import tempfile
import weakref
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload
from xml.etree.ElementTree import Element

from batchdeck.domain.text import show
from batchdeck.errors import StorageFailed

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MOST_AT_HAND = 1_000
"""Pages of a document whose trees are kept in memory; of a longer one, no more than those at work."""
T = TypeVar("T", bound="DataclassInstance")
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
        self._write(data, place.offset)
        place.length = len(data)
        return place

    def add(self, data: bytes) -> int:
        """Write at the end what will never change, and return where, as an offset.

        Raises:
            StorageFailed: it cannot be written.
        """
        offset = self._end
        self._end += len(data)
        self._write(data, offset)
        return offset

    def take(self, offset: int, length: int) -> bytes:
        """Read what lies at a place.

        Raises:
            StorageFailed: it cannot be read whole.
        """
        data = b""
        with self._failures():
            while len(data) < length:
                more = os.pread(self._descriptor, length - len(data), offset + len(data))
                if not more:
                    raise OSError(errno.EIO, "it has become shorter")
                data += more
        return data

    def _write(self, data: bytes, offset: int) -> None:
        view = memoryview(data)
        with self._failures():
            while view:
                view = view[os.pwrite(self._descriptor, view, offset + len(data) - len(view)) :]

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


class Shelved(Sequence[T]):
    """Records of one kind on a shelf, in the order in which they were made.

    `make` is their class, a dataclass of plain values.
    """

    def __init__(self, shelf: Shelf, make: type[T], records: Iterable[T] = ()) -> None:
        self._shelf = shelf
        self._make = make
        self._values: Callable[[T], Any] = operator.attrgetter(*(one.name for one in fields(make)))
        self._offsets = array("Q")
        self._lengths = array("Q")
        self.extend(records)

    def append(self, record: T) -> None:
        data = marshal.dumps(self._values(record))
        self._offsets.append(self._shelf.add(data))
        self._lengths.append(len(data))

    def extend(self, records: Iterable[T]) -> None:
        for record in records:
            self.append(record)

    def __len__(self) -> int:
        return len(self._offsets)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return [self[at] for at in range(len(self))[index]]
        data = self._shelf.take(self._offsets[index], self._lengths[index])
        return self._make(*marshal.loads(data))  # noqa: S302 - our own bytes


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
