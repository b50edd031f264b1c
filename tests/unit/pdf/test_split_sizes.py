"""Pages carry what they draw: shared dictionaries, previews and other pages stay behind."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdf
import pytest
from pikepdf import Array, Dictionary, Name

from batchdeck.pdf.split import Splitter

Write = Callable[..., str]
PICTURE_BYTES = 60_000


def scanned_book(pages: int) -> bytes:
    """Return a scan as some scanners save it: one dictionary that names the pictures of all pages."""
    with pikepdf.new() as pdf:
        named = Dictionary()
        for number in range(pages):
            named[f"/Im{number}"] = pdf.make_stream(
                os.urandom(PICTURE_BYTES),
                Type=Name.XObject,
                Subtype=Name.Image,
                Width=200,
                Height=100,
                ColorSpace=Name.DeviceRGB,
                BitsPerComponent=8,
            )
        shared = pdf.make_indirect(Dictionary(XObject=named))
        for number in range(pages):
            page = pdf.add_blank_page().obj
            page.Resources = shared
            page.Contents = pdf.make_stream(b"q 612 0 0 792 0 0 cm /Im%d Do Q" % number)
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


def test_pages_of_a_scan_that_share_their_resources(write: Write) -> None:
    data = scanned_book(30)
    with Splitter(write(data)) as splitter:
        sizes = [len(splitter.page(number)) for number in range(1, 31)]
    assert sum(sizes) <= 1.1 * len(data)
    assert max(sizes) <= 1.1 * len(data) / 30


def test_memory_does_not_grow_with_the_pages_taken(write: Write) -> None:
    data = scanned_book(8)
    path = write(data)
    with Splitter(path) as splitter:
        whole = [splitter.page(number) for number in range(1, 9)]
    with Splitter(path) as splitter:
        first = splitter._qpdf
        splitter._taken = 10**9
        assert [splitter.page(number) for number in range(1, 9)] == whole
        assert splitter._qpdf is not first
        assert splitter._taken < 2 * len(data)


def test_threads_previews_and_private_data_stay_behind(write: Write) -> None:
    with pikepdf.new() as pdf:
        for _ in range(2):
            page = pdf.add_blank_page().obj
            page.Thumb = pdf.make_stream(os.urandom(50_000))
            page.PieceInfo = Dictionary(Editor=Dictionary(Private=pdf.make_stream(os.urandom(50_000))))
        bead = pdf.make_indirect(Dictionary(P=pdf.pages[1].obj))
        pdf.pages[0].obj.B = Array([bead])
        path = write(b"")
        pdf.save(path)
    with Splitter(path) as splitter:
        assert len(splitter.page(1)) < 1_000


def test_pictures_are_taken_over_as_they_are_stored(write: Write) -> None:
    """qpdf inflates and deflates pictures whose one filter stands in a list: a second for a large one."""
    stored = zlib.compress(bytes(300), 0)  # packed so badly that packing it again would show
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page().obj
        picture = pdf.make_stream(
            stored, Subtype=Name.Image, Width=10, Height=10, ColorSpace=Name.DeviceRGB, BitsPerComponent=8
        )
        picture.Filter = Array([Name.FlateDecode])
        picture.DecodeParms = pikepdf.Object.parse(b"[null]")
        page.Resources = Dictionary(XObject=Dictionary(I=picture))
        page.Contents = pdf.make_stream(b"/I Do")
        path = write(b"")
        pdf.save(path, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    with Splitter(path) as splitter, pikepdf.open(io.BytesIO(splitter.page(1))) as alone:
        taken = alone.pages[0].obj.Resources.XObject.I
        assert taken.read_raw_bytes() == stored
        assert taken.Filter == Name.FlateDecode


@pytest.mark.parametrize("name", ["gnuplot.pdf", "maint-guide.zh-tw.pdf", "form_dd0293.pdf"])
def test_pages_are_smaller_than_those_that_pypdf_makes(corpus: Path, name: str) -> None:
    ours = theirs = 0
    reader = pypdf.PdfReader(corpus / name)
    with Splitter(str(corpus / name)) as splitter:
        for number in range(1, splitter.page_count + 1, max(1, splitter.page_count // 8)):
            writer, out = pypdf.PdfWriter(), io.BytesIO()
            writer.add_page(reader.pages[number - 1])
            writer.write(out)
            theirs += len(out.getvalue())
            ours += len(splitter.page(number))
    assert ours < theirs
