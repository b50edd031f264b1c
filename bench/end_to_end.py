"""The whole way out, a folder of PDFs to posted batches: BatchDeck against pypdf and the SDK used plainly.

Each is a process of its own that imports what it needs on the way. Both ask the same of the same pages, and
post it to a server that takes anything. Plainly means: every page by pypdf's writer, base64, all requests in
a list, `create` with as many of them as the API takes.

BatchDeck does more on the way: it looks at each file for what it may cost, keeps it in the vault, names each
page's links in its request, has every body on the disk, synced, with its digest, a log of its requests, a
plan, a ledger and an audit log, before anything leaves. Its worker processes are counted: each as much as the
greatest of them ever had, besides the greatest memory of the process itself.
"""

from __future__ import annotations

import asyncio
import base64
import io
import logging
import os
import random
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pikepdf
from apart import Try, add_inner_options, measure, race_apart, report, show_costs
from loopback import Loopback
from made_pdfs import print_pages, scan
from measure import Result, Row, by_name, options, show, spread, write_json
from memory import ChildrenWatched

from batchdeck.domain.requests import BatchLimits
from batchdeck.recipes.prompts import PageContext, build_params
from batchdeck.recipes.recipe import load_recipe

PLAINLY = "pypdf and the SDK, plainly"
OURS = "batchdeck: scan, plan, submit"
RECIPE = load_recipe("pdf-to-html")
WORKERS = len(os.sched_getaffinity(0))
_PAGES_PER_PDF = 20
_KINDS = ("scan", "plain", "linked", "plain", "scan", "linked", "plain", "linked")
"""What the PDFs are, in turn. pypdf takes 0.5, 1.3 and 14 ms a page for them: together 6, as for pages of
real PDFs, which have more objects than made ones."""
_FONTS = 3


def make_folder(folder: Path, pages: int) -> None:
    """Write so many pages as PDFs of 20: scans of a picture a page, print with and without links in it."""
    for number in range(pages // _PAGES_PER_PDF):
        chance, kind = random.Random(number), _KINDS[number % len(_KINDS)]
        with (
            scan(chance, _PAGES_PER_PDF, shares=False)
            if kind == "scan"
            else print_pages(chance, _PAGES_PER_PDF, fonts=_FONTS, links=kind == "linked")
        ) as pdf:
            pdf.save(
                folder / f"paper-{number:05d}.pdf",
                static_id=True,
                object_stream_mode=pikepdf.ObjectStreamMode.generate,
            )


def request(path: Path, number: int, pages: int, pdf: bytes) -> Any:
    """Return one request as the SDK wants it."""
    context = PageContext(number, pages, document=path.name)
    params = build_params(RECIPE, context, b"", model=RECIPE.model, max_tokens=RECIPE.max_tokens)
    params["messages"][0]["content"][0]["source"]["data"] = base64.b64encode(pdf).decode()
    return {"custom_id": f"{path.stem}-p{number}", "params": params}


def parted(requests: Sequence[Any], most: int) -> Iterator[list[Any]]:
    """Yield requests in lists whose pages have at most so many bytes."""
    batch: list[Any] = []
    size = 0
    for each in requests:
        length = len(each["params"]["messages"][0]["content"][0]["source"]["data"])
        if batch and size + length > most:
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += length
    yield batch


def post_plainly(url: str, folder: Path) -> None:
    """Split, encode and send as one does who has pypdf, the SDK and an afternoon."""
    import pypdf
    from anthropic import Anthropic

    requests: list[Any] = []
    for path in sorted(folder.glob("*.pdf")):
        pages = pypdf.PdfReader(path).pages
        for number, page in enumerate(pages, 1):
            writer, out = pypdf.PdfWriter(), io.BytesIO()
            writer.add_page(page)
            writer.write(out)
            requests.append(request(path, number, len(pages), out.getvalue()))
    prompts = len(requests) * (len(RECIPE.system) + 4_000)
    most = BatchLimits().body_bytes - prompts
    with Anthropic(api_key="bench", base_url=url, max_retries=0) as client:
        for batch in parted(requests, most):
            client.messages.batches.create(requests=batch)


async def post_ours(url: str, folder: Path, home: Path) -> None:
    """Do what `batchdeck submit` does, in a deck that is new."""
    from batchdeck.deck import Deck

    async with Deck.open(home, base_url=url, api_key="bench") as deck:
        scan = await deck.scan([folder])
        submitted = await deck.submit(deck.plan(scan))
        assert submitted.pages == sum(document.page_count for document in scan.documents)


def try_once(way: str, url: str, folder: Path, scratch: Path) -> Try:
    """Measure one way in this process."""
    logging.disable(logging.WARNING)
    home = scratch / f"deck-{os.getpid()}"
    if way == OURS:
        with ChildrenWatched() as workers:
            measured = asyncio.run(measure(lambda: post_ours(url, folder, home)))
        measured = replace(measured, others_mb=workers.most_mb)
        shutil.rmtree(home)
    else:
        measured = asyncio.run(measure(lambda: asyncio.to_thread(post_plainly, url, folder)))
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return replace(measured, processor=time.process_time() + children.ru_utime + children.ru_stime)


def memory(one: Try) -> float:
    """Return the MB that a try's processes had at most, together."""
    return one.peak_mb + one.others_mb * WORKERS


def rows_of(results: Sequence[Result], tries: Mapping[str, Sequence[Try]]) -> list[Row]:
    """Return what is held: speed and memory of the whole way."""
    pairs = list(zip(tries[OURS], tries[PLAINLY], strict=True))
    mine, theirs = (statistics.median(map(memory, tries[way])) for way in (OURS, PLAINLY))
    step, peer = "end to end", "pypdf and the SDK plainly"
    return [
        Row(step, f"folder to posted, × {peer}", by_name(results)[OURS].speed[PLAINLY], least=5),
        Row(step, "the same in processor time, ×", spread([b.processor / a.processor for a, b in pairs])),
        Row(
            step,
            f"peak memory of all processes, × {peer}",
            spread([memory(a) / memory(b) for a, b in pairs]),
            most=0.25,
            note=f"{mine:.0f} MB and {theirs:.0f} MB",
        ),
    ]


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--pages", type=int, default=3_000, help="of the set that is made (%(default)s)")
    add_inner_options(parser)
    given = parser.parse_args()
    if given.way:
        report(try_once(given.way, given.url, Path(given.folder), Path(given.scratch)))
        return
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as scratch:
        if not given.folder:
            make_folder(Path(made), given.pages)
        with Loopback() as server:
            arguments = [given.folder or made, "--url", server.url, "--scratch", scratch]
            results, tries = race_apart(__file__, [PLAINLY, OURS], given.rounds, arguments)
    show("A folder, posted", results, "added memory", [PLAINLY])
    show_costs(tries)
    costs = {way: [asdict(one) for one in measured] for way, measured in tries.items()}
    write_json(given.json, "end_to_end", {"end to end": results}, rows_of(results, tries), tries=costs)


if __name__ == "__main__":
    main()
