"""Writing documents for the judges to a folder: through the whole pipeline, as an export would."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from batchdeck.domain.documents import OutlineEntry
from batchdeck.domain.outcomes import Outcome
from batchdeck.html.figures import Box
from batchdeck.html.model import DocumentMaterial, Exported, PageMaterial
from batchdeck.html.pipeline import assemble
from batchdeck.html.render import RenderOptions, render
from batchdeck.html.report import render_report, report_data
from tests.judges.broken import documents
from tests.judges.payloads import PAYLOADS, PLAIN_TEXT

_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQAAAADsdIMmAAAAC0lEQVQI12NggAEAABAAARoJt2cAAAAASUVORK5CYII="
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One exported document: its files, the document itself first, and what the built-in checks said."""

    name: str
    files: tuple[Path, ...]
    exported: Exported


def _picture(page: int, box: Box) -> bytes:
    return _PNG


def write(
    folder: Path, name: str, material: DocumentMaterial, pages: list[PageMaterial], template: str = "document"
) -> Sample:
    """Assemble and render one document, and write it with its report."""
    assembly = assemble(material, pages, crop=_picture)
    exported = render(assembly, template, RenderOptions(stem=name))
    files = {exported.name: exported.html.encode(), **exported.files}
    report = render_report(report_data(exported, assembly, paid={"usd": 0.01}))
    files[f"{name}.report.html"] = report.encode()
    paths = []
    for file, content in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if path.suffix == ".html":
            paths.append(path)
    return Sample(name, tuple(paths), exported)


def broken_samples(folder: Path, count: int) -> Iterator[Sample]:
    """Write that many documents made of broken answers; every tenth by another template."""
    others = ("plain", "pages")
    for seed, material, pages in documents(count):
        template = others[seed // 10 % 2] if seed % 10 == 9 else "document"
        yield write(folder, f"broken-{seed:04}", material, pages, template)


def _answer(number: int, body: str, **attributes: str) -> str:
    marks = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<article data-bd="1" data-page="{number}" data-lang="en"{marks}>{body}</article>'


def hostile_samples(folder: Path) -> Iterator[Sample]:
    """Write a document for every payload: in the text, in a table, in a list, and in places of plain text."""
    for family, payloads in PAYLOADS.items():
        for at, payload in enumerate(payloads):
            pages = [
                PageMaterial(
                    1, "1", Outcome.OK, _answer(1, f"<h1>Title</h1><p>before</p>{payload}<p>after</p>")
                ),
                PageMaterial(2, "2", Outcome.OK, _answer(2, f"<table><tr><td>{payload}</td></tr></table>")),
                PageMaterial(3, "3", Outcome.OK, _answer(3, f"<ul><li>{payload}</li></ul>")),
            ]
            template = ("document", "plain", "pages")[at % 3]
            yield write(
                folder, f"{family}-{at:03}", DocumentMaterial("a.pdf", f"{at:064x}", 3), pages, template
            )
    for at, text in enumerate(PLAIN_TEXT):
        quoted = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
        pages = [
            PageMaterial(
                1, text, Outcome.OK, _answer(1, f"<h2>{quoted}</h2>", **{"data-printed-page": quoted})
            ),
            PageMaterial(2, text, Outcome.ERRORED, None, text),
        ]
        material = DocumentMaterial(
            text, f"{at:064x}", 2, text, text, (OutlineEntry(1, text, 1),), job=text, recipe=text
        )
        yield write(folder, f"text-{at:03}", material, pages)
