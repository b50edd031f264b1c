"""The commands of docs/ways.md, as they stand there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Operator
from .pdfs import write_pdf

DOCUMENT = Path(__file__).parents[2] / "docs" / "ways.md"


def documented(heading: str) -> list[list[str]]:
    """Return the arguments of the commands that stand first under a heading."""
    found = re.search(rf"^## {heading}.*?```\n(.*?)```", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    return [shlex.split(line)[1:] for line in found[1].splitlines()]


@pytest.mark.parametrize("heading", ["At once", "Small first"])
def test_the_documented_commands_do_what_is_said(
    operator: Callable[..., Operator], tmp_path: Path, heading: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_pdf(tmp_path / "papers" / "short.pdf", 2)
    write_pdf(tmp_path / "papers" / "long.pdf", 11, seed=1)
    who = operator("")
    for command in documented(heading):
        ran = who.run(*command)
        assert ran.code == 0, (command, ran.err)
    (job,) = who.json("jobs")["jobs"]
    assert (job["state"], job["outcomes"]) == ("complete", {"ok": 13})
    rows = who.json("ls")["batches"]
    assert (
        sorted((row["realtime"], row["requests"]) for row in rows)
        == {
            "At once": [(False, 11), (True, 2)],
            "Small first": [(False, 1), (False, 5), (False, 6), (True, 1)],
        }[heading]
    )
