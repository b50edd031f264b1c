"""The flows at two sizes: a folder of PDFs scanned, submitted to a sandbox over HTTP, collected, exported.

Each step is a process of its own, so that its greatest memory is its own; growth from the first size to the
last says whether anything is held that should not be. Workers are counted apart. PDFs have 20 pages each.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pikepdf
from apart import measure
from made_pdfs import print_pages
from measure import Row, machine, options, spread

STEPS = ("scan", "submit", "collect", "export")
ALL_WORKERS = len(os.sched_getaffinity(0))
_PAGES_PER_PDF = 20
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

        measured = await measure(work)
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
    return {
        "pages": done,
        "seconds": measured.seconds,
        "peak_mb": measured.peak_mb,
        "gap_ms": measured.longest_gap_ms,
        "work_ms": measured.longest_work_ms,
        "workers_mb": workers,
    }


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
    """Take so many pages through all steps with all workers; scan and export also with one."""
    source, deck = scratch / f"papers-{pages}", scratch / f"deck-{pages}"
    start = time.perf_counter()
    make_folder(source, pages)
    print(f"{pages:,} pages made in {time.perf_counter() - start:.0f} s", flush=True)
    with sandbox(scratch / f"sandbox-{pages}") as environ:
        found = {name: run_step(name, deck, source, environ, ALL_WORKERS) for name in STEPS}
        for name in ("scan", "export"):
            found[f"{name}, one worker"] = run_step(name, deck, source, environ, 1)
    return found


def rows_of(sizes: Sequence[int], flows: dict[int, dict[str, dict[str, Any]]]) -> list[Row]:
    """Return what is held: flat memory, a free loop, pages a second; and what a second worker brings."""
    few, many = sizes[0], sizes[-1]
    rows: list[Row] = []
    for name in STEPS:
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
    for name in ("scan", "export"):
        speed = [flow[f"{name}, one worker"]["seconds"] / flow[name]["seconds"] for flow in flows.values()]
        rows.append(Row("processes", f"{name}: {ALL_WORKERS} workers, × one", spread(speed), least=1.6))
    return rows


def main() -> None:
    parser = options(__doc__ or "", rounds=1)
    parser.add_argument("--pages", type=int, nargs="+", default=[2_000, 10_000], help="sizes (%(default)s)")
    parser.add_argument("--step", choices=STEPS, help="do one step in this process, on a deck")
    parser.add_argument("--deck", type=Path)
    given = parser.parse_args()
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
