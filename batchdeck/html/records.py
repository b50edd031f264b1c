"""Rendering a job's answers as records through a template: one file, a record at a time."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

import jinja2

from batchdeck.domain.text import show
from batchdeck.errors import UsageError
from batchdeck.html.model import RuleFinding
from batchdeck.html.rules import validate_html
from batchdeck.html.templates import Template, environment, read_style
from batchdeck.html.verify import is_html

OpenFile = Callable[[str], AbstractContextManager[BinaryIO]]
Records = Callable[[], Iterable[Mapping[str, Any]]]
"""Begins the records anew."""

_CHECKED = 1_000
"""Records of an HTML file that are checked: each is written by the same lines of the template."""
_BUFFERED = 64
_SLACK = 64_000_000
_MOST_A_RECORD = 2_000_000
"""Bytes a template may write in all, and on top of them for each record."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class RecordHead:
    """What a template is told of the whole job."""

    job: str
    name: str
    recipe: str
    model: str
    columns: tuple[str, ...]
    """The columns that an answer fills."""
    records: int
    failed: int
    """Records without a good answer."""


def render_records(
    template: Template, stem: str, head: RecordHead, records: Records, open_file: OpenFile
) -> list[RuleFinding]:
    """Write the files of a template, and return what the built-in checks find in those that are HTML.

    Raises:
        UsageError: the template itself is wrong; names it and the line.
    """
    findings: list[RuleFinding] = []
    jinja = environment(template)
    jinja.filters.update(csv=csv_row, md=markdown)
    style = read_style(template)
    values = {"job": asdict(head), "columns": head.columns, "style": style, "generator": "BatchDeck"}
    for file in template.files:
        name = file.file_name(stem)
        try:
            chosen = jinja.get_template(file.template)
            with open_file(name) as out:
                for piece in _bounded(template, chosen.stream({**values, "records": records()}), head):
                    out.write(piece)
            if is_html(name):
                first = itertools.islice(records(), _CHECKED)
                findings += validate_html(chosen.render({**values, "records": first}))
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            line = getattr(error, "lineno", 0)
            where = f", line {line}" if line else ""
            raise UsageError(
                f"The export template “{template.name}”{where}: {show(str(error), 300)}.",
                hint="docs/templates.md lists what a template for records is given.",
            ) from error
    return list(dict.fromkeys(findings))


def _bounded(
    template: Template, stream: jinja2.environment.TemplateStream, head: RecordHead
) -> Iterator[bytes]:
    stream.enable_buffering(_BUFFERED)
    written = 0
    for piece in stream:
        data = piece.encode()
        written += len(data)
        if written > _SLACK + _MOST_A_RECORD * head.records:
            raise UsageError(f"The export template “{template.name}” writes without end.")
        yield data


def csv_row(values: Iterable[Any]) -> str:
    """Return one line of CSV (RFC 4180) without its line break.

    Text that a spreadsheet would take for a formula gets an apostrophe before it: answers and names come
    from outside.
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([_harmless(value) for value in values])
    return line.getvalue()


def _harmless(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return "" if value is None else value


def markdown(value: Any) -> str:
    """Return text for Markdown in which no markup of HTML is left."""
    return "" if value is None else str(value).replace("&", "&amp;").replace("<", "&lt;")
