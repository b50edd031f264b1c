"""A share of the hostile corpus, through the real workers; `python -m tests.faults.hostile` plays it all."""

from __future__ import annotations

from pathlib import Path
from random import Random

from batchdeck.config import Settings
from batchdeck.config_sections import Limits
from tests.faults.hostile.corpus import hostile_files, mutant
from tests.faults.hostile.lies import LIES
from tests.faults.hostile.names import hostile_names, play_names
from tests.faults.hostile.play import play

LIMITS = Limits(scan_seconds=5)


async def test_hostile_files_cost_one_line_each(tmp_path: Path) -> None:
    figures = await play(hostile_files(40, 7), tmp_path, settings=Settings(limits=LIMITS))
    assert (figures.hangs, figures.escapes, figures.raised) == ([], [], [])
    assert figures.files == 40
    assert figures.peak_bytes <= LIMITS.memory_bytes
    assert figures.parent_growth < 300 << 20
    assert figures.outcomes["usable with caveats"] + figures.outcomes["usable"] > 10
    assert figures.outcomes["damaged"] >= 1


def test_the_same_seed_makes_the_same_files() -> None:
    made = {
        make.__name__: (make(Random("3")), make(Random("3")), make(Random("4"))) for make in (*LIES, mutant)
    }
    del made["encryption"]  # its keys are made of true randomness
    assert all(once == again for once, again, _ in made.values())
    assert sum(once != other for once, _, other in made.values()) > len(made) / 2
    assert list(hostile_names(50, 3)) == list(hostile_names(50, 3))


def test_hostile_names_are_shown_kept_and_exported_safely(tmp_path: Path) -> None:
    figures = play_names(300, 3, tmp_path)
    assert figures.problems == []
    assert len(figures.folded) == len(figures.stems)
