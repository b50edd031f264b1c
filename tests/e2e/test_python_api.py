"""The Python API as the README shows it, run as a script of its own without any guard."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

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
