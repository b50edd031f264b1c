"""The notebooks of the documentation run as they stand, and show what is kept below their cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

from .notebooks import NOTEBOOKS, outputs, run


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_it_did(path: Path, tmp_path: Path) -> None:
    kept: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    assert outputs(run(path, tmp_path)) == outputs(kept), "python -m tests.notebook.notebooks keeps them"
