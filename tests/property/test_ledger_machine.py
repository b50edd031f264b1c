"""The ledger against a plain dict: whatever two handles, crashes and reopenings do, both hold the same."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from batchdeck.domain.batches import Batch, SubmissionState
from batchdeck.errors import NotFound
from batchdeck.store.layout import prepare_deck
from batchdeck.store.ledger import Ledger
from tests.unit.store import made

MEMORY = Path("/dev/shm")
HANDLES = st.sampled_from([0, 1])
NUMBERS = st.integers(0, 6)
BALLAST = st.sampled_from([0, 0, 0, 5_000, 70_000])


class LedgerMachine(RuleBasedStateMachine):
    """Two handles on one deck, as two processes would have them, and a model of what was committed."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None)
        self.layout = prepare_deck(Path(self.folder) / "deck")
        self.handles = [Ledger.open(self.layout), Ledger.open(self.layout)]
        self.batches: dict[str, Batch] = {}
        self.states: dict[str, SubmissionState] = {}

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def joined(self) -> dict[str, Batch]:
        """The batches of the model, each with its submission."""
        return {
            id_: dataclasses.replace(
                batch,
                submission=made.submission(batch.key, state=self.states[batch.key])
                if batch.key in self.states
                else None,
            )
            for id_, batch in self.batches.items()
        }

    @rule(handle=HANDLES, numbers=st.lists(NUMBERS, min_size=1, max_size=4), key=NUMBERS, ballast=BALLAST)
    def put_batches(self, handle: int, numbers: list[int], key: int, ballast: int) -> None:
        batches = [made.batch(f"b{number}", f"{key:010x}", job="x" * ballast) for number in numbers]
        with self.handles[handle].transaction() as tx:
            for batch in batches:
                tx.put(batch)
                self.batches[batch.id] = batch
            assert {
                id_: dataclasses.replace(b, submission=None) for id_, b in tx.batches().items()
            } == self.batches

    @rule(handle=HANDLES, key=NUMBERS, state=st.sampled_from(list(SubmissionState)))
    def put_submission(self, handle: int, key: int, state: SubmissionState) -> None:
        submission = made.submission(f"{key:010x}", state=state)
        with self.handles[handle].transaction() as tx:
            tx.put(submission)
        self.states[submission.key] = state

    @rule(handle=HANDLES, number=NUMBERS)
    def give_up(self, handle: int, number: int) -> None:
        try:
            with self.handles[handle].transaction() as tx:
                tx.put(made.batch(f"b{number}", "00000000ff", gone=True))
                tx.job("none")
        except NotFound:
            pass

    @rule(tail=st.binary(min_size=1, max_size=40))
    def crash_in_the_middle_of_a_commit(self, tail: bytes) -> None:
        """Leave what a killed writer might: a torn piece where the next commit would begin."""
        content = self.layout.journal.read_bytes()
        self.layout.journal.write_bytes(content.rstrip(b"\0") + tail.replace(b"\n", b" "))

    @rule(handle=HANDLES)
    def reopen(self, handle: int) -> None:
        self.handles[handle] = Ledger.open(self.layout)

    @rule(handle=HANDLES)
    def fold(self, handle: int) -> None:
        self.handles[handle].close()

    @rule(handle=HANDLES)
    def refresh(self, handle: int) -> None:
        ledger = self.handles[handle]
        before = ledger.version
        assert ledger.refresh() == (ledger.version != before)
        assert ledger.batches() == self.joined()
        assert not ledger.refresh()

    @invariant()
    def a_reader_sees_what_was_committed(self) -> None:
        reader = Ledger.open(self.layout, read_only=True)
        assert reader.batches() == self.joined()
        assert {key: s.state for key, s in reader.submissions().items()} == self.states


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
