"""Turning pages into encoded requests in worker processes: split, prompt, encode, into part files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from batchdeck.domain.documents import FileKind
from batchdeck.domain.requests import NONCE_LENGTH, CustomId, slug
from batchdeck.pdf.images import render_page
from batchdeck.pdf.split import Splitter
from batchdeck.pdf.text import TextReader
from batchdeck.recipes.prompts import PageContext, build_params, encode_request
from batchdeck.recipes.recipe import Recipe, load_recipe
from batchdeck.store.disk import drop, private

PLACEHOLDER_NONCE = "0" * NONCE_LENGTH
"""Stands where the submission's nonce will be: which submission a page falls into depends on its size."""
NONCE_OFFSET = len(b'{"custom_id":"')
PAGES_PER_TASK = 16
_IMAGE_DPI = 150


@dataclass(frozen=True, slots=True)
class PageTask:
    """One page to prepare."""

    index: int
    number: int
    label: str


@dataclass(frozen=True, slots=True)
class PrepareTask:
    """Some pages of one document for one worker."""

    source: str
    """Path of the kept file; of a PDF, of its readable form."""
    name: str
    """File name as shown."""
    page_count: int
    language: str
    pages: tuple[PageTask, ...]
    recipe: str
    model: str
    max_tokens: int
    as_image: bool
    request_bytes: int
    """Greatest size of one encoded request."""
    part: str
    """File that the encoded requests are written to, one after the other."""
    kind: FileKind = FileKind.PDF
    places: str = ""
    """Where each record of a file of records begins."""


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """One encoded request: its length in the part file, or why there is none."""

    index: int
    custom_id: str
    """With the placeholder nonce."""
    length: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PreparedPart:
    task: PrepareTask
    pages: tuple[PreparedPage, ...]


@lru_cache(maxsize=8)
def recipe_named(reference: str) -> Recipe:
    """Return a recipe, read once in the life of a worker."""
    return load_recipe(reference)


def prepare_pages(task: PrepareTask) -> PreparedPart:
    """Write the encoded requests of a task's pages to its part file. Runs in a worker process.

    A page that cannot be split, or whose request would be too large, is sent as an image; if that fails
    too it is reported with its problem and not sent.
    """
    recipe = recipe_named(task.recipe)
    prepared: list[PreparedPage] = []
    with (
        open(task.part, "wb", opener=private) as part,
        Splitter(task.source) as splitter,
        TextReader(task.source) as reader,
    ):
        for page in task.pages:
            custom_id = str(CustomId(PLACEHOLDER_NONCE, page.index, slug(task.name), page.number))
            context = PageContext(
                number=page.number,
                page_count=task.page_count,
                label=page.label,
                document=task.name,
                links=tuple(reader.links(page.number)),
                language=task.language,
            )
            line, problem = _encode(task, recipe, splitter, custom_id, context)
            part.write(line)
            prepared.append(PreparedPage(page.index, custom_id, len(line), problem))
    return PreparedPart(task, tuple(prepared))


def _encode(
    task: PrepareTask, recipe: Recipe, splitter: Splitter, custom_id: str, context: PageContext
) -> tuple[bytes, str]:
    problem = ""
    if not task.as_image:
        try:
            pdf = splitter.page(context.number)
        except Exception as error:  # three libraries have failed on hostile input: any exception is possible
            problem = f"could not be split ({type(error).__name__})"
        else:
            params = build_params(recipe, context, pdf, model=task.model, max_tokens=task.max_tokens)
            line = encode_request(custom_id, params)
            if len(line) <= task.request_bytes:
                return line, ""
            problem = f"needs {len(line):,} bytes, over the limit of {task.request_bytes:,}"
    try:
        image = render_page(task.source, context.number, dpi=_IMAGE_DPI)
    except Exception as error:  # as above
        return b"", f"{problem or 'could not be rendered'}; as an image: {type(error).__name__}"
    params = build_params(recipe, context, b"", model=task.model, max_tokens=task.max_tokens, as_image=image)
    line = encode_request(custom_id, params)
    if len(line) > task.request_bytes:
        return b"", f"needs {len(line):,} bytes even as an image"
    return line, ""


def with_nonce(line: bytes, custom_id: str, nonce: str) -> tuple[bytes, str]:
    """Return an encoded request and its custom_id with the submission's nonce in place of the placeholder."""
    end = NONCE_OFFSET + NONCE_LENGTH
    assert line[NONCE_OFFSET:end] == PLACEHOLDER_NONCE.encode()
    return line[:NONCE_OFFSET] + nonce.encode() + line[end:], nonce + custom_id[NONCE_LENGTH:]


def remove_part(part: PreparedPart) -> None:
    """Delete a part file whose requests have been spooled."""
    drop(Path(part.task.part))
