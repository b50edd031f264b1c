"""The flows at several sizes: a folder of PDFs scanned, submitted to a sandbox, collected, exported.

Each step is a process of its own, so that its greatest memory is its own; growth from one size to the next,
of the two largest, says whether anything is held that should not be. Workers are counted apart. PDFs have 20
pages each.

Last of all, up to 20,000 pages and on a deck of its own, the dashboard in a terminal of 80x24 shows the job:
another process submits it, the dashboard polls, collects and judges it, first with the list of batches on
the screen, then with the job's pages.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import pikepdf
from apart import Try, measure
from made_pdfs import print_pages
from measure import Row, machine, options, spread
from memory import ChildrenWatched
from tui import Terminal

STEPS = ("scan", "submit", "collect", "export")
SHOWN = "dashboard"
ALL_WORKERS = len(os.sched_getaffinity(0))
SCAN_ROUNDS = 5
"""A scan takes a second or two, and what the first of them finds in no cache yet, the second does."""
_PAGES_PER_PDF = 20
_MOST_SHOWN = 20_000
_SETTINGS = {
    "BATCHDECK_POLLING_FLOOR_SECONDS": "1",
    "BATCHDECK_POLLING_CEILING_SECONDS": "2",
}


def make_folder(folder: Path, pages: int) -> None:
    """Write so many pages of print as PDFs of 20 pages, each with fonts of its own."""
    folder.mkdir()
    for number in range(pages // _PAGES_PER_PDF):
        with print_pages(random.Random(number), _PAGES_PER_PDF, fonts=1, links=True) as pdf:
            pdf.save(
                folder / f"paper-{number:05d}.pdf",
                static_id=True,
                object_stream_mode=pikepdf.ObjectStreamMode.generate,
            )


async def step(name: str, deck: Path, source: Path) -> dict[str, Any]:
    """Do one step in this process and say what it took; `workers_mb` is the greatest of any worker."""
    from batchdeck.deck import Deck

    async with Deck.open(deck) as opened:
        await opened.load_verbs()  # as the dashboard does when it has been painted
        done = 0

        async def work() -> None:
            nonlocal done
            if name == "scan":
                done = sum(document.page_count for document in (await opened.scan([source])).documents)
            elif name == "submit":
                plan = opened.plan(await opened.scan([source]), name="flow")
                done = (await opened.submit(plan)).pages
            elif name == "collect":
                await opened.track(until_ended=True)
                done = sum(row.good or 0 for row in opened.batches())
            else:
                done = sum(each.pages for each in (await opened.export("flow")).documents)

        with ChildrenWatched() as workers:
            measured = await measure(work)
    return _facts(done, measured, workers)


def _facts(pages: int, measured: Try, workers: ChildrenWatched) -> dict[str, Any]:
    return {
        "pages": pages,
        "seconds": measured.seconds,
        "peak_mb": measured.peak_mb,
        "gap_ms": measured.longest_gap_ms,
        "work_ms": measured.longest_work_ms,
        "workers_mb": workers.most_mb,
    }


async def show_deck(deck: Path) -> dict[str, Any]:
    """Run the dashboard in this process until a job has come and is archived, and say what that took."""
    from batchdeck.deck import Deck
    from batchdeck.domain.overview import BatchRow
    from batchdeck.tui.app import DeckApp

    resource_tracker.ensure_running()  # as the command does, before the app takes the terminal
    async with Deck.open(deck) as opened:
        app = DeckApp(opened)
        running = asyncio.create_task(app.run_async())
        await opened.load_verbs()

        async def is_archived() -> None:
            rows: Sequence[BatchRow] = ()
            while True:
                await asyncio.sleep(1.0)  # in the end until it is on the screen, too
                if rows and all(row.archived for row in rows):
                    return
                rows = opened.batches()

        with ChildrenWatched() as workers:
            measured = await measure(is_archived)
        pages = sum((row.good or 0) + (row.failed or 0) for row in opened.batches())
        app.exit()
        await running
    return _facts(pages, measured, workers)


def run_shown(deck: Path, source: Path, environ: dict[str, str]) -> dict[str, Any]:
    """Show a deck in a terminal while another process submits to it; return what that took the dashboard."""
    report = deck.with_suffix(".json")
    with patched_environ(environ):
        terminal = Terminal(
            [__file__, str(source), "--step", SHOWN, "--deck", str(deck), "--report", str(report)]
        )
        terminal.read_until(b"No batches yet")
        run_step("submit", deck, source, environ, ALL_WORKERS)
        terminal.read_until(b"flow")
        terminal.read_for(2.0)
        terminal.send("\r")
    while os.waitpid(terminal.pid, os.WNOHANG) == (0, 0):
        terminal.read_for(0.2)
    os.close(terminal.fd)
    found: dict[str, Any] = json.loads(report.read_text())
    print(f"{SHOWN}: {found}", flush=True)
    return found


@contextmanager
def patched_environ(environ: dict[str, str]) -> Iterator[None]:
    """Let processes that are started in the block have this environment besides their own."""
    before = dict(os.environ)
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def sandbox(folder: Path) -> Iterator[dict[str, str]]:
    """Serve the API from a process of its own; yield the environment that leads there."""
    options_ = ["--state", str(folder), "--batch-seconds", "0.5", "--calls-per-minute", "0"]
    process = subprocess.Popen([sys.executable, "-m", "batchdeck.sandbox", *options_], stdout=subprocess.PIPE)
    assert process.stdout is not None
    card = json.loads(process.stdout.readline())
    try:
        yield {"ANTHROPIC_BASE_URL": card["base_url"], "ANTHROPIC_API_KEY": card["api_key"], **_SETTINGS}
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def run_step(name: str, deck: Path, source: Path, environ: dict[str, str], workers: int) -> dict[str, Any]:
    """Do one step in a fresh process."""
    settings = environ | {"BATCHDECK_WORKERS_COUNT": str(workers)}
    command = [sys.executable, __file__, str(source), "--step", name, "--deck", str(deck)]
    ended = subprocess.run(
        command,
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        start_new_session=True,
    )
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    print(f"{name:8} {workers} workers: {found}", flush=True)
    return found


def flow(scratch: Path, pages: int) -> dict[str, dict[str, Any]]:
    """Take so many pages through all steps with all workers. Where that takes minutes and not an hour, scan,
    in rounds, and export also with one, and let a dashboard show it."""
    source, deck = scratch / f"papers-{pages}", scratch / f"deck-{pages}"
    start = time.perf_counter()
    make_folder(source, pages)
    print(f"{pages:,} pages made in {time.perf_counter() - start:.0f} s", flush=True)
    with sandbox(scratch / f"sandbox-{pages}") as environ:
        found = {name: run_step(name, deck, source, environ, ALL_WORKERS) for name in STEPS}
        if pages > _MOST_SHOWN:
            return found
        found["export, one worker"] = run_step("export", deck, source, environ, 1)
        for number in range(SCAN_ROUNDS):
            for workers in (ALL_WORKERS, 1)[:: 1 if number % 2 else -1]:
                found[f"scan {number}, {workers} workers"] = run_step("scan", deck, source, environ, workers)
        found[SHOWN] = run_shown(scratch / f"shown-{pages}", source, environ)
    return found


def rows_of(sizes: Sequence[int], flows: dict[int, dict[str, dict[str, Any]]]) -> list[Row]:
    """Return what is held: flat memory, a free loop, pages a second; and what a second worker brings."""
    rows: list[Row] = []
    for name in (*STEPS, SHOWN):
        few, many = [pages for pages in sizes if name in flows[pages]][-2:]
        small, large = flows[few][name], flows[many][name]
        growth, workers = (large[what] / small[what] for what in ("peak_mb", "workers_mb"))
        between = f"{few:,} to {many:,} pages, ×"
        rows += [
            Row(
                "flows",
                f"{name}: memory, {between}",
                spread([growth]),
                1.2,
                note=f"{large['peak_mb']:.0f} MB",
            ),
            Row(
                "flows",
                f"{name}: a worker's memory, {between}",
                spread([workers]),
                1.2,
                note=f"{large['workers_mb']:.0f} MB",
            ),
            Row(
                "event loop",
                f"{name}: longest turn of the loop, ms of processor",
                spread([small["work_ms"], large["work_ms"]]),
                50,
                note=f"{max(small['gap_ms'], large['gap_ms']):.0f} ms by the clock",
            ),
            Row(
                "flows",
                f"{name}: pages a second",
                spread([f["pages"] / f["seconds"] for f in (small, large)]),
            ),
        ]
    whole = {pages: flow for pages, flow in flows.items() if SHOWN in flow}
    for pages, flow in whole.items():
        what = f"scan of {pages:,} pages: {ALL_WORKERS} workers, × one"
        rows.append(Row("processes", what, spread(_scan_speeds(flow)), least=1.6))
    speed = [flow["export, one worker"]["seconds"] / flow["export"]["seconds"] for flow in whole.values()]
    rows.append(Row("processes", f"export: {ALL_WORKERS} workers, × one", spread(speed), least=1.6))
    return rows


def _scan_speeds(flow: dict[str, dict[str, Any]]) -> list[float]:
    """Return how many times as fast as one worker all of them were, in each round."""
    return [
        flow[f"scan {number}, 1 workers"]["seconds"]
        / flow[f"scan {number}, {ALL_WORKERS} workers"]["seconds"]
        for number in range(SCAN_ROUNDS)
    ]


def main() -> None:
    parser = options(__doc__ or "", rounds=1)
    parser.add_argument(
        "--pages", type=int, nargs="+", default=[2_000, 10_000], help="two sizes or more (%(default)s)"
    )
    parser.add_argument("--step", choices=(*STEPS, SHOWN), help="do one step in this process, on a deck")
    parser.add_argument("--deck", type=Path)
    parser.add_argument("--report", type=Path, help="where the dashboard writes what it took")
    given = parser.parse_args()
    if given.step == SHOWN:
        given.report.write_text(json.dumps(asyncio.run(show_deck(given.deck))))
        return
    if given.step:
        print(json.dumps(asyncio.run(step(given.step, given.deck, Path(given.folder)))))
        return
    with tempfile.TemporaryDirectory(prefix="batchdeck-bench-", dir=given.folder) as scratch:
        flows = {pages: flow(Path(scratch), pages) for pages in given.pages}
    rows = rows_of(given.pages, flows)
    for row in rows:
        print(f"| {row.what} | {row.target} | {row.figure} | {row.verdict} |")
    if given.json is not None:
        report = {"benchmark": "flows", "machine": machine(), "flows": flows}
        report["rows"] = [row.as_json() for row in rows]
        given.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
