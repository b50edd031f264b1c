"""The poller's heartbeat: one small file, replaced as a whole after every round."""

from __future__ import annotations

import msgspec

from batchdeck.domain.health import Heartbeat
from batchdeck.store.disk import Disk, storage_failures, write_whole
from batchdeck.store.layout import DeckLayout


def write_heartbeat(layout: DeckLayout, heartbeat: Heartbeat) -> None:
    """Put a heartbeat in the place of the last one.

    Raises:
        StorageFailed: the disk did not take it; the last one still holds.
    """
    with storage_failures("Writing", layout.heartbeat):
        write_whole(Disk(), layout.heartbeat, [msgspec.json.encode(heartbeat)])


def read_heartbeat(layout: DeckLayout) -> Heartbeat | None:
    """Return the last heartbeat; None where there is none that can be understood.

    Raises:
        StorageFailed: the file cannot be read.
    """
    with storage_failures("Reading", layout.heartbeat):
        try:
            data = layout.heartbeat.read_bytes()
        except FileNotFoundError:
            return None
    try:
        return msgspec.json.decode(data, type=Heartbeat)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        # Of another version: the next round replaces it.
        return None
