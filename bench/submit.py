"""Submitting pages: the SDK's `create(list)` against a spooled, streamed body, from files to the answer."""

from __future__ import annotations

import asyncio
import base64
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from anthropic import AsyncAnthropic
from apart import Try, add_inner_options, measure, race_apart, report, show_costs
from loopback import Loopback
from measure import Result, Row, by_name, options, show, spread, write_json

from batchdeck.api.gateway import Gateway
from batchdeck.api.settings import ApiSettings
from batchdeck.domain.secret import Secret
from batchdeck.recipes.prompts import PageContext, build_params, encode_request
from batchdeck.recipes.recipe import load_recipe

SDK = "SDK: create(list)"
OURS = "batchdeck: spool and stream"
STREAM = "batchdeck: stream alone"
RECIPE = load_recipe("pdf-to-html")
PAGE_BYTES = 104_000
"""Bytes of a typical single-page PDF."""


def make_pages(folder: Path, megabytes: int) -> None:
    """Write incompressible pages that make a body of about that many MB."""
    for number in range(max(1, int(megabytes * 1e6 / (PAGE_BYTES * 4 / 3)))):
        (folder / f"{number:06d}.pdf").write_bytes(os.urandom(PAGE_BYTES))


def params_of(number: int, pdf: bytes) -> dict[str, Any]:
    """Return what is asked for a page, the same for both sides."""
    context = PageContext(number, 9_999, document="bench.pdf")
    return build_params(RECIPE, context, pdf, model=RECIPE.model, max_tokens=RECIPE.max_tokens)


def list_pages(folder: Path) -> list[Path]:
    """Return the pages in their order."""
    return sorted(folder.glob("*.pdf"))


def build_list(pages: list[Path]) -> list[Any]:
    """Build the requests as the SDK wants them."""
    requests: list[Any] = []
    for number, page in enumerate(pages, 1):
        params = params_of(number, b"")
        params["messages"][0]["content"][0]["source"]["data"] = base64.b64encode(page.read_bytes()).decode()
        requests.append({"custom_id": f"page-{number}", "params": params})
    return requests


def spool(pages: list[Path], body: Path) -> int:
    """Write the body as BatchDeck does, and return its size."""
    with body.open("wb") as file:
        separator = b'{"requests":['
        for number, page in enumerate(pages, 1):
            file.write(separator)
            file.write(encode_request(f"page-{number}", params_of(number, page.read_bytes())))
            separator = b","
        file.write(b"]}")
        return file.tell()


async def try_sdk(url: str, pages: list[Path]) -> Try:
    """Measure the SDK on its own: the list is built and sent on the event loop, as its users do."""
    async with AsyncAnthropic(api_key="bench", base_url=url, max_retries=0) as client:
        await client.messages.batches.retrieve("msgbatch_bench")

        async def work() -> None:
            await client.messages.batches.create(requests=build_list(pages))

        return await measure(work)


async def try_ours(url: str, pages: list[Path], body: Path, *, is_spooled: bool) -> Try:
    """Measure BatchDeck's way, with or without the spooling."""
    gateway = await Gateway.open(ApiSettings(url, Secret("bench")))
    await gateway.retrieve("msgbatch_bench")
    ready = await asyncio.to_thread(spool, pages, body) if is_spooled else 0

    async def work() -> None:
        size = ready or await asyncio.to_thread(spool, pages, body)
        await gateway.create_batch(body, size)

    measured = await measure(work)
    await gateway.close()
    return measured


def try_once(way: str, url: str, folder: Path, scratch: Path) -> Try:
    """Measure one way in this process."""
    pages, body = sorted(folder.glob("*.pdf")), scratch / f"body-{os.getpid()}.json"
    try:
        if way == SDK:
            return asyncio.run(try_sdk(url, pages))
        return asyncio.run(try_ours(url, pages, body, is_spooled=way == STREAM))
    finally:
        body.unlink(missing_ok=True)


def rows_of(results: list[Result], tries: Mapping[str, Sequence[Try]], megabytes: float) -> list[Row]:
    """Return what is held: speed, memory added, and a free event loop."""
    ours = tries[OURS]
    return [
        Row(
            "request body", "spooled and sent, × SDK create(list)", by_name(results)[OURS].speed[SDK], least=2
        ),
        Row(
            "request body",
            "memory added, × the body",
            spread([t.added_mb / megabytes for t in ours]),
            most=0.05,
        ),
        Row("event loop", "longest gap while sending, ms", spread([t.longest_gap_ms for t in ours]), most=50),
    ]


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--megabytes", type=int, default=200, help="of body (default: %(default)s)")
    add_inner_options(parser)
    given = parser.parse_args()
    if given.way:
        report(try_once(given.way, given.url, Path(given.folder), Path(given.scratch)))
        return
    with tempfile.TemporaryDirectory() as pages, tempfile.TemporaryDirectory() as scratch:
        if not given.folder:
            make_pages(Path(pages), given.megabytes)
        with Loopback() as server:
            arguments = [given.folder or pages, "--url", server.url, "--scratch", scratch]
            results, tries = race_apart(__file__, [SDK, OURS, STREAM], given.rounds, arguments)
    show("Submitting a batch", results, "added memory", [SDK])
    show_costs(tries)
    costs = {way: [asdict(one) for one in measured] for way, measured in tries.items()}
    held = rows_of(results, tries, given.megabytes)
    write_json(given.json, "submit", {"submit": results}, held, megabytes=given.megabytes, tries=costs)


if __name__ == "__main__":
    main()
