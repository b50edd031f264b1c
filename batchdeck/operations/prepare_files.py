"""Turning whole files, rows and ready-made requests into encoded requests, in worker processes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from batchdeck.domain.documents import FileKind
from batchdeck.domain.requests import CustomId, slug
from batchdeck.errors import BatchDeckError
from batchdeck.operations.prepare import (
    PLACEHOLDER_NONCE,
    PageTask,
    PreparedPage,
    PreparedPart,
    PrepareTask,
    prepare_pages,
    recipe_named,
)
from batchdeck.recipes.asking import Material, build_params
from batchdeck.recipes.prompts import encode_request
from batchdeck.recipes.recipe import Recipe, SourceKind
from batchdeck.sources.opening import Unusable
from batchdeck.sources.reading import RecordReader
from batchdeck.sources.texts import read_text
from batchdeck.store.disk import private

Params = Callable[[PageTask], Any]
"""Makes the parameters of one request."""


def prepare(task: PrepareTask) -> PreparedPart:
    """Write the encoded requests of a task's pages to its part file. Runs in a worker process.

    A page that cannot be asked about, or whose request would be too large, is reported with its problem and
    not sent.
    """
    recipe = recipe_named(task.recipe)
    source = recipe.source_for(task.kind)
    if source is SourceKind.PDF_PAGES:
        return prepare_pages(task)
    prepared: list[PreparedPage] = []
    with open(task.part, "wb", opener=private) as part, contextlib.ExitStack() as stack:
        params_of = _params(task, recipe, source, stack)
        for page in task.pages:
            custom_id = str(CustomId(PLACEHOLDER_NONCE, page.index, slug(task.name), page.number))
            line, problem = _encode(task, page, custom_id, params_of)
            part.write(line)
            prepared.append(PreparedPage(page.index, custom_id, len(line), problem))
    return PreparedPart(task, tuple(prepared))


def _encode(task: PrepareTask, page: PageTask, custom_id: str, params_of: Params) -> tuple[bytes, str]:
    try:
        line = encode_request(custom_id, params_of(page))
    except BatchDeckError as error:
        return b"", f"could not be asked about: {error.message}"
    except Unusable as unusable:
        return b"", f"could not be read: {unusable.problem}"
    if len(line) > task.request_bytes:
        return b"", f"needs {len(line):,} bytes, over the limit of {task.request_bytes:,}"
    return line, ""


def _params(
    task: PrepareTask, recipe: Recipe, source: SourceKind | None, stack: contextlib.ExitStack
) -> Params:
    if source is SourceKind.REQUESTS:
        reader = stack.enter_context(RecordReader(Path(task.source), Path(task.places), task.kind))
        return lambda page: _as_it_is(reader, page, task)
    if source is SourceKind.ROWS:
        reader = stack.enter_context(RecordReader(Path(task.source), Path(task.places), task.kind))
        return lambda page: _asked(
            recipe, task, Material(task.name, page.number, page.label, row=reader.row(page.number))
        )
    data = Path(task.source).read_bytes()
    if source is SourceKind.PDF_DOCUMENTS:
        return lambda _: _asked(recipe, task, Material(task.name, pdf=data, sheets=task.page_count))
    return lambda _: _asked(recipe, task, text_material(task.name, data, task.kind))


def text_material(name: str, data: bytes, kind: FileKind) -> Material:
    """Return a text file as what a request is about.

    Raises:
        Unusable: it is no text.
    """
    found = read_text(data, kind)
    return Material(
        name, title=found.title, text=found.text, headers=found.headers, attachments=found.attachments
    )


def _asked(recipe: Recipe, task: PrepareTask, material: Material) -> dict[str, Any]:
    return build_params(recipe, material, model=task.model, max_tokens=task.max_tokens)


def _as_it_is(reader: RecordReader, page: PageTask, task: PrepareTask) -> Any:
    """Return a ready-made request's params byte for byte, but for what a retry has changed."""
    _, raw = reader.request(page.number)
    params = msgspec.json.decode(raw, type=dict[str, Any])
    if (params.get("model"), params.get("max_tokens")) == (task.model, task.max_tokens):
        return raw
    return {**params, "model": task.model, "max_tokens": task.max_tokens}
