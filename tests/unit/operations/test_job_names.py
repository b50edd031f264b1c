"""What a job is called when nobody gives it a name: after its folder, or after its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchdeck.deck import Deck
from tests.e2e.pdfs import write_pdf


async def test_a_job_is_named_after_what_was_pointed_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = write_pdf(tmp_path / "papers" / "sub" / "one.pdf", 1)
    monkeypatch.chdir(tmp_path / "papers" / "sub")
    async with Deck.open(tmp_path / "deck", api_key="key", base_url="http://127.0.0.1:9") as deck:

        async def name_of(*paths: str | Path) -> str:
            return deck.plan(await deck.scan(paths)).name

        assert await name_of(tmp_path / "papers") == "papers"
        assert await name_of(f"{tmp_path}/papers/") == "papers"
        assert await name_of(".") == "sub"
        assert await name_of(paper) == "one"
        other = write_pdf(tmp_path / "papers" / "two.pdf", 1, seed=1)
        assert await name_of(tmp_path / "papers") == "papers"
        assert await name_of(paper, other) == "one and 1 more"
