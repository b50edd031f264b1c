"""Sources that change or vanish in the vault: nobody pays for pages that nobody meant, or believes them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from batchdeck import Deck
from batchdeck.domain.events import Event, Note
from batchdeck.domain.findings import Check
from batchdeck.store.layout import DeckLayout
from tests.e2e.pdfs import write_pdf

FAIL_ONCE = '[[rows]]\noutcome = "overloaded_error"\nattempts = 1\n'
DAMAGED = {
    "a.pdf": "is not what was submitted",
    "b.pdf": "is gone from the vault",
    "c.pdf": "has a readable form that is damaged",
}


def said_of(events: list[Event], name: str) -> str:
    return "\n".join(event.text for event in events if isinstance(event, Note) and name in event.text)


async def vault_of(deck: Deck) -> Check:
    (found,) = (check for check in await deck.doctor(deep=True) if check.name == "vault")
    return found


async def test_of_a_kept_source_that_is_another_nothing_is_asked_or_believed(tmp_path: Path) -> None:
    papers = tmp_path / "papers"
    for number, name in enumerate((*DAMAGED, "d.pdf")):
        write_pdf(papers / name, 1, seed=number)
    faults = tmp_path / "faults.toml"
    faults.write_text(FAIL_ONCE)
    async with Deck.open(tmp_path / "deck", sandbox=True, faults=faults) as deck:
        job = (await deck.submit(deck.plan(await deck.scan([papers])))).job
        await deck.track(until_ended=True)
        assert deck.jobs()[0].outcomes == {"errored": 4}
        layout = DeckLayout(deck.path)
        shas = {ref.name: ref.sha256 for ref in deck._context.ledger.job(job).documents}
        kept = {name: layout.source(sha) for name, sha in shas.items()}
        originals = {name: path.read_bytes() for name, path in kept.items()}
        shutil.copyfile(kept["d.pdf"], kept["a.pdf"])
        kept["b.pdf"].unlink()
        form = layout.readable_source(shas["c.pdf"])
        form.write_bytes(b"%PDF-1.7 and no end")

        retried = [event async for event in deck.retry(await deck.plan_retry(job))]
        await deck.track(until_ended=True)
        assert deck.jobs()[0].outcomes == {"errored": 3, "ok": 1}
        exported = [event async for event in deck.export(job)]
        for name, says in DAMAGED.items():
            assert says in said_of(retried, name)
            assert says in said_of(exported, name)
            (report,) = (deck.path / "exports" / job).glob(f"{name[0]}-*.report.json")
            reviews = json.loads(report.read_text())["reviews"]
            assert [one["message"] for one in reviews if one["kind"] == "source" and says in one["message"]]
        assert not said_of(retried + exported, "d.pdf")
        found = await vault_of(deck)
        assert [path.name in found.detail for path in (kept["a.pdf"], kept["b.pdf"], form)] == [True] * 3

        await deck.submit(deck.plan(await deck.scan([papers / "a.pdf"]), again=True))
        assert kept["a.pdf"].read_bytes() == originals["a.pdf"], "copied again from where it came"
        await deck.repair()
        assert {name: path.read_bytes() for name, path in kept.items()} == originals
        assert not form.exists()
        assert (await vault_of(deck)).ok
