"""A small share of every proof for every change, and proof that the judge would notice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.pdfs import write_pdf
from tests.faults.__main__ import proofs
from tests.faults.figures import Figures
from tests.faults.people import Person, fork, import_everything, submit
from tests.faults.server import serving
from tests.faults.submits import SETTINGS, judge

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_share_of_every_proof_holds() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults", "--quick", "--seed", "3"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2_000:]
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(proofs(1))


@pytest.mark.slow
def test_what_is_paid_twice_lost_or_unknown_is_noticed(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"from tests.faults.test_proofs import *; break_it(Path({str(tmp_path)!r}))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "2 paid twice, 3 lost\n"), done.stderr[-2_000:]


def break_it(folder: Path) -> None:
    """Submit a document from two decks, one of which is then forgotten, and expect another's pages, too."""
    import_everything()
    source = write_pdf(folder / "in" / "twice.pdf", 2, seed=1, words=12).parent
    with serving(folder / "server") as server:
        people = [Person(folder / name, server, SETTINGS) for name in ("deck", "forgotten")]
        for person in people:
            assert not fork(lambda who=person: submit(who, source)).wait().crash  # type: ignore[misc]
        figures = Figures("broken", 1)
        judge(people[:1], {("twice", 1), ("twice", 2), ("never", 1), ("never", 2)}, figures)
    print(f"{figures.paid_twice} paid twice, {figures.lost} lost")
