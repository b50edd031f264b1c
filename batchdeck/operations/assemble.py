"""Assembling one document in a worker process: answers from the archive, layers from the source."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from batchdeck.domain.batches import DocumentRef
from batchdeck.domain.documents import FileKind
from batchdeck.domain.planning import STEM, DocumentReport
from batchdeck.html.figures import Box
from batchdeck.html.model import DocumentMaterial, PageMaterial, Review, TextLayer
from batchdeck.html.naming import export_stem
from batchdeck.html.pipeline import AssemblyOptions, assemble
from batchdeck.html.render import RenderOptions, render_to
from batchdeck.html.report import render_report, report_data, report_json
from batchdeck.operations.contents import answer_text
from batchdeck.operations.export_files import ExportFiles, ResultFiles
from batchdeck.operations.export_task import ExportTask, PagePlace
from batchdeck.pdf.images import crop as crop_page
from batchdeck.pdf.text import TextReader, Trust
from batchdeck.store.layout import DeckLayout
from batchdeck.store.vault import Vault

_FIGURE_DPI = 150
_HEAD = 16_384
"""Bytes of a report among which it names its job."""
_JOB = re.compile(rb'\n +"job": "([\w-]+)"')


def export_document(task: ExportTask) -> DocumentReport:
    """Assemble, render and check one document, and write its files. Runs in a worker process.

    Every file is written to a temporary name, synced and renamed, so that an export that is killed leaves
    either the old file or the new one.
    """
    layout = DeckLayout(Path(task.root))
    out = Path(task.out)
    stem = export_stem(task.ref.name, task.ref.sha256)
    material = DocumentMaterial(
        task.ref.name,
        task.ref.sha256,
        task.ref.page_count,
        task.ref.title,
        task.ref.language,
        task.outline,
        task.job,
        task.recipe,
    )
    source, lacks = _source(Vault(layout), task.ref)
    with contextlib.ExitStack() as stack:
        reader = _open_source(source, stack)
        results = ResultFiles(layout, stack)

        def crop(page: int, box: Box) -> bytes | None:
            if source is None:
                return None
            try:
                x0, y0, x1, y1 = map(round, box)
                return crop_page(source, page, (x0, y0, x1, y1), dpi=_FIGURE_DPI)
            except Exception:
                return None

        pages = (_material(page, results, reader, task.trust) for page in task.pages)
        options = AssemblyOptions(thresholds=task.thresholds)
        assembly = assemble(material, pages, crop=crop, options=options, scratch=out)
        if reader is None and task.ref.kind is FileKind.PDF:
            what = f"The kept source {lacks or 'cannot be read'}"
            assembly.reviews.append(
                Review(1, "source", f"{what}: nothing was compared with it or taken from it.")
            )
    files = ExportFiles(out)
    report_name = f"{stem}.report.json"
    before = _job_of(out / report_name)
    exported = render_to(assembly, files.open, task.options.template, RenderOptions(stem=stem))
    data = report_data(exported, assembly, paid=task.paid)
    with files.open(report_name) as file:
        file.writelines(piece.encode() for piece in report_json(data))
    files.write(f"{stem}.report.html", render_report(data).encode())
    return DocumentReport(
        document=task.ref.name,
        folder=out,
        stem=stem,
        main=files.main.name.replace(stem, STEM),
        pages=exported.pages,
        placeholders=exported.placeholders,
        unverified=exported.unverified,
        errors=len(exported.findings),
        review=len(exported.reviews),
        replaces=before if before != task.job else "",
        lacks=lacks,
    )


def _source(vault: Vault, ref: DocumentRef) -> tuple[str | None, str]:
    """Return the readable PDF of a document, where the vault has it as it was; and what is wrong with it."""
    if ref.kind is not FileKind.PDF:
        return None, ""
    lacks = vault.problem(ref.sha256)
    return (None if lacks else str(vault.readable(ref.sha256))), lacks


def _job_of(report: Path) -> str:
    """Return the job that a report is of; empty where there is none, or it does not say."""
    try:
        with report.open("rb") as file:
            named = _JOB.search(file.read(_HEAD))
    except OSError:
        return ""
    return named[1].decode() if named is not None else ""


def _open_source(source: str | None, stack: contextlib.ExitStack) -> TextReader | None:
    """Open the source's text, or return None where it is not there or cannot be read."""
    if source is None:
        return None
    try:
        return stack.enter_context(TextReader(source))
    except Exception:  # hostile input may raise anything: answers are exported without their layer then
        return None


def _material(page: PagePlace, results: ResultFiles, reader: TextReader | None, trust: Trust) -> PageMaterial:
    layer, (width, height) = (None, (0.0, 0.0)) if reader is None else _layer(reader, page, trust)
    return PageMaterial(
        page.number,
        page.label,
        page.outcome,
        answer_text(results.row(page.answer)) if page.answer is not None else None,
        page.detail,
        layer,
        page.custom_id,
        page.model,
        width,
        height,
    )


def _layer(reader: TextReader, page: PagePlace, trust: Trust) -> tuple[TextLayer | None, tuple[float, float]]:
    """Return a page's text layer and size. Its trust is worked out, which is by far the slower part, only
    where the answer was not found to agree with it already."""
    try:
        layer = TextLayer(
            reader.text(page.number),
            trusted=page.agrees or reader.trusts(page.number, trust),
            links=reader.links(page.number),
            image_share=reader.image_share(page.number),
        )
        return layer, reader.size(page.number)
    except Exception:  # hostile input may raise anything: a page that cannot be read has no layer
        return None, (0.0, 0.0)
