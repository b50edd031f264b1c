"""Ask a real JupyterLab: ``python -m tests.judges.notebook [--pictures FOLDER]``.

A notebook runs the main job on the sandbox with the API and opens two dashboards in two cells; one of them is
worked from the keyboard in a headless Chromium. Exits 1 when something is not as it should be, 2 when a tool
is not installed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from tests.judges.lab import (
    InCell,
    Notebook,
    browser_page,
    dashboards_under,
    is_running,
    jupyter_lab,
    listening,
    screen_size,
    wait_until,
    with_descendants,
)

_TOOLS = ("jupyterlab", "playwright", "pyte", "anywidget", "textual_serve")
_CELLS = (
    """\
from pathlib import Path
import os
import batchdeck.sandbox
from batchdeck import Deck
from batchdeck.sandbox.samples import write_samples

faults = Path(batchdeck.sandbox.__file__).with_name("demo_faults.toml")
deck = await Deck.open("deck", sandbox=True, faults=faults)
write_samples(Path("papers"))
Path("kernel").write_text(str(os.getpid()))
deck""",
    "plan = deck.plan(await deck.scan(['papers']), name='reports')\nplan",
    "sent = await deck.submit(plan)\nsent",
    "await deck.track(until_ended=True)\ndeck.failures(sent.job)",
    "first = deck.dashboard(height=520)\nfirst",
    "second = deck.dashboard(height=400)\nsecond",
    "report = await deck.export('reports')\nreport.documents[1].show(height=240)",
    "sum(n for outcome, n in deck.job('reports').outcomes.items() if outcome.is_failure)",
)
_FIRST, _COUNT = 4, 7


def main(arguments: list[str]) -> int:
    """Go through it all; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.judges.notebook", description=__doc__)
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="leave pictures of the pages there")
    pictures = parser.parse_args(arguments).pictures
    missing = [tool for tool in _TOOLS if find_spec(tool) is None]
    if missing:
        print("Not installed:", *missing, "(tests/judges/README.md says how)", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="batchdeck-lab-") as name:
        folder = Path(name)
        _write_notebook(folder / "reports.ipynb")
        requests: list[str] = []
        with jupyter_lab(folder) as url, browser_page(requests) as page:
            _go_through(Notebook(page, url, "reports.ipynb"), folder, pictures)
            outside = [r for r in requests if not r.startswith((url, "blob:", "data:", "about:"))]
            assert not outside, f"asked for {outside}"
            _done("nothing was asked for outside the server")
    return 0


def _write_notebook(path: Path) -> None:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "source": cell, "metadata": {}, "outputs": [], "execution_count": None}
        for cell in _CELLS
    ]
    book = {"nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": kernel}, "cells": cells}
    path.write_text(json.dumps(book))


def _go_through(book: Notebook, folder: Path, pictures: Path | None) -> None:
    book.command("notebook:run-all-cells")
    first, second = book.dashboards(2)
    for dashboard in (first, second):
        # It begins when it is first seen.
        dashboard.see()
        dashboard.wait_for("batches", "11 pages need you", "reports")
    assert "Plan reports: 33 pages of 7 documents" in book.output(1)
    assert "$0." in book.output(1), "money was taken for mathematics"
    assert book.output(_COUNT).strip().endswith("11")
    _done("the main job ran in the notebook, and two cells show dashboards")
    book.page.wait_for_selector('iframe[sandbox=""]')
    document = book.page.frame_locator('iframe[sandbox=""]').locator("h1").inner_text()
    assert document == "A Year at Harrowmere Public Library", document
    _done("an exported document is seen in place, in a frame that may do nothing")
    one, two = wait_until(lambda: len(p := dashboards_under(folder)) == 2 and p, "two processes")
    assert not listening(with_descendants([one, two])), "a dashboard listens on a port"
    _done("neither has opened a port")
    _retry_by_keyboard(first, second, pictures)
    _count_again(book)
    _resize(book, first, second, one, two)
    _use_the_mouse(second)
    _reload(book, one)
    _delete_cell(book, one, two)
    _kill_kernel(folder, two)


def _retry_by_keyboard(first: InCell, second: InCell, pictures: Path | None) -> None:
    first.focus()
    first.press("Enter")
    first.wait_for("33 pages", "11 failed")
    first.press("e")
    first.wait_for("failures only")
    first.press("Enter")
    first.wait_for("truncated", "attempt")
    if pictures is not None:
        first.picture(pictures / "notebook.png")
    first.press("r")
    first.wait_for("max_tokens 16,000 → 32,000")
    first.press("y")
    first.wait_for("1 page submitted in 1 batch", seconds=90)
    _done("a failed page was drilled into and retried from the keyboard")
    second.wait_for("10 pages need you", "batches", seconds=90)
    _done("the other dashboard saw the counts change, and stayed where it was")


def _count_again(book: Notebook) -> None:
    book.select(_COUNT)
    book.command("notebook:run-cell")
    wait_until(lambda: book.output(_COUNT).strip().endswith("10"), "the count in the notebook")
    _done("so did the notebook")


def _resize(book: Notebook, first: InCell, second: InCell, one: int, two: int) -> None:
    before, other = screen_size(one), screen_size(two)
    first.element.evaluate("(frame) => { frame.parentElement.style.height = '720px'; }")
    _wait_for_size(first, one, lambda size: size[1] > before[1] + 8)
    assert screen_size(two) == other, "the other one was resized, too"
    book.page.set_viewport_size({"width": 900, "height": 1000})
    _wait_for_size(first, one, lambda size: size[0] < before[0])
    _wait_for_size(second, two, lambda size: size[0] < other[0])
    book.page.set_viewport_size({"width": 1200, "height": 1000})
    _wait_for_size(first, one, lambda size: size[0] == before[0])
    _wait_for_size(second, two, lambda size: size == other)
    _done(f"resized from {before} to {screen_size(one)}, and narrower and back")


def _wait_for_size(dashboard: InCell, pid: int, holds: Callable[[tuple[int, int]], bool]) -> None:
    def seen() -> bool:
        # JupyterLab scrolls at times of its own.
        dashboard.see()
        return holds(screen_size(pid))

    wait_until(seen, "another size")


def _use_the_mouse(second: InCell) -> None:
    second.see()
    box = second.element.bounding_box()
    second.element.click(position={"x": box["width"] * 0.2, "y": 44})
    second.wait_for("by job ▲")
    assert second.has_focus()
    second.press("F6")
    assert not second.has_focus()
    _done("a click sorted the list, and F6 led out of the dashboard")


def _reload(book: Notebook, one: int) -> None:
    book.command("docmanager:save")
    wait_until(lambda: not book.page.locator(".jp-mod-dirty").count(), "the notebook on disk")
    book.reload()
    for dashboard in book.dashboards(2):
        dashboard.see()
        dashboard.wait_for("BatchDeck", "reports")
    assert is_running(one)
    _done("both dashboards came back when the page was loaded anew")


def _delete_cell(book: Notebook, one: int, two: int) -> None:
    book.select(_FIRST)
    book.command("notebook:delete-cell")
    wait_until(lambda: not is_running(one), "the end of a dashboard whose cell is gone")
    assert is_running(two)
    _done("a dashboard ended with its cell, the other one did not")


def _kill_kernel(folder: Path, two: int) -> None:
    kernel = int((folder / "kernel").read_text())
    family = with_descendants([kernel, two])
    os.kill(kernel, signal.SIGKILL)
    wait_until(lambda: not any(map(is_running, family)), "the end of all processes", 90)
    assert not dashboards_under(folder)
    _done(f"the killed kernel left none of {len(family)} processes behind")


def _done(what: str) -> None:
    print(f"✓ {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
