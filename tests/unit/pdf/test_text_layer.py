"""What pages say: words, trust, links, pictures, and where each line stands."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, String

from batchdeck.pdf.agreement import agreement, words_in
from batchdeck.pdf.images import render_page
from batchdeck.pdf.pdfium import Unopenable, WrongPassword
from batchdeck.pdf.text import PageText, TextReader, read_text_layer

Write = Callable[..., str]
Printed = Callable[..., bytes]

PARAGRAPH = (
    b"BT /R 12 Tf 14 TL 72 700 Td (The quick brown fox jumps over the lazy dog and then) Tj T* "
    b"(all of them go home together to sleep for a very long time, because) Tj T* "
    b"(it was a long day and everybody had enough of jumping around.) Tj ET"
)


def reader_of(path: str) -> TextReader:
    return TextReader(path)


def test_lines_are_parted_by_line_feeds(write: Write, printed_pdf: Printed) -> None:
    with reader_of(write(printed_pdf([PARAGRAPH, b""]))) as reader:
        assert reader.text(1).splitlines() == [
            "The quick brown fox jumps over the lazy dog and then",
            "all of them go home together to sleep for a very long time, because",
            "it was a long day and everybody had enough of jumping around.",
        ]
        assert reader.text(2) == ""


def test_a_layer_that_two_libraries_read_alike_is_trusted(write: Write, printed_pdf: Printed) -> None:
    path = write(printed_pdf([PARAGRAPH, b"BT /R 12 Tf 72 700 Td (too few words) Tj ET"]))
    layer = read_text_layer(path, 1)
    assert isinstance(layer, PageText)
    assert (layer.trusted, layer.words, layer.width, layer.height) == (True, 37, 612, 792)
    assert not read_text_layer(path, 2).trusted


def test_a_layer_that_says_nonsense_is_not_trusted(corpus: Path) -> None:
    """This file's Greek reads well in pdfium and as another alphabet in pypdf."""
    with reader_of(str(corpus / "refcard-el-a4.pdf")) as reader:
        assert not reader.trusts(1)
    with reader_of(str(corpus / "maint-guide.zh-tw.pdf")) as reader:
        assert reader.trusts(20)


def test_agreement_compares_bags_of_words() -> None:
    assert words_in("Ein Haus, ein  HAUS") == Counter({"ein": 2, "haus": 2})
    assert words_in("Wort-\nteil ﬁn 中文") == Counter(["wortteil", "fin", "中", "文"])
    assert agreement(words_in("a b c d"), words_in("a b c x")) == 0.75
    assert agreement(Counter(), Counter()) == 0.0


def test_a_hyphen_at_the_end_of_a_line_is_kept_with_its_break(corpus: Path) -> None:
    with reader_of(str(corpus / "GeoTopo-komprimiert.pdf")) as reader:
        assert "Schwarz-\nWeiß" in reader.text(2)
        assert not any((char < " " and char != "\n") or char == "\ufffe" for char in reader.text(2))
        assert any(line.text.endswith("Schwarz-") for line in reader.lines(2))


def mapped_to(letters: bytes) -> bytes:
    """Return a page on which A, by its font's own account, stands for the letters given in UTF-16."""
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page().obj
        mapping = (
            b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def "
            b"1 begincodespacerange <00> <FF> endcodespacerange "
            b"1 beginbfchar <41> <" + letters + b"> endbfchar endcmap end end"
        )
        font = Dictionary(
            Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, ToUnicode=pdf.make_stream(mapping)
        )
        page.Resources = Dictionary(Font=Dictionary(F=font))
        page.Contents = pdf.make_stream(b"BT /F 12 Tf 50 700 Td (A = A) Tj ET")
        page.MediaBox = [0, 0, 300, 800]
        return _bytes(pdf)


def _bytes(pdf: pikepdf.Pdf) -> bytes:
    import io

    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def test_letters_beyond_the_basic_plane(write: Write) -> None:
    with reader_of(write(mapped_to(b"D835DC65"))) as reader:
        assert reader.text(1) == "𝑥 = 𝑥"
        assert [line.text for line in reader.lines(1)] == ["𝑥 = 𝑥"]


def test_half_a_letter_harms_nobody(write: Write) -> None:
    with reader_of(write(mapped_to(b"D835"))) as reader:
        reader.text(1).encode()
        "".join(line.text for line in reader.lines(1)).encode()


def linked_pdf(places: list[tuple[list[int], object]]) -> bytes:
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(612, 792)).obj
        page.Annots = Array()
        for rect, address in places:
            action = Dictionary(S=Name.URI, URI=address) if isinstance(address, String) else address
            page.Annots.append(Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=rect, A=action))
        return _bytes(pdf)


def test_links_come_in_reading_order_and_only_those_that_lead_somewhere(write: Write) -> None:
    path = write(
        linked_pdf(
            [
                ([300, 600, 400, 612], String("https://example.org/right")),
                ([72, 601, 200, 613], String("https://example.org/left")),
                ([72, 700, 200, 712], String("mailto:a@example.org")),
                ([72, 500, 200, 512], String("https://example.org/two-lines")),
                ([72, 486, 200, 498], String("https://example.org/two-lines")),
                ([72, 400, 200, 412], String("www.example.org/bare")),
                ([72, 300, 200, 312], String("javascript:alert(1)")),
                ([72, 200, 200, 212], String("other.pdf")),
                ([72, 100, 200, 112], Dictionary(S=Name.GoTo, D=String("chapter"))),
                ([72, 50, 200, 62], String("https://example.org/\x1b[31mred")),
            ]
        )
    )
    with reader_of(path) as reader:
        assert reader.links(1) == (
            "mailto:a@example.org",
            "https://example.org/left",
            "https://example.org/right",
            "https://example.org/two-lines",
            "http://www.example.org/bare",
            "https://example.org/[31mred",
        )


def test_links_open_only_pages_that_lead_somewhere_and_never_their_words(
    write: Write, printed_pdf: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page is asked for its links before it is sent; its words take longer than splitting it does."""
    path = write(linked_pdf([([0, 0, 10, 10], String("https://example.org/"))]))
    inward = write(linked_pdf([([0, 0, 10, 10], Dictionary(S=Name.GoTo, D=String("chapter")))]))
    plain = write(printed_pdf([PARAGRAPH]))
    asked: list[str] = []

    def noting(name: str, method: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            asked.append(name)
            return method(*arguments)

        return call

    for kind, name in ((pypdfium2.PdfDocument, "get_page"), (pypdfium2.PdfPage, "get_textpage")):
        monkeypatch.setattr(kind, name, noting(name, getattr(kind, name)))
    with reader_of(path) as linked, reader_of(inward) as inner, reader_of(plain) as reader:
        assert linked.links(1) == ("https://example.org/",)
        assert (inner.links(1), reader.links(1), asked) == ((), (), ["get_page"])
        assert reader.text(1)
        assert asked == ["get_page", "get_page", "get_textpage"]
        with pytest.raises(IndexError):
            reader.links(2)


def test_links_of_a_real_document(corpus: Path) -> None:
    with reader_of(str(corpus / "maint-guide.zh-tw.pdf")) as reader:
        links = [link for number in range(10, 20) for link in reader.links(number)]
    assert len(links) > 20
    assert all(link.startswith(("http://", "https://", "mailto:")) for link in links)


def test_spans_say_where_they_stand_and_how_they_are_set(write: Write, printed_pdf: Printed) -> None:
    content = (
        b"BT /B 24 Tf 72 700 Td (Heading) Tj ET "
        b"BT /R 2 Tf 6 0 0 6 72 650 Tm (Body with ) Tj /B 2 Tf (bold) Tj /R 2 Tf ( words) Tj ET "
        b"BT /M 10 Tf 72 600 Td (code) Tj ET "
        b"BT /R 12 Tf 72 550 Td (left) Tj 300 0 Td (right) Tj ET "
        b"BT /R 10 Tf 0 1 -1 0 30 400 Tm (upwards) Tj ET"
    )
    with reader_of(write(printed_pdf([content]))) as reader:
        heading, body, code, row, upwards = reader.lines(1)
    (title,) = heading.spans
    assert (title.text, title.style.size, title.style.bold, title.style.mono) == ("Heading", 24, True, False)
    x0, y0, x1, y1 = title.box
    assert x0 == pytest.approx(72, abs=3)
    assert y0 < 792 - 700 - 12 < y1
    assert y1 - y0 == pytest.approx(24)
    assert x1 - x0 == pytest.approx(94, abs=6)
    assert body.text == "Body with bold words"
    assert [(span.text, span.style.bold, span.style.size) for span in body.spans] == [
        ("Body with", False, 12),
        ("bold", True, 12),
        ("words", False, 12),
    ]
    assert code.spans[0].style.mono
    assert [span.text for span in row.spans] == ["left", "right"]
    assert row.spans[1].box[0] == pytest.approx(372, abs=2)
    assert upwards.spans[0].style.angle == 90


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_places_are_those_of_the_page_as_shown(rotate: int, write: Write, printed_pdf: Printed) -> None:
    content = b"BT /R 12 Tf 100 700 Td (corner) Tj ET"
    with reader_of(write(printed_pdf([content], rotate=rotate))) as reader:
        (line,) = reader.lines(1)
        width, height = reader.size(1)
    assert (width, height) == ((612, 792) if rotate in (0, 180) else (792, 612))
    x, y = (line.box[0] + line.box[2]) / 2, (line.box[1] + line.box[3]) / 2
    middle_x, middle_y = 117, 792 - 704
    where = {
        0: (middle_x, middle_y),
        90: (792 - middle_y, middle_x),
        180: (612 - middle_x, 792 - middle_y),
        270: (middle_y, 612 - middle_x),
    }[rotate]
    assert (x, y) == pytest.approx(where, abs=4)
    assert line.spans[0].style.angle == -rotate % 360


def test_pictures_and_the_share_they_cover(write: Write, corpus: Path) -> None:
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(200, 100)).obj
        dot = pdf.make_stream(
            os.urandom(3),
            Subtype=Name.Image,
            Width=1,
            Height=1,
            ColorSpace=Name.DeviceRGB,
            BitsPerComponent=8,
        )
        wrap = pdf.make_stream(
            b"1 0 0 1 0 0 cm /I Do",
            Subtype=Name.Form,
            BBox=[0, 0, 1, 1],
            Resources=Dictionary(XObject=Dictionary(I=dot)),
        )
        page.Resources = Dictionary(XObject=Dictionary(I=dot, F=wrap))
        page.Contents = pdf.make_stream(
            b"q 50 0 0 20 10 70 cm /I Do Q q 500 0 0 10 150 0 cm /I Do Q q 10 0 0 10 0 0 cm /F Do Q"
        )
        path = write(_bytes(pdf))
    with reader_of(path) as reader:
        boxes = [tuple(round(edge) for edge in box) for box in reader.pictures(1)]
        assert boxes == [(10, 10, 60, 30), (150, 90, 200, 100), (0, 90, 10, 100)]
        assert reader.image_share(1) == pytest.approx((1000 + 500 + 100) / 20_000)
    assert read_text_layer(str(corpus / "ccitt.pdf"), 1).image_share > 0.95


def test_a_page_that_cannot_be_opened_reads_as_empty(write: Write, raw_pdf: Callable[..., bytes]) -> None:
    path = write(raw_pdf({2: b"<</Type/Pages/Count 1/Kids[2 0 R]>>"}))
    with reader_of(path) as reader:
        assert reader.layer(1) == PageText("", False, (), 0.0, 0.0, 0.0, 0)


def test_files_that_only_a_repair_opens(corpus: Path) -> None:
    with reader_of(str(corpus / "T04_008_trailer-no-trailer-keyword.pdf")) as reader:
        assert reader.page_count == 1
        assert reader.text(1) != ""


def test_what_cannot_be_read_is_said(corpus: Path, write: Write, printed_pdf: Printed) -> None:
    with pytest.raises(WrongPassword):
        TextReader(str(corpus / "libreoffice-writer-password.pdf"), "guess")
    with pytest.raises(Unopenable):
        TextReader(write(b"%PDF-1.7\nnothing"))
    with reader_of(write(printed_pdf([b""]))) as reader, pytest.raises(IndexError):
        reader.text(2)


def test_threads_take_turns(corpus: Path) -> None:
    """pdfium is not thread-safe: readers and renderers in several threads must not meet inside it."""
    path = str(corpus / "pdflatex-4-pages.pdf")
    with reader_of(path) as reader:
        expected = [reader.text(number) for number in range(1, 5)]
    seen: list[list[str]] = []

    def read() -> None:
        for _ in range(5):
            with reader_of(path) as mine:
                seen.append([mine.text(number) for number in range(1, 5)])
            render_page(path, 1, dpi=20)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [expected] * 20
