"""Judging answers about files, rows and ready-made requests: by a schema, or by there being any text."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from batchdeck.domain.batches import Job
from batchdeck.domain.documents import FileKind, Page
from batchdeck.domain.outcomes import Outcome, ResultFacts, Verdict, classify
from batchdeck.errors import BatchDeckError
from batchdeck.operations.asked import recipe_of
from batchdeck.operations.context import Context
from batchdeck.operations.sources import RecordsTask, write_places
from batchdeck.recipes.contracts import SchemaUnusable, judge_json, judge_text
from batchdeck.recipes.recipe import Contract, SourceKind
from batchdeck.sources.reading import RecordReader
from batchdeck.store.layout import DeckLayout

_TOOL_USE = "tool_use"


@dataclass(frozen=True, slots=True)
class RecordRules:
    """What answers that are not pages of HTML are held to."""

    schema: Mapping[str, Any] | None = None
    requests: Mapping[str, FileKind] = field(default_factory=dict)
    """The kinds of the documents whose records are ready-made requests, by digest."""


def rules_of(context: Context, job: Job) -> RecordRules | None:
    """Return what a job's answers are held to; None where they are pages of HTML.

    Raises:
        NotFound: its recipe is not there any more.
    """
    recipe = recipe_of(context, job)
    if recipe.contract is Contract.PAGE_HTML:
        return None
    are_requests = recipe.source is SourceKind.REQUESTS
    kinds: dict[str, FileKind] = {r.sha256: r.kind for r in job.documents} if are_requests else {}
    return RecordRules(recipe.schema, kinds)


class RecordJudge:
    """Judges one batch's answers in a worker process."""

    def __init__(self, rules: RecordRules, layout: DeckLayout) -> None:
        self._rules = rules
        self._layout = layout
        self._readers: dict[str, RecordReader] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> RecordJudge:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def judge(self, facts: ResultFacts, text: str, page: Page) -> Verdict:
        """Return what a result means for its page."""
        verdict = classify(facts)
        is_ready_made = page.document in self._rules.requests
        if is_ready_made and facts.type == "succeeded" and facts.stop_reason == _TOOL_USE:
            return Verdict(Outcome.OK, "it asks for a tool, as the request lets it")
        if verdict.outcome is not Outcome.OK:
            return verdict
        schema = self._own_schema(page) if is_ready_made else self._rules.schema
        try:
            return judge_text(text) if schema is None else judge_json(text, schema)
        except SchemaUnusable:
            return judge_text(text)

    def _own_schema(self, page: Page) -> Mapping[str, Any] | None:
        """Return the schema that a ready-made request itself asks its answer to keep."""
        try:
            _, raw = self._reader(page.document).request(page.number)
        except (BatchDeckError, OSError):
            return None
        config = msgspec.json.decode(raw, type=dict[str, Any]).get("output_config")
        wanted = config.get("format") if isinstance(config, dict) else None
        schema = wanted.get("schema") if isinstance(wanted, dict) else None
        return schema if isinstance(schema, dict) else None

    def _reader(self, sha256: str) -> RecordReader:
        reader = self._readers.get(sha256)
        if reader is None:
            kind = self._rules.requests[sha256]
            source, places = self._layout.source(sha256, kind), self._layout.rows(sha256, kind)
            if not places.exists():
                write_places(RecordsTask(str(source), str(places), kind))
            reader = self._stack.enter_context(RecordReader(Path(source), places, kind))
            self._readers[sha256] = reader
        return reader
