"""The contents of single pages: what came back, and what the source itself says and looks like."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from batchdeck.domain.batches import DocumentRef
from batchdeck.domain.documents import FileKind
from batchdeck.domain.pages import Answer, SourcePage
from batchdeck.domain.requests import parse_custom_id
from batchdeck.errors import InputError, NotFound
from batchdeck.html.fidelity import compare
from batchdeck.html.model import TextLayer
from batchdeck.operations.context import Context
from batchdeck.operations.judge import thresholds_of
from batchdeck.operations.prepare_files import text_material
from batchdeck.operations.sources import RecordsTask, ref_of, write_places
from batchdeck.operations.workers import WorkerFailed
from batchdeck.pdf.images import render_page
from batchdeck.pdf.pdfium import Unopenable
from batchdeck.pdf.text import TextReader, Trust, read_text_layer
from batchdeck.recipes.asking import Material, material_text
from batchdeck.sources.reading import RecordReader
from batchdeck.store.index import read_index
from batchdeck.store.plans import read_plan
from batchdeck.store.results import read_row

R = TypeVar("R")


class _Block(msgspec.Struct):
    type: str
    text: str = ""


class _Message(msgspec.Struct):
    content: list[_Block] = []


class _Result(msgspec.Struct):
    message: _Message | None = None


class _Row(msgspec.Struct):
    result: _Result


def answer_text(row: bytes) -> str:
    """Return the text of a results line: its text blocks joined (a thinking block often comes first)."""
    message = msgspec.json.decode(row, type=_Row).result.message
    return "".join(block.text for block in message.content if block.type == "text") if message else ""


def read_answer(context: Context, custom_id: str) -> Answer | None:
    """Return what came back for one attempt; None while nothing has, or when its row is missing.

    Raises:
        NotFound: no submission of this deck made that id.
    """
    parsed = parse_custom_id(custom_id)
    submission = context.ledger.submissions().get(parsed.nonce) if parsed is not None else None
    if parsed is None or submission is None:
        raise NotFound(
            f"No submission of this deck made the id {custom_id[:80]}.", hint="See `batchdeck pages JOB`."
        )
    if not context.layout.index(submission.key).exists():
        return None
    index = read_index(context.layout, submission.key)
    row = index.row_of(parsed.index)
    if row is None:
        return None
    line = read_row(context.layout, submission.key, *index.place(row))
    return Answer(custom_id, line, answer_text(line))


def read_source(context: Context, job_id: str, index: int) -> SourcePage:
    """Return the text of one source page, with whether it can be trusted; of a file or a row, what a request
    about it carries."""
    page = read_plan(context.layout, job_id).page(index)
    job = context.ledger.job(job_id)
    ref = ref_of(job, page.document)
    if ref.kind is FileKind.PDF:
        path = str(context.vault.readable(page.document))
        layer = _in_worker(context, partial(read_text_layer, path), page.number)
        return SourcePage(ref.name, page.number, page.label, layer.text, tuple(layer.links), layer.trusted)
    places = context.layout.rows(ref.sha256, ref.kind) if ref.kind.has_rows else None
    read = partial(_text_of, ref, context.vault.path(ref.sha256, ref.kind), places)
    text = _in_worker(context, read, page.number)
    return SourcePage(ref.name, page.number, page.label, text, trusted=True)


def _text_of(ref: DocumentRef, path: Path, places: Path | None, number: int) -> str:
    if places is None:
        return material_text(text_material(ref.name, path.read_bytes(), ref.kind))
    if not places.exists():
        write_places(RecordsTask(str(path), str(places), ref.kind))
    with RecordReader(path, places, ref.kind) as reader:
        return material_text(Material(ref.name, number, row=reader.row(number)))


def render_source(context: Context, job_id: str, index: int, *, dpi: int) -> bytes:
    """Return one source page as a PNG picture.

    Raises:
        InputError: it is no page of a PDF.
    """
    page = read_plan(context.layout, job_id).page(index)
    if ref_of(context.ledger.job(job_id), page.document).kind is not FileKind.PDF:
        raise InputError("There is no picture of it: it is text.", hint="Its text is shown instead.")
    path = str(context.vault.readable(page.document))
    return _in_worker(context, partial(render_page, path, dpi=dpi), page.number)


def read_missing_words(context: Context, job_id: str, index: int, custom_id: str) -> tuple[str, ...]:
    """Return the passages of a page's text layer that one attempt's answer lacks, in reading order."""
    answer = read_answer(context, custom_id)
    if answer is None or not answer.text:
        return ()
    page = read_plan(context.layout, job_id).page(index)
    thresholds, trust = thresholds_of(context)
    path = str(context.vault.readable(page.document))
    layer = _in_worker(context, partial(_judged_layer, path, trust), page.number)
    return compare(answer.text, layer, thresholds).missing


def _judged_layer(path: str, trust: Trust, number: int) -> TextLayer:
    with TextReader(path) as reader:
        return TextLayer(reader.text(number), trusted=reader.trusts(number, trust))


def _in_worker(context: Context, read: Callable[[int], R], number: int) -> R:
    """Read a page of an untrusted PDF where it can do no harm, and wait for it.

    Raises:
        WorkerFailed: it took too long or too much memory, or its process died.
        InputError: no library can read the page.
    """
    try:
        return context.readers.run_now(read, number, seconds=context.settings.limits.scan_seconds)
    except WorkerFailed as failure:
        if isinstance(failure.__cause__, Unopenable):
            raise InputError(f"Page {number} cannot be read: {failure.__cause__}.") from None
        raise
