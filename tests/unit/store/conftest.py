"""A deck in a temporary folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchdeck.store.layout import DeckLayout, prepare_deck
from batchdeck.store.ledger import Ledger


@pytest.fixture
def memory_path(tmp_path: Path) -> Iterator[Path]:
    """A temporary folder in memory, where there is one: for tests that sync a thousand times."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="batchdeck-", dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def layout(memory_path: Path) -> DeckLayout:
    return prepare_deck(memory_path / "deck")


@pytest.fixture
def ledger(layout: DeckLayout) -> Iterator[Ledger]:
    opened = Ledger.open(layout)
    yield opened
    opened.close()
