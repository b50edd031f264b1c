"""A large deck, made by the store's own code: jobs, batches, plans, request logs, archived results, indexes.

Making answers for a million pages would take longer than measuring them: all rows share a pool of 200 made
pages. One job in ten has them whole (6 KB a row); the others have only their beginning (1.8 KB), which keeps
a million pages near 2.5 GB. Nothing but an export or a look at one page reads answers.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import multiprocessing
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from made_answers import make_answers
from made_pdfs import make_pdfs

from batchdeck.config import load_prices
from batchdeck.domain.batches import (
    Batch,
    DocumentRef,
    Job,
    Part,
    RemoteBatch,
    RequestCounts,
    Submission,
    SubmissionState,
)
from batchdeck.domain.costs import ModelPrice
from batchdeck.domain.documents import Page, Sha256
from batchdeck.domain.outcomes import JUDGE_VERSION, Outcome, classify
from batchdeck.domain.requests import CustomId, parse_custom_id
from batchdeck.recipes.recipe import load_recipe
from batchdeck.store.archive import ResultsWriter, read_submitted_ids
from batchdeck.store.index import STRANGER, IndexRow, read_index, write_index
from batchdeck.store.layout import DeckLayout, prepare_deck
from batchdeck.store.ledger import Ledger
from batchdeck.store.plans import write_plan
from batchdeck.store.records import DeckMeta
from batchdeck.store.requests import RequestLogWriter
from batchdeck.store.results import scan_results
from batchdeck.store.vault import Vault

ENDPOINT = "http://localhost"
"""What the deck is bound to. Everything in it has ended, so nobody is asked."""
MODEL = load_recipe("pdf-to-html").model
POOL = 200
SHORT = 1_800
_DOCUMENT_PAGES = 100
_MAX_TOKENS = 8_192
_ROWS_A_WRITE = 16
_FAILURES = {
    Outcome.TRUNCATED: 0.02,
    Outcome.ERRORED: 0.01,
    Outcome.REFUSED: 0.005,
    Outcome.EXPIRED: 0.005,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How large the deck is."""

    jobs: int = 400
    batches: int = 5
    """Of each job."""
    pages: int = 500
    """Of each batch."""

    @property
    def total(self) -> int:
        return self.jobs * self.batches * self.pages


def make_deck(folder: Path, shape: Shape, workers: int) -> DeckLayout:
    """Make a deck in an empty folder, and in it one small job more, `small`, whose source is in the vault."""
    layout = prepare_deck(folder)
    ledger = Ledger.open(layout)
    with ledger.transaction() as tx:
        tx.put(DeckMeta(endpoint=ENDPOINT))
    tasks = [(folder, number, shape) for number in range(shape.jobs)]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for job, batches in pool.imap(_make_job, tasks):
            _record(ledger, job, batches)
    _record(ledger, *_make_small(layout))
    ledger.close()
    return layout


def _record(ledger: Ledger, job: Job, batches: list[Batch]) -> None:
    with ledger.transaction() as tx:
        tx.put(job)
        for batch in batches:
            assert batch.submission is not None
            tx.put(batch.submission)
            tx.put(batch)


def _make_job(task: tuple[Path, int, Shape]) -> tuple[Job, list[Batch]]:
    folder, number, shape = task
    layout, pages = DeckLayout(folder), shape.batches * shape.pages
    documents = tuple(
        DocumentRef(
            Sha256(hashlib.sha256(f"{number}-{first}".encode()).hexdigest()),
            f"report-{number:04d}-{first // _DOCUMENT_PAGES:03d}.pdf",
            f"/in/report-{number:04d}-{first // _DOCUMENT_PAGES:03d}.pdf",
            first,
            min(_DOCUMENT_PAGES, pages - first),
            min(_DOCUMENT_PAGES, pages - first),
        )
        for first in range(0, pages, _DOCUMENT_PAGES)
    )
    at = dt.datetime.now(dt.UTC) - dt.timedelta(hours=2 + number)
    return _fill(layout, number, f"reports-{number:04d}", documents, shape, at, is_whole=number % 10 == 0)


def _make_small(layout: DeckLayout) -> tuple[Job, list[Batch]]:
    path = make_pdfs(layout.spool, _DOCUMENT_PAGES)[0]
    digest = Sha256(hashlib.sha256(path.read_bytes()).hexdigest())
    Vault(layout).keep(path, digest)
    for made in layout.spool.glob("*.pdf"):
        made.unlink()
    document = DocumentRef(digest, path.name, "/in/manual.pdf", 0, _DOCUMENT_PAGES, _DOCUMENT_PAGES)
    at = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    return _fill(layout, 999_999, "small", (document,), Shape(1, 1, _DOCUMENT_PAGES), at, is_whole=True)


def _fill(
    layout: DeckLayout,
    number: int,
    name: str,
    documents: tuple[DocumentRef, ...],
    shape: Shape,
    at: dt.datetime,
    *,
    is_whole: bool,
) -> tuple[Job, list[Batch]]:
    """Write everything of one job but its records, and return those."""
    chance, id_ = random.Random(number), f"j{number:08x}"
    pages = [
        Page(ref.first_index + at, ref.sha256, at + 1, str(at + 1))
        for ref in documents
        for at in range(ref.pages)
    ]
    write_plan(layout, id_, pages)
    price = load_prices(None).of(MODEL)
    assert price is not None
    batches = [
        _fill_batch(
            layout, f"{number:06x}{turn:04x}", id_, pages, turn, shape.pages, at, price, chance, is_whole
        )
        for turn in range(shape.batches)
    ]
    outcomes = sum((Counter(batch.outcomes) for batch in batches), Counter[Outcome]())
    job = Job(
        id_,
        name,
        at,
        "pdf-to-html",
        MODEL,
        _MAX_TOKENS,
        documents,
        len(pages),
        "bench",
        outcomes=dict(outcomes),
    )
    return job, batches


def _fill_batch(
    layout: DeckLayout,
    key: str,
    job: str,
    pages: list[Page],
    turn: int,
    size: int,
    at: dt.datetime,
    price: ModelPrice,
    chance: random.Random,
    is_whole: bool,
) -> Batch:
    scope = ((turn * size, (turn + 1) * size),)
    log, writer = RequestLogWriter(layout, key), ResultsWriter(layout, key)
    params = {"model": MODEL, "max_tokens": _MAX_TOKENS, "messages": [{"role": "user", "content": "page"}]}
    rows: list[bytes] = []
    types: Counter[str] = Counter()
    for page in pages[slice(*scope[0])]:
        custom_id = str(CustomId(key, page.index, "report", page.number))
        log.add(custom_id, page.index, params)
        type_, result = _result(chance, page.index, is_whole)
        types[type_] += 1
        rows.append(b'{"custom_id":"' + custom_id.encode() + b'","result":' + result + b"}\n")
    digest = log.finish()
    for first in range(0, len(rows), _ROWS_A_WRITE):
        writer.write(b"".join(rows[first : first + _ROWS_A_WRITE]))
    counts = RequestCounts(0, *(types[name] for name in ("succeeded", "errored", "canceled", "expired")))
    archive = writer.finish(read_submitted_ids(layout, key), counts, now=at)
    write_index(
        layout, key, _judged(layout, key, chance), results_sha256=archive.sha256, judge_version=JUDGE_VERSION
    )
    index = read_index(layout, key)
    id_ = f"msgbatch_{hashlib.sha256(key.encode()).hexdigest()[:24]}"
    submission = Submission(
        key,
        job,
        SubmissionState.SUBMITTED,
        at,
        scope,
        size,
        size * 100_000,
        digest,
        parts=(Part(scope, MODEL, _MAX_TOKENS),),
        batch_id=id_,
        watermark="",
        sent_at=at,
    )
    ended = at + dt.timedelta(minutes=20)
    remote = RemoteBatch(id_, "ended", counts, at, at + dt.timedelta(days=1), ended, has_results=True)
    usage = index.usage()
    return Batch(id_, key, job, remote, submission, ended, archive, index.tally(), usage, price.cost(usage))


def _judged(layout: DeckLayout, key: str, chance: random.Random) -> Iterator[IndexRow]:
    for facts, offset, length in scan_results(layout.results(key)):
        parsed = parse_custom_id(facts.custom_id)
        page = parsed.index if parsed is not None else STRANGER
        verdict = classify(facts)
        recall = 0.97 + chance.random() * 0.03 if verdict.outcome is Outcome.OK else None
        yield IndexRow(page, facts, verdict, recall, offset, length)


_pool: dict[bool, list[bytes]] = {}


def _result(chance: random.Random, index: int, is_whole: bool) -> tuple[str, bytes]:
    """Return the type of one result and its JSON: mostly an answer of the pool, else a failure."""
    if is_whole not in _pool:
        texts = [page.answer or "" for page in make_answers(POOL)]
        _pool[is_whole] = [_message(text if is_whole else text[:SHORT], "end_turn") for text in texts]
    lot = chance.random()
    for outcome, share in _FAILURES.items():
        lot -= share
        if lot < 0:
            return _failure(outcome)
    return "succeeded", _pool[is_whole][index % POOL]


def _failure(outcome: Outcome) -> tuple[str, bytes]:
    if outcome is Outcome.EXPIRED:
        return "expired", b'{"type":"expired"}'
    if outcome is Outcome.ERRORED:
        error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
        return "errored", json.dumps({"type": "errored", "error": error}).encode()
    return "succeeded", _message("<p>half", "max_tokens" if outcome is Outcome.TRUNCATED else "refusal")


def _message(text: str, stop_reason: str) -> bytes:
    message = {
        "id": "msg_made",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "text", "text": text}],
        "stop_reason": stop_reason,
        "usage": {"input_tokens": 3_500, "output_tokens": len(text) // 4},
    }
    return json.dumps({"type": "succeeded", "message": message}).encode()


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names)
