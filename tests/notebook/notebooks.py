"""The notebooks of the documentation: run, and their outputs kept: ``python -m tests.notebook.notebooks``."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "docs" / "notebooks"
_HOME = "/home/you"
_CHANGING = (
    (re.compile(r"msgbatch_\w+"), "msgbatch_…"),
    (re.compile(r"\bj[0-9a-f]{8}\b"), "j…"),
    (re.compile(r"\$[\d.,]+"), "$…"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"), "then"),
    (re.compile(r"\b\d+:\d\d(:\d\d)?\b"), "0:00"),
    # What is told only where somebody had to wait.
    (re.compile(r"<p>[▸…] .*?</p>\n?"), ""),
    (re.compile(r"[ \t]+"), " "),
)
"""What differs from run to run."""


def run(path: Path, folder: Path) -> Any:
    """Return a notebook with its outputs, run in a folder."""
    book: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    environ = os.environ | {"PYTHONPATH": str(ROOT), "BATCHDECK_OPERATOR": "you"}
    where = {"metadata": {"path": str(folder)}}
    NotebookClient(book, timeout=120, record_timing=False, resources=where).execute(env=environ)
    for cell in book.cells:
        for output in cell.get("outputs", ()):
            for kind, text in output.get("data", {}).items():
                output["data"][kind] = text.replace(str(folder), _HOME)
    return book


def outputs(book: Any) -> list[str]:
    """Return what stands below each cell, without what differs from run to run."""
    return [_without_changes(_texts(cell.get("outputs", ()))) for cell in book.cells]


def _texts(shown: Any) -> str:
    texts = [output.get("text", "") + output.get("data", {}).get("text/html", "") for output in shown]
    return "\n".join(texts)


def _without_changes(text: str) -> str:
    for pattern, instead in _CHANGING:
        text = pattern.sub(instead, text)
    return text


def main() -> int:
    """Run all notebooks and keep their outputs."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        with tempfile.TemporaryDirectory() as folder:
            book = run(path, Path(folder))
        nbformat.write(book, path)  # type: ignore[no-untyped-call]
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
