"""Collecting results: the SDK's iterator against raw bytes to a file, with and without reading each row."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import httpx2
from anthropic import Anthropic, AsyncAnthropic
from apart import Try, add_inner_options, measure, race_apart, report, show_costs
from loopback import Loopback
from measure import Result, Row, by_name, options, show, spread, write_json

from batchdeck.api.gateway import Gateway
from batchdeck.api.settings import ApiSettings
from batchdeck.domain.secret import Secret
from batchdeck.store.results import scan_results

SDK = "SDK: iterator in a thread"
SDK_ASYNC = "SDK: async iterator"
PLAIN = "httpx2: to a file, in a thread"
RAW = "batchdeck: to a file"
INDEXED = "batchdeck: to a file, each row read"
WAYS = (SDK, SDK_ASYNC, PLAIN, RAW, INDEXED)
BATCH = "msgbatch_bench"


def iterate(client: Anthropic) -> int:
    """Read every row as the SDK's users do; in a thread, so that the watched loop shows what it costs."""
    return sum(len(row.custom_id) for row in client.messages.batches.results(BATCH))


async def try_sdk(url: str) -> Try:
    """Measure the SDK's iterator in a thread."""
    with Anthropic(api_key="bench", base_url=url) as client:
        client.messages.batches.retrieve(BATCH)
        return await measure(lambda: asyncio.to_thread(iterate, client))


async def try_sdk_async(url: str) -> Try:
    """Measure the SDK's iterator on the event loop."""
    async with AsyncAnthropic(api_key="bench", base_url=url) as client:
        await client.messages.batches.retrieve(BATCH)

        async def work() -> None:
            async for row in await client.messages.batches.results(BATCH):
                len(row.custom_id)

        return await measure(work)


def fetch(client: httpx2.Client, url: str, path: Path) -> None:
    """Write the bytes as they come, with nothing in between."""
    with (
        client.stream("GET", f"{url}/v1/messages/batches/{BATCH}/results") as response,
        path.open("wb") as file,
    ):
        for piece in response.iter_bytes():
            file.write(piece)


async def try_plain(url: str, path: Path) -> Try:
    """Measure the bare HTTP client in a thread."""
    with httpx2.Client() as client:
        client.get(f"{url}/v1/messages/batches/{BATCH}")
        return await measure(lambda: asyncio.to_thread(fetch, client, url, path))


async def try_ours(url: str, path: Path, *, is_indexed: bool) -> Try:
    """Measure BatchDeck's download, and the pass that reads each row of the file."""
    gateway = await Gateway.open(ApiSettings(url, Secret("bench")))
    await gateway.retrieve(BATCH)

    def scan() -> int:
        return sum(len(facts.custom_id) for facts, _, _ in scan_results(path))

    async def work() -> None:
        with await asyncio.to_thread(path.open, "wb") as file:
            await gateway.download_results(BATCH, file.write)
        if is_indexed:
            await asyncio.to_thread(scan)

    measured = await measure(work)
    await gateway.close()
    return measured


def try_once(way: str, url: str, scratch: Path) -> Try:
    """Measure one way in this process."""
    path = scratch / f"results-{os.getpid()}.jsonl"
    try:
        if way == SDK:
            return asyncio.run(try_sdk(url))
        if way == SDK_ASYNC:
            return asyncio.run(try_sdk_async(url))
        if way == PLAIN:
            return asyncio.run(try_plain(url, path))
        return asyncio.run(try_ours(url, path, is_indexed=way == INDEXED))
    finally:
        path.unlink(missing_ok=True)


def rows_of(
    results: list[Result], tries: Mapping[str, Sequence[Try]], peaks: tuple[float, float], times: int
) -> list[Row]:
    """Return what is held: speed raw and with an index, memory, and a free event loop."""
    found, ours = by_name(results), tries[INDEXED]
    gaps = [t.longest_gap_ms for t in (*ours, *tries[RAW])]
    return [
        Row("results", "bytes to a file, × plain httpx2", found[RAW].speed[PLAIN], least=0.85),
        Row("results", "to a file with each row read, × SDK iterator", found[INDEXED].speed[SDK], least=4),
        Row("results", "peak memory, MB", spread([t.peak_mb for t in ours]), most=150),
        Row("results", f"peak memory with {times} × the rows, ×", spread([peaks[1] / peaks[0]]), most=1.1),
        Row("event loop", "longest gap while collecting, ms", spread(gaps), most=50),
    ]


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--lines", type=int, default=20_000, help="rows of 6.5 KB (default: %(default)s)")
    parser.add_argument("--times", type=int, default=5, help="also once with so many × rows (%(default)s)")
    add_inner_options(parser)
    given = parser.parse_args()
    if given.way:
        report(try_once(given.way, given.url, Path(given.scratch)))
        return
    with tempfile.TemporaryDirectory() as scratch, Loopback(given.lines) as server:
        arguments = ["--url", server.url, "--scratch", scratch]
        results, tries = race_apart(__file__, WAYS, given.rounds, arguments)
    with tempfile.TemporaryDirectory() as scratch, Loopback(given.lines * given.times) as server:
        arguments = ["--url", server.url, "--scratch", scratch]
        _, more = race_apart(__file__, [INDEXED], 1, arguments)
    show(f"Collecting {given.lines:,} rows", results, "added memory", [SDK, PLAIN])
    show_costs(tries)
    costs = {way: [asdict(one) for one in measured] for way, measured in tries.items()}
    few = statistics.median(one.peak_mb for one in tries[INDEXED])
    held = rows_of(results, tries, (few, more[INDEXED][0].peak_mb), given.times)
    write_json(given.json, "results", {"results": results}, held, lines=given.lines, tries=costs)


if __name__ == "__main__":
    main()
