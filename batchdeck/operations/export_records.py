"""Exporting answers that are data: one file for the whole job, every page in it, failed ones with why."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from batchdeck.domain.batches import Job
from batchdeck.domain.events import DocumentExported, Event, Finished
from batchdeck.domain.outcomes import reason_of
from batchdeck.domain.planning import STEM, DocumentReport, ExportReport
from batchdeck.errors import InputError
from batchdeck.html.naming import export_stem
from batchdeck.html.records import RecordHead, render_records
from batchdeck.html.templates import Makes, find_template
from batchdeck.operations.contents import answer_text
from batchdeck.operations.context import Context
from batchdeck.operations.export_files import ExportFiles, ResultFiles
from batchdeck.operations.export_task import AnswerPlace
from batchdeck.operations.pages import job_pages
from batchdeck.operations.workers import WorkerFailed
from batchdeck.recipes.contracts import read_json
from batchdeck.recipes.recipe import Contract, Recipe
from batchdeck.store.disk import private
from batchdeck.store.layout import DeckLayout

_SECONDS = 3_600.0
_ANSWER = "answer"


class RecordFacts(msgspec.Struct):
    """One page as the export worker is told of it."""

    id: str
    document: str
    number: int
    outcome: str
    is_good: bool
    detail: str
    error_type: str
    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    attempts: int
    custom_id: str
    answer: AnswerPlace | None


@dataclass(frozen=True, slots=True)
class RecordsExport:
    """One job's answers to write, for a worker process."""

    root: str
    out: str
    facts: str
    """File of `RecordFacts`, one a line."""
    template: str
    stem: str
    head: RecordHead
    is_json: bool
    report: Mapping[str, Any] = field(default_factory=dict)


async def export_records(
    context: Context, job: Job, recipe: Recipe, folder: Path, template: str
) -> AsyncGenerator[Event, None]:
    """Write a job's answers as records; the result is an `ExportReport` of one file.

    Raises:
        NotFound: there is no such template.
        InputError: it cannot be written within a worker's limits.
        StorageFailed: the disk did not take it.
    """
    find_template(template, Makes.RECORDS)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    with context.layout.part_folder() as parts:
        facts = parts / "facts.jsonl"
        outcomes, cost = await asyncio.to_thread(_write_facts, context, job, facts)
        good = sum(count for outcome, count in outcomes.items() if outcome.startswith("ok"))
        columns = _columns(recipe)
        head = RecordHead(job.id, job.name, recipe.name, job.model, columns, job.pages, job.pages - good)
        report = {
            "job": job.id,
            "recipe": recipe.name,
            "records": job.pages,
            "outcomes": outcomes,
            "paid": {"usd": round(cost, 6)},
        }
        stem = export_stem(job.name, job.id.removeprefix("j").ljust(10, "0"))
        task = RecordsExport(
            str(context.layout.root),
            str(folder),
            str(facts),
            template,
            stem,
            head,
            recipe.contract is Contract.JSON,
            report,
        )
        try:
            done = await context.workers.run(write_records, task, seconds=_SECONDS)
        except WorkerFailed as failure:
            raise InputError(f"The job could not be exported. {failure.message}") from failure
    yield DocumentExported(done.document, done.html, done.pages, done.placeholders, done.errors, 0, 1, 1)
    if not context.read_only:
        context.audit.append("export", job=job.id, documents=1, out=str(folder))
    yield Finished(ExportReport(job.id, folder, (done,)))


def _columns(recipe: Recipe) -> tuple[str, ...]:
    """Return the columns that an answer fills: the properties of its schema, else the answer itself."""
    properties = recipe.schema.get("properties") if recipe.schema is not None else None
    return tuple(properties) if properties else (_ANSWER,)


def _write_facts(context: Context, job: Job, path: Path) -> tuple[dict[str, int], float]:
    """Write what is known of each page; return the tally and the dollars of them all."""
    table = job_pages(context, job.id)
    encode = msgspec.json.Encoder().encode
    outcomes: Counter[str] = Counter()
    total = 0.0
    of_rows = {ref.sha256 for ref in job.documents if ref.kind.has_rows}
    with open(path, "xb", opener=private) as file:
        for row in table:
            outcomes[row.outcome.value] += 1
            total += row.cost or 0.0
            place = table.answer_place(row.index) if row.outcome.is_good else None
            facts = RecordFacts(
                row.label if row.sha256 in of_rows else row.document,
                row.document,
                row.page,
                row.outcome.value,
                row.outcome.is_good,
                row.detail,
                row.error_type,
                row.model,
                row.usage.total_input,
                row.usage.output,
                round(row.cost, 6) if row.cost is not None else None,
                row.attempts,
                row.custom_id,
                AnswerPlace(*place) if place is not None else None,
            )
            file.write(encode(facts) + b"\n")
    return dict(outcomes), total


def write_records(task: RecordsExport) -> DocumentReport:
    """Render a job's records through their template and write the files. Runs in a worker process."""
    template = find_template(task.template, Makes.RECORDS)
    files = ExportFiles(Path(task.out))
    with contextlib.ExitStack() as stack:
        results = ResultFiles(DeckLayout(Path(task.root)), stack)
        findings = render_records(template, task.stem, task.head, lambda: _records(task, results), files.open)
    data = {**task.report, "findings": [msgspec.to_builtins(finding) for finding in findings]}
    files.write(f"{task.stem}.report.json", json.dumps(data, ensure_ascii=False, indent=1).encode())
    return DocumentReport(
        document=task.head.name,
        folder=Path(task.out),
        stem=task.stem,
        main=files.main.name.replace(task.stem, STEM),
        pages=task.head.records,
        placeholders=task.head.failed,
        unverified=0,
        errors=len(findings),
        review=0,
    )


def _records(task: RecordsExport, results: ResultFiles) -> Iterator[dict[str, Any]]:
    decode = msgspec.json.Decoder(RecordFacts).decode
    with open(task.facts, "rb") as file:
        for facts in map(decode, file):
            yield _record(facts, results, task)


def _record(facts: RecordFacts, results: ResultFiles, task: RecordsExport) -> dict[str, Any]:
    answer = None if facts.answer is None else _answer(results.row(facts.answer), is_json=task.is_json)
    record = {name: value for name, value in msgspec.structs.asdict(facts).items() if name in _KEPT}
    error = reason_of(facts.error_type, facts.detail)
    return {
        **record,
        _ANSWER: answer,
        "error": None if facts.is_good else error or facts.outcome,
        "note": (facts.detail or None) if facts.is_good else None,
        "values": _values(answer, task.head.columns),
    }


def _answer(row: bytes, *, is_json: bool) -> Any:
    """Return an answer as data: JSON, text, or where there is none the blocks that stand in its place."""
    text = answer_text(row)
    if is_json:
        return read_json(text)
    content = msgspec.json.decode(row)["result"]["message"]["content"] if not text else ()
    return [block for block in content if block["type"] not in _SAID_BESIDE] or text


_SAID_BESIDE = frozenset({"text", "thinking", "redacted_thinking"})
_KEPT = frozenset(
    (
        *("id", "document", "number", "outcome", "model", "input_tokens", "output_tokens", "cost_usd"),
        *("attempts", "custom_id"),
    )
)


def _values(answer: Any, columns: tuple[str, ...]) -> list[Any]:
    """Return an answer's values by column; what has no cell of its own is JSON."""
    if columns == (_ANSWER,):
        return [_cell(answer)]
    found = answer if isinstance(answer, dict) else {}
    return [_cell(found.get(column)) for column in columns]


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value
