"""Single pages look as they did, carry nothing of the other pages, and come out the same each time."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, String

from batchdeck.pdf.open import open_source, readable_copy
from batchdeck.pdf.pdfium import Unopenable, WrongPassword
from batchdeck.pdf.split import Splitter

Picture = Callable[..., bytes]
Write = Callable[..., str]
Printed = Callable[..., bytes]
SAMPLED = 4
"""Pages of one file that are rendered."""


def split(path: str, number: int, password: str = "") -> bytes:
    with Splitter(path, password) as splitter:
        return splitter.page(number)


def test_pages_of_the_corpus_render_as_in_the_original(sample: Any, picture: Picture) -> None:
    if sample.pages in (None, 0) and not sample.password:
        with pytest.raises(Unopenable):
            Splitter(sample.path)
        return
    data = Path(sample.path).read_bytes()
    with Splitter(sample.path, sample.password) as splitter:
        assert splitter.page_count == (sample.pages or 1)
        step = max(1, splitter.page_count // SAMPLED)
        for number in range(1, splitter.page_count + 1, step):
            page = splitter.page(number)
            with open_source(page) as alone:
                assert alone.page_count == 1
                assert not alone.encrypted
                assert not alone.repaired
            try:
                original = picture(data, number - 1, sample.password)
            except pypdfium2.PdfiumError:  # pdfium opens it only once it is repaired
                original = picture(readable_copy(sample.path), number - 1)
            assert picture(page) == original, number


def test_the_same_page_is_the_same_bytes_whatever_came_before(corpus: Path) -> None:
    path = str(corpus / "gnuplot.pdf")
    with Splitter(path) as splitter:
        in_a_row = [splitter.page(number) for number in (1, 2, 3)]
        assert splitter.page(2) == in_a_row[1]
    assert split(path, 3) == in_a_row[2]


def test_fallbacks_are_faithful_and_repeatable_too(corpus: Path, picture: Picture) -> None:
    path = str(corpus / "tagged.pdf")
    original = picture(path, 1)
    with Splitter(path) as splitter:
        for method in (splitter._by_pdfium, splitter._by_pypdf):
            assert method(1) == method(1)
            assert picture(method(1)) == original


def test_a_page_that_one_library_cannot_split_is_split_by_the_next(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, picture: Picture
) -> None:
    def refuse(*_: object) -> bytes:
        raise pikepdf.PdfError("no")

    path = str(corpus / "tagged.pdf")
    monkeypatch.setattr("batchdeck.pdf.split.single_page", refuse)
    with Splitter(path) as splitter:
        assert splitter.page(2) == splitter._by_pdfium(1)
        monkeypatch.setattr(pypdfium2.PdfDocument, "import_pages", refuse)
        assert splitter.page(2) == splitter._by_pypdf(1)
        monkeypatch.setattr("batchdeck.pdf.split.written", refuse)
        with pytest.raises(Unopenable, match="page 2 cannot be split"):
            splitter.page(2)


def test_numbers_outside_the_document(write: Write, printed_pdf: Printed) -> None:
    with Splitter(write(printed_pdf([b"", b""]))) as splitter:
        for number in (0, -1, 3):
            with pytest.raises(IndexError, match="of 2"):
                splitter.page(number)


def test_passwords(corpus: Path) -> None:
    path = str(corpus / "libreoffice-writer-password.pdf")
    with pytest.raises(WrongPassword):
        Splitter(path)
    with pikepdf.open(io.BytesIO(split(path, 1, "openpassword"))) as page:
        assert not page.is_encrypted


@pytest.mark.parametrize(("revision", "password"), [(3, "pässwörd"), (4, "pässwörd"), (6, "密码")])
def test_passwords_beyond_ascii(
    revision: Literal[3, 4, 6], password: str, write: Write, printed_pdf: Printed
) -> None:
    path = write(b"")
    with pikepdf.open(io.BytesIO(printed_pdf([b""]))) as pdf:
        aes = revision > 3
        pdf.save(path, encryption=pikepdf.Encryption(password, password, revision, aes=aes, metadata=aes))
    assert split(path, 1, password).startswith(b"%PDF-")


def test_names_that_are_not_utf8(tmp_path: Path, printed_pdf: Printed) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/latin-\xe9.pdf")
    Path(path).write_bytes(printed_pdf([b""]))
    assert split(path, 1).startswith(b"%PDF-")


def test_links_go_and_notes_stay(write: Write, printed_pdf: Printed) -> None:
    with pikepdf.open(io.BytesIO(printed_pdf([b"", b""]))) as pdf:
        first, second = pdf.pages[0].obj, pdf.pages[1].obj
        link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], Dest=[second, Name.Fit])
        note = Dictionary(Type=Name.Annot, Subtype=Name.Square, Rect=[50, 50, 90, 90], P=first)
        first.Annots = Array([link, pdf.make_indirect(note), pikepdf.Object.parse(b"null")])
        path = write(b"")
        pdf.save(path)
    with pikepdf.open(io.BytesIO(split(path, 1))) as alone:
        (kept,) = alone.pages[0].obj.Annots
        assert kept.Subtype == Name.Square
        assert kept.P.objgen == alone.pages[0].obj.objgen
        assert (
            sum(one.get(Name.Type) == Name.Page for one in alone.objects if isinstance(one, Dictionary)) == 1
        )


def form_of(pages: int, fields: int) -> bytes:
    """Return a form whose fields all hang below one root, as editors of government forms make them."""
    with pikepdf.new() as pdf:
        root = pdf.make_indirect(Dictionary(T=String("form1"), FT=Name.Tx, Kids=Array()))
        for page_number in range(pages):
            page = pdf.add_blank_page().obj
            group = pdf.make_indirect(Dictionary(T=String(f"p{page_number}"), Kids=Array(), Parent=root))
            root.Kids.append(group)
            page.Annots = Array()
            for field in range(fields):
                look = pdf.make_stream(os.urandom(200), Subtype=Name.Form, BBox=[0, 0, 50, 10])
                widget = pdf.make_indirect(
                    Dictionary(
                        Type=Name.Annot,
                        Subtype=Name.Widget,
                        T=String(f"f{field}"),
                        V=String(f"value {page_number}-{field}"),
                        Rect=[10, 10 * field, 60, 10 * field + 10],
                        AP=Dictionary(N=look),
                        Parent=group,
                        P=page,
                    )
                )
                group.Kids.append(widget)
                page.Annots.append(widget)
        pdf.Root.AcroForm = Dictionary(Fields=Array([root]), DA=String("/Helv 0 Tf 0 g"))
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


def test_a_form_field_travels_with_its_page_alone(write: Write) -> None:
    data = form_of(pages=12, fields=15)
    path = write(data)
    page = split(path, 7)
    assert len(page) < 1.2 * len(data) / 12
    with pikepdf.open(io.BytesIO(page)) as alone:
        form = alone.Root.AcroForm
        assert str(form.DA) == "/Helv 0 Tf 0 g"
        (root,) = form.Fields
        (group,) = root.Kids
        assert (str(root["/T"]), str(group["/T"]), root["/FT"]) == ("form1", "p6", Name.Tx)
        assert [str(widget.V) for widget in group.Kids] == [f"value 6-{field}" for field in range(15)]
        assert [widget.objgen for widget in group.Kids] == [one.objgen for one in alone.pages[0].obj.Annots]


def test_hidden_layers_stay_hidden(write: Write, picture: Picture) -> None:
    with pikepdf.new() as pdf:
        layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("secret")))
        pdf.Root.OCProperties = Dictionary(OCGs=[layer], D=Dictionary(OFF=[layer], Order=[layer]))
        for _ in range(2):
            page = pdf.add_blank_page().obj
            page.Resources = Dictionary(Properties=Dictionary(L=layer))
            page.Contents = pdf.make_stream(b"/OC /L BDC 0 0 300 300 re f EMC")
        path = write(b"")
        pdf.save(path)
    original = picture(path)
    assert picture(split(path, 1)) == original
    with pikepdf.open(io.BytesIO(split(path, 1))) as alone:
        assert len(alone.Root.OCProperties.OCGs) == 1


def test_attributes_inherited_from_the_page_tree_come_along(write: Write, raw_pdf: Any) -> None:
    tree = b"<</Type/Pages/Count 1/Kids[3 0 R]/MediaBox[0 0 300 200]/Rotate 90>>"
    path = write(raw_pdf({2: tree, 3: b"<</Type/Page/Parent 2 0 R>>"}))
    with pypdfium2.PdfDocument(split(path, 1)) as alone:
        assert alone[0].get_size() == (200, 300)
