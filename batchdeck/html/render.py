"""Rendering an assembly through a template into files, a page at a time, each page proved as it goes out."""

from __future__ import annotations

import contextlib
import copy
import io
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element

import jinja2

from batchdeck.domain.text import show
from batchdeck.errors import UsageError
from batchdeck.html.context import Facts, MarkupOf, pages_for, settle, values_for
from batchdeck.html.dress import Layout, dress
from batchdeck.html.made import Made
from batchdeck.html.markup import HEADINGS
from batchdeck.html.model import Assembly, Exported, PageTree, RuleFinding
from batchdeck.html.naming import export_stem
from batchdeck.html.rules import validate_html
from batchdeck.html.serialise import serialise_children
from batchdeck.html.templates import Template, TemplateFile, environment, find_template, read_style
from batchdeck.html.verify import PageProver, check_around, is_html, slot

OpenFile = Callable[[str], AbstractContextManager[BinaryIO]]
"""Opens the file of that name, beside the document, for writing."""

_JINJA = Path(jinja2.__file__).parent
_BUFFERED = 64
"""Template fragments written at a time."""
_SLACK = 64_000_000
_GROWTH = 16
"""A template may write this many bytes at most, and so many times the markup of its pages."""


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
    return replace(exported, html=contents.pop(exported.name).decode(), files=contents)


def render_to(
    assembly: Assembly,
    open_file: OpenFile,
    template: str | Path = "document",
    options: RenderOptions = DEFAULTS,
) -> Exported:
    """Write a document's files, the main one first, holding the markup of one page at a time.

    `html` and `files` of what is returned are empty; `findings` say what the checks found in all files.

    Raises:
        NotFound: no such template. UsageError: the template itself is wrong.
    """
    chosen = find_template(template)
    stem = options.stem or export_stem(assembly.material.name, assembly.material.sha256)
    layout = dress(assembly, stem)
    rendering = _Rendering(assembly, chosen, replace(options, stem=stem), layout, settle(assembly, layout))
    names: list[str] = []
    with _template_errors(chosen):
        for name, file, values in rendering.files():
            names.append(name)
            with open_file(name) as out:
                rendering.write(name, file, values, out)
    for name, image in assembly.figures.items():
        with open_file(name) as out:
            out.write(image)
    sources = [page.source for page in assembly.pages]
    return Exported(
        html="",
        findings=tuple(dict.fromkeys(rendering.findings)),
        changes=assembly.changes,
        reviews=assembly.reviews,
        issues=assembly.issues,
        pages=len(sources),
        placeholders=sources.count("placeholder"),
        unverified=sources.count("text_layer"),
        name=names[0],
    )


@dataclass(slots=True)
class _Rendering:
    """One document on its way through one template."""

    assembly: Assembly
    template: Template
    options: RenderOptions
    layout: Layout
    facts: Facts
    findings: list[RuleFinding] = field(default_factory=list)
    _prover: PageProver = field(default_factory=PageProver)
    _proved: set[int] = field(default_factory=set)
    _fed: int = 0
    """Bytes of markup the template was given."""
    _jinja: jinja2.Environment = field(init=False)
    _page_file: TemplateFile | None = field(init=False)

    def __post_init__(self) -> None:
        self._jinja = environment(self.template)
        self._page_file = next((file for file in self.template.files if file.each == "page"), None)

    def files(self) -> Iterator[tuple[str, TemplateFile, dict[str, Any]]]:
        """Yield each file's name, its template and what that is fed."""
        values = self._values()
        for file in self.template.files:
            if file.each == "document":
                yield file.file_name(self.options.stem), file, values
                continue
            last = len(self.assembly.pages) - 1
            for at, page in enumerate(values["pages"]):
                links = values["page_list"]
                own = {
                    "page": page,
                    "previous": links[at - 1] if at > 0 else None,
                    "next": links[at + 1] if at < last else None,
                }
                yield page["file"], file, values | own

    def write(self, name: str, file: TemplateFile, values: Mapping[str, Any], out: BinaryIO) -> None:
        """Write one file, and check it where it is HTML."""
        must_be_read = is_html(name) and not self._is_checked_around(file)
        kept: list[str] = []
        written = 0
        for piece in self._stream(file, values):
            written += out.write(piece.encode())
            if written > _SLACK + _GROWTH * self._fed:
                raise UsageError(f"The export template “{self.template.name}” writes without end.")
            if must_be_read:
                kept.append(piece)
        if must_be_read:
            self.findings += validate_html("".join(kept))
        elif is_html(name):
            around = self._stream(file, {**values, "pages": self._pages(_slot)})
            self.findings += check_around(around, self.assembly.pages)

    def _stream(self, file: TemplateFile, values: Mapping[str, Any]) -> Iterator[str]:
        """Return what the template writes, in pieces."""
        stream = self._jinja.get_template(file.template).stream(values)
        stream.enable_buffering(_BUFFERED)
        return stream

    def _is_checked_around(self, file: TemplateFile) -> bool:
        """Say whether the parts prove the whole: only for templates known to put every page in whole."""
        return self.template.is_shipped and file.each == "document" and self._page_file is None

    def _pages(self, markup_of: MarkupOf) -> Made[PageTree]:
        return pages_for(self.assembly, self.layout, self.facts, self._file_of, markup_of)

    def _values(self) -> dict[str, Any]:
        return values_for(
            self.assembly,
            self.layout,
            self.facts,
            self._pages(self._markup),
            read_style(self.template),
            stem=self.options.stem,
            toc_depth=self.options.toc_depth,
            generator=self.options.generator,
            file_of=self._file_of,
        )

    def _file_of(self, page: int) -> str:
        if self._page_file is None:
            return ""
        width = len(str(self.assembly.pages[-1].number))
        return self._page_file.file_name(self.options.stem, str(page).zfill(width))

    def _markup(self, page: PageTree) -> str:
        """Write a page's markup; the first time, prove it."""
        with page.open():
            if self._page_file is not None:
                page = replace(page, tree=self._standing_alone(page))
            markup = serialise_children(page.tree)
            if page.number not in self._proved:
                self._proved.add(page.number)
                self._fed += len(markup)
                self.findings += self._prover.prove(page, markup)
        return markup

    def _standing_alone(self, page: PageTree) -> Element:
        """Return a copy of a page's tree for a file of its own: links to other pages lead to their files, and
        headings skip no level below the h1 that the file has."""
        tree = copy.deepcopy(page.tree)
        level = 0 if tree.find(".//h1") is not None else 1
        for element in tree.iter():
            if element.tag in HEADINGS:
                level = min(int(element.tag[1]), level + 1) if level else int(element.tag[1])
                element.tag = f"h{level}"
        for link in tree.iter("a"):
            href = link.get("href", "")
            target = self.layout.page_of(href[1:]) if href.startswith("#") else None
            if target is not None and target != page.number:
                link.set("href", self._file_of(target) + href)
        return tree


def _slot(page: PageTree) -> str:
    return slot(page.number)


@contextlib.contextmanager
def _template_errors(template: Template) -> Iterator[None]:
    """Turn what goes wrong inside a template into an error that names the template, and the line if known."""
    try:
        yield
    except jinja2.TemplateError as error:
        raise _template_error(
            template, error, getattr(error, "lineno", 0) or _line_in(template, error)
        ) from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        if not _is_of_template(template, error):
            raise
        raise _template_error(template, error, _line_in(template, error)) from error


def _template_error(template: Template, error: Exception, line: int) -> UsageError:
    where = f", line {line}" if line else ""
    return UsageError(
        f"The export template “{template.name}”{where}: {show(str(error), 300)}.",
        hint="docs/templates.md lists what a template is given.",
    )


def _frames(error: Exception) -> list[tuple[str, int]]:
    return [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]


def _is_of_template(template: Template, error: Exception) -> bool:
    """Say whether an error was raised by a template's own code, or by Jinja doing what the template says."""
    file = _frames(error)[-1][0]
    return Path(file).is_relative_to(template.folder) or Path(file).is_relative_to(_JINJA)


def _line_in(template: Template, error: Exception) -> int:
    """Return the innermost line of the template that an error came through, or 0."""
    lines = [line for file, line in _frames(error) if Path(file).is_relative_to(template.folder)]
    return lines[-1] if lines else 0
