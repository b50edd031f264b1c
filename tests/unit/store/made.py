"""Records and result lines made by hand, for the tests of the store."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from batchdeck.domain.batches import (
    Archive,
    Batch,
    DocumentRef,
    Job,
    Part,
    RemoteBatch,
    RequestCounts,
    Submission,
    SubmissionState,
)
from batchdeck.domain.costs import ModelPrice, PriceList
from batchdeck.domain.documents import Page, Sha256
from batchdeck.domain.outcomes import classify
from batchdeck.domain.requests import CustomId, parse_custom_id
from batchdeck.store.archive import ResultsWriter, read_submitted_ids
from batchdeck.store.index import STRANGER, IndexRow, write_index
from batchdeck.store.layout import DeckLayout
from batchdeck.store.ledger import Ledger
from batchdeck.store.plans import write_plan
from batchdeck.store.requests import RequestLogWriter
from batchdeck.store.results import scan_results

NOW = dt.datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=dt.UTC)
SHA = Sha256("ab" * 32)
PRICES = PriceList(NOW.date(), {"model-a": ModelPrice(1.0, 5.0)})
JUDGE = 7


def job(id_: str = "j1", *, pages: int = 10, documents: tuple[DocumentRef, ...] | None = None) -> Job:
    """Return a job, of one document unless others are given."""
    refs = documents if documents is not None else (document(pages=pages),)
    return Job(id_, f"job {id_}", NOW, "pdf-to-html", "model-a", 4096, refs, pages)


def document(
    name: str = "a.pdf", *, sha256: str = SHA, path: str = "/in/a.pdf", first: int = 0, pages: int = 10
) -> DocumentRef:
    """Return a document of a job."""
    return DocumentRef(Sha256(sha256), name, path, first, pages, pages, "A title", "en")


def submission(
    key: str = "00000000aa",
    *ranges: tuple[int, int],
    job: str = "j1",
    state: SubmissionState = SubmissionState.PREPARED,
    made: int = 0,
    max_tokens: int = 4096,
) -> Submission:
    """Return a submission; `made` is how many seconds after `NOW`."""
    indices = ranges or ((0, 10),)
    return Submission(
        key,
        job,
        state,
        NOW + dt.timedelta(seconds=made),
        indices,
        sum(stop - start for start, stop in indices),
        1_000,
        "cd" * 32,
        parts=(Part(indices, "model-a", max_tokens),),
    )


def remote(
    id_: str = "msgbatch_1", *, status: str = "ended", counts: RequestCounts | None = None
) -> RemoteBatch:
    """Return a batch as the API describes it."""
    return RemoteBatch(id_, status, counts or RequestCounts(), NOW, NOW + dt.timedelta(days=1))


def batch(
    id_: str = "msgbatch_1", key: str = "00000000aa", *, job: str | None = "j1", **fields: Any
) -> Batch:
    """Return a batch of the deck."""
    return Batch(id_, key, job, fields.pop("remote", None) or remote(id_), **fields)


def custom_id(key: str, index: int) -> str:
    """Return the custom_id of a page."""
    return str(CustomId(key, index, "a", index + 1))


def good_line(custom_id: str, text: str = "<h1>Page</h1>", *, output: int = 100, **message: Any) -> bytes:
    """Return one line of results: an answer."""
    body: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "model-a-20260101",
        "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1000, "output_tokens": output},
    }
    return line(custom_id, {"type": "succeeded", "message": body | message})


def bad_line(custom_id: str, error_type: str = "overloaded_error", message: str = "Overloaded") -> bytes:
    """Return one line of results: an error."""
    error = {"type": "error", "error": {"type": error_type, "message": message}, "request_id": None}
    return line(custom_id, {"type": "errored", "error": error})


def line(custom_id: str, result: Mapping[str, Any]) -> bytes:
    """Return one line of results."""
    return json.dumps({"custom_id": custom_id, "result": result}).encode() + b"\n"


def plan(layout: DeckLayout, id_: str = "j1", *, pages: int = 10) -> None:
    """Write a plan of pages of one document."""
    write_plan(layout, id_, (Page(index, SHA, index + 1, str(index + 1)) for index in range(pages)))


def log_requests(layout: DeckLayout, key: str, indices: Iterable[int]) -> list[str]:
    """Write a submission's request log; return its custom_ids."""
    log = RequestLogWriter(layout, key)
    ids = []
    for index in indices:
        ids.append(custom_id(key, index))
        log.add(ids[-1], index, {"model": "model-a", "max_tokens": 4096})
    log.finish()
    return ids


def archive(layout: DeckLayout, key: str, lines: Sequence[bytes], *, check: bool = True) -> Archive:
    """Archive results and index them by the API's own facts."""
    writer = ResultsWriter(layout, key)
    writer.write(b"".join(lines))
    submitted = read_submitted_ids(layout, key) if check else None
    kept = writer.finish(submitted, None, accept_findings=True, now=NOW)
    index_results(layout, key, kept.sha256)
    return kept


def index_results(layout: DeckLayout, key: str, results_sha256: str) -> None:
    """Index a batch's archived results by the API's own facts."""

    def rows() -> Iterable[IndexRow]:
        for facts, offset, length in scan_results(layout.results(key)):
            parsed = parse_custom_id(facts.custom_id)
            page = parsed.index if parsed is not None else STRANGER
            yield IndexRow(page, facts, classify(facts), 0.5 if page == 1 else None, offset, length)

    write_index(layout, key, rows(), results_sha256=results_sha256, judge_version=JUDGE)


def accept(ledger: Ledger, made: Submission, id_: str) -> None:
    """Record a submission that the API has taken as a batch."""
    with ledger.transaction() as tx:
        tx.claim(made)
        sent = tx.move(made, SubmissionState.SENDING, watermark="", sent_at=NOW)
        taken = tx.move(sent, SubmissionState.SUBMITTED, batch_id=id_)
        tx.put(batch(id_, made.key, job=made.job, submission=taken))
