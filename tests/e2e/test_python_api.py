"""The Python API: as the README shows it, in a script without any guard; and beside other work."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from batchdeck import Deck
from batchdeck.operations import judge, send

from .pdfs import write_pdf

README = Path(__file__).parents[2] / "README.md"


def test_the_readmes_example_runs_as_it_stands(tmp_path: Path) -> None:
    found = re.search(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert found is not None
    (tmp_path / "example.py").write_text(found[1])
    write_pdf(tmp_path / "papers" / "a.pdf", 2, seed=3)
    ran = subprocess.run(
        [sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    (html,) = ran.stdout.split()
    assert "Chapter 2 of 3" in Path(tmp_path / html).read_text()


async def test_what_a_file_system_may_take_long_for_is_not_done_on_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pdf(tmp_path / "papers" / "a.pdf", 2, seed=3)
    write_pdf(tmp_path / "papers" / "b.pdf", 2, seed=4)
    threads: dict[str, set[int]] = {"drop": set(), "source_of": set()}

    def watched(module: ModuleType, name: str) -> None:
        really = getattr(module, name)

        def call(*arguments: Any) -> Any:
            threads[name].add(threading.get_ident())
            return really(*arguments)

        monkeypatch.setattr(module, name, call)

    watched(send, "drop")
    watched(judge, "source_of")
    async with Deck.open(tmp_path / "deck", sandbox=True) as deck:
        await deck.submit(deck.plan(await deck.scan([tmp_path / "papers"])))
        assert not list((deck.path / "spool").glob("*.body"))
        await deck.track(until_ended=True)
    for name, seen in threads.items():
        assert seen, name
        assert threading.get_ident() not in seen, name
