"""What is filled in on a form: the values of its fields, as pieces of text where the fields stand."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pypdfium2
from pypdfium2 import raw

from batchdeck.pdf.lines import placing
from batchdeck.sandbox.engine.shapes import Box, Piece

_MOST_FIELDS = 2_000
_MOST_VALUE_BYTES = 8_192
_TEXT_SIZE = 10.0
_EMPTY = "____"
_ON, _OFF = "☑", "☐"
_WRITTEN = (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX)
_TICKED = (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON)


def read_fields(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage) -> Iterator[Piece]:
    """Yield a piece for each form field of a page: its value, a line where it is empty, a box with or without
    a tick. The caller holds the lock of pdfium, and has opened the page after `init_forms`.
    """
    form = document.formenv
    if form is None:
        return
    place = placing(page)
    for index in range(min(raw.FPDFPage_GetAnnotCount(page), _MOST_FIELDS)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            text = _value(form, annotation)
            rect = raw.FS_RECTF()
            if text and raw.FPDFAnnot_GetRect(annotation, rect):
                yield _piece(text, place((rect.left, rect.bottom, rect.right, rect.top)))
        finally:
            raw.FPDFPage_CloseAnnot(annotation)


def _value(form: pypdfium2.PdfFormEnv, annotation: raw.FPDF_ANNOTATION) -> str:
    """Return what a field says, or an empty string where the annotation is no field to be filled in."""
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in _TICKED:
        return _ON if raw.FPDFAnnot_IsChecked(form, annotation) else _OFF
    if kind not in _WRITTEN:
        return ""
    length = raw.FPDFAnnot_GetFormFieldValue(form, annotation, None, 0)
    if not 2 < length <= _MOST_VALUE_BYTES:
        return _EMPTY
    buffer = (ctypes.c_ushort * (length // 2))()
    raw.FPDFAnnot_GetFormFieldValue(form, annotation, buffer, length)
    text = bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")
    return " ".join(text.split()) or _EMPTY


def _piece(text: str, box: Box) -> Piece:
    """Return a value as a piece on the last line of its field."""
    x0, y0, x1, y1 = box
    size = min(_TEXT_SIZE, max(y1 - y0, 1.0))
    baseline = y1 - (y1 - y0 - size) / 2
    return Piece(text, (x0, baseline - size, x1, baseline), size)
