"""Rendering an assembly through a template into files, a page at a time, each page proved as it goes out."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import jinja2

from batchdeck.domain.text import show
from batchdeck.errors import UsageError
from batchdeck.html.context import Pages, settle, values_for
from batchdeck.html.dress import dress
from batchdeck.html.model import Assembly, Exported
from batchdeck.html.naming import export_stem
from batchdeck.html.templates import Template, environment, find_template, read_style

OpenFile = Callable[[str], AbstractContextManager[BinaryIO]]
"""Opens the file of that name, beside the document, for writing."""

_BUFFERED = 64
"""Template fragments written at a time."""


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How a document is rendered. `stem` is the file stem of the export; made from the name when empty."""

    stem: str = ""
    toc_depth: int = 3
    """Deepest heading level in the table of contents, 2 to 6."""
    generator: str = "BatchDeck"


DEFAULTS = RenderOptions()


def render(
    assembly: Assembly, template: str | Path = "document", options: RenderOptions = DEFAULTS
) -> Exported:
    """Return the whole document in memory: its main file as text, the others in `files`.

    Raises:
        NotFound: no such template. UsageError: the template itself is wrong.
    """
    written: dict[str, io.BytesIO] = {}

    @contextlib.contextmanager
    def keep(name: str) -> Iterator[BinaryIO]:
        yield written.setdefault(name, io.BytesIO())

    exported = render_to(assembly, keep, template, options)
    contents = {name: buffer.getvalue() for name, buffer in written.items()}
    main = next(iter(contents))
    return replace(exported, html=contents.pop(main).decode(), files=contents)


def render_to(
    assembly: Assembly,
    open_file: OpenFile,
    template: str | Path = "document",
    options: RenderOptions = DEFAULTS,
) -> Exported:
    """Write a document's files, the main one first, without ever holding more than a page of them.

    `html` and `files` of what is returned are empty.

    Raises:
        NotFound: no such template. UsageError: the template itself is wrong.
    """
    chosen = find_template(template)
    jinja = environment(chosen)
    style = read_style(chosen)
    layout = dress(assembly)
    facts = settle(assembly, layout)
    stem = options.stem or export_stem(assembly.material.name, assembly.material.sha256)

    def file_of(page: int) -> str:
        return ""

    pages = Pages(assembly, layout, facts, file_of, lambda page, html: None)
    values = values_for(
        assembly,
        layout,
        facts,
        pages,
        style,
        stem=stem,
        toc_depth=options.toc_depth,
        generator=options.generator,
        file_of=file_of,
    )
    for file in chosen.files:
        with open_file(file.name.format(stem=stem)) as out, _template_errors(chosen):
            _stream(jinja, file.template, values, out)
    for name, image in assembly.figures.items():
        with open_file(name) as out:
            out.write(image)
    return Exported(
        html="",
        findings=(),
        changes=assembly.changes,
        reviews=assembly.reviews,
        issues=assembly.issues,
        pages=len(assembly.pages),
        placeholders=values["counts"]["placeholders"],
        unverified=values["counts"]["unverified"],
    )


def _stream(jinja: jinja2.Environment, name: str, values: dict[str, Any], out: BinaryIO) -> None:
    stream = jinja.get_template(name).stream(values)
    stream.enable_buffering(_BUFFERED)
    for piece in stream:
        out.write(piece.encode())


@contextlib.contextmanager
def _template_errors(template: Template) -> Iterator[None]:
    """Turn what goes wrong inside a template into an error that names the template, and the line if known."""
    try:
        yield
    except jinja2.TemplateError as error:
        line = getattr(error, "lineno", None)
        where = f", line {line}" if line else ""
        raise UsageError(
            f"The export template “{template.name}”{where}: {show(str(error), 300)}.",
            hint="docs/templates.md lists what a template is given.",
        ) from error
