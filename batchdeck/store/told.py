"""What people have been told, and the letters still on their way: one small file, replaced as a whole."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from batchdeck.domain.letters import Letter
from batchdeck.domain.text import show
from batchdeck.errors import DeckDamaged
from batchdeck.store.disk import Disk, storage_failures, write_whole
from batchdeck.store.layout import DeckLayout
from batchdeck.store.locks import hold, try_hold

_WAIT_SECONDS = 30.0


@dataclass(slots=True)
class Told:
    """The content of the file."""

    since: dt.datetime
    """What the deck's records say of earlier times was never to be told."""
    once: dict[str, dt.datetime] = field(default_factory=dict)
    """What was told, by what it is known by, and when."""
    letters: list[Letter] = field(default_factory=list)


class ToldFile:
    """Reads and changes the file. Any number of processes may; one of them at a time sends."""

    def __init__(self, layout: DeckLayout) -> None:
        self._path = layout.told
        self._lock = layout.lock("told")
        self._sending = layout.lock("telling")
        self._disk = Disk()

    def read(self) -> Told | None:
        """Return what it says; None where nothing was ever to be told.

        Raises:
            DeckDamaged: it cannot be understood.
            StorageFailed: it cannot be read.
        """
        with storage_failures("Reading", self._path):
            try:
                data = self._path.read_bytes()
            except FileNotFoundError:
                return None
        try:
            return msgspec.json.decode(data, type=Told)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise DeckDamaged(
                f"{show(str(self._path), 200)} cannot be understood: {show(str(error), 200)}.",
                hint="Remove it: telling begins anew, and what happened before is not told.",
            ) from None

    @contextlib.contextmanager
    def changing(self, now: dt.datetime) -> Iterator[Told]:
        """Hand out the content to be changed in place; it is on the disk when the block has ended.

        Raises:
            DeckDamaged, DeckLocked, StorageFailed: nothing was changed.
        """
        with hold(self._lock, wait_seconds=_WAIT_SECONDS, what="telling people"):
            told = self.read()
            before = msgspec.json.encode(told) if told is not None else b""
            told = told or Told(since=now)
            yield told
            data = msgspec.json.encode(told)
            if data != before:
                with storage_failures("Writing", self._path):
                    write_whole(self._disk, self._path, [data])

    @contextlib.contextmanager
    def sending(self) -> Iterator[bool]:
        """Hold the right to send letters, if nobody has it: then none is sent twice."""
        with try_hold(self._sending, what="sending messages") as held:
            yield held
