"""The registry: what the queue holds, and which turn of its page a row is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from batchdeck.sandbox.clock import Clock
from batchdeck.sandbox.files import write_whole
from batchdeck.sandbox.identity import page_key, page_of
from batchdeck.sandbox.problems import Problem
from batchdeck.sandbox.records import BatchRecord
from batchdeck.sandbox.registry import Registry
from batchdeck.sandbox.settings import Limits, Settings
from batchdeck.sandbox.storage import Storage


class State:
    """A state folder with its registry, opened again at will."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self.root = root
        self.settings = replace(Settings(), limits=limits)
        self.reopen()

    def reopen(self) -> None:
        self.storage = Storage(self.root)
        clock = Clock(self.root / "clock.json", real=lambda: 1_800_000_000.0)
        self.registry = Registry(self.storage, clock, self.settings)

    def accept(self, *custom_ids: str) -> BatchRecord:
        folder = self.storage.new_folder()
        write_whole(folder.custom_ids, "\n".join(custom_ids).encode())
        return self.registry.accept(folder, len(custom_ids), "2026-10-21")

    def turns(self, record: BatchRecord) -> list[int]:
        return list(self.storage.folder(record.id).read_attempts())


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state", Limits(queued_requests=5))


def test_what_does_not_fit_the_queue_waits(state: State) -> None:
    state.accept("a", "b", "c")
    with pytest.raises(Problem) as refused:
        state.accept("d", "e", "f")
    assert (refused.value.status, refused.value.type) == (429, "rate_limit_error")
    assert refused.value.headers == {"retry-after": "60"}
    state.accept("d", "e")


def test_a_refused_batch_leaves_no_turn_behind(state: State) -> None:
    state.accept("a", "b", "c")
    with pytest.raises(Problem):
        state.accept("x", "y", "z")
    assert state.turns(state.accept("x")) == [1]


def test_turns_of_a_page_are_counted_over_batches_and_openings(state: State) -> None:
    first = "aaaaaaaaaa-0000003-report-p4"
    second = "bbbbbbbbbb-0000003-report-p4"
    assert state.turns(state.accept(first, "other")) == [1, 1]
    state.reopen()
    assert state.turns(state.accept(second, "bbbbbbbbbb-0000004-report-p5")) == [2, 1]


def test_only_the_nonce_of_our_own_ids_is_left_out() -> None:
    assert page_key("aaaaaaaaaa-0000003-report-p4") == page_key("bbbbbbbbbb-0000003-report-p4")
    assert page_key("aaaaaaaaaa-0000003-report-p4") != page_key("aaaaaaaaaa-0000003-report-p5")
    assert page_key("my-own-id") == "my-own-id"
    assert page_of("aaaaaaaaaa-0000003-report-p4") == 4
    assert page_of("my-own-id") is None
