"""Makes the golden deck of the format that this version writes: run once a format, before it is released.

    python tests/unit/store/golden/make.py

leaves `format-<N>/ledger.json` and `ledger.journal` here, as a killed process would: the last commits are in
the journal alone.
"""

from __future__ import annotations

import dataclasses
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from batchdeck.domain.batches import Archive, SubmissionState
from batchdeck.store.layout import prepare_deck
from batchdeck.store.ledger import Ledger
from batchdeck.store.records import DeckMeta
from batchdeck.store.storage import FORMAT
from tests.unit.store import made

with tempfile.TemporaryDirectory() as folder:
    layout = prepare_deck(Path(folder) / "deck")
    ledger = Ledger.open(layout)
    with ledger.transaction() as tx:
        tx.put(DeckMeta("https://api.example", sandbox=False))
        second = made.document("b.pdf", sha256="cd" * 32, path="/in/b\udce9.pdf", first=4, pages=6)
        tx.put(made.job(documents=(made.document(pages=4), second)))
    ledger.close()
    made.accept(ledger, made.submission("00000000aa", (0, 4), (6, 10)), "msgbatch_1")
    with ledger.transaction() as tx:
        archive = Archive("ef" * 32, 1234, 8, made.NOW, ("rows missing: 1 of 8",))
        tx.put(dataclasses.replace(tx.batch("msgbatch_1"), archive=archive))
    with ledger.transaction() as tx:
        tx.put(made.submission("00000000bb", (4, 6), state=SubmissionState.IN_DOUBT))
    target = Path(__file__).parent / f"format-{FORMAT}"
    target.mkdir(exist_ok=True)
    shutil.copyfile(layout.ledger, target / "ledger.json")
    (target / "ledger.journal").write_bytes(layout.journal.read_bytes().rstrip(b"\0") + bytes(64))
