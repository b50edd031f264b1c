"""Collecting results: the SDK's iterator against raw bytes to a file, with and without the index pass.

python bench/results.py [--lines 20000] [--rounds 5] [--json results.json]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from pathlib import Path

import httpx2
from anthropic import Anthropic, AsyncAnthropic
from loopback import Loopback
from rounds import Try, measure, print_table, report_try, run_rounds, write_report

from batchdeck.api.credentials import Secret
from batchdeck.api.gateway import Gateway
from batchdeck.api.settings import ApiSettings
from batchdeck.store.results import scan_results

SDK = "SDK iterator"
SDK_ASYNC = "SDK async iterator"
PLAIN = "plain httpx2 to a file"
RAW = "BatchDeck raw to a file"
INDEXED = "BatchDeck raw + reading every row"
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


def try_once(way: str, url: str, folder: Path) -> Try:
    """Measure one way in this process."""
    path = folder / f"results-{os.getpid()}.jsonl"
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=20_000, help="rows of 6.5 KB (20,000)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        report_try(try_once(given.way, given.url, given.folder))
        return
    with tempfile.TemporaryDirectory() as folder, Loopback(given.lines) as server:
        tries = run_rounds(__file__, WAYS, given.rounds, ["--url", server.url, "--folder", folder])
    print_table(tries, SDK, given.lines, "rows")
    write_report(given.json, {"benchmark": "results", "lines": given.lines}, tries)


if __name__ == "__main__":
    main()
