"""Spooling to a disk that does not take it: an error with a hint, and nothing left behind."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from batchdeck.domain.requests import BatchLimits
from batchdeck.errors import StorageFailed
from batchdeck.operations.spool import Spool
from batchdeck.store.layout import DeckLayout, prepare_deck

KEY = "00000000aa"


def refuse(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def left_in(layout: DeckLayout) -> list[Path]:
    return [*layout.spool.iterdir(), *layout.batches.iterdir()]


def test_a_body_that_cannot_be_synced_is_an_error_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = prepare_deck(tmp_path / "deck")
    spool = Spool(layout, KEY, BatchLimits())
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageFailed, match="No space left") as failed:
        spool.finish()
    assert "Free some space" in failed.value.hint
    spool.discard()
    assert left_in(layout) == []


def test_a_spool_that_cannot_be_begun_leaves_nothing(tmp_path: Path) -> None:
    layout = prepare_deck(tmp_path / "deck")
    layout.batches.rmdir()
    layout.batches.write_bytes(b"in the way")
    with pytest.raises(StorageFailed):
        Spool(layout, KEY, BatchLimits())
    assert list(layout.spool.iterdir()) == []
