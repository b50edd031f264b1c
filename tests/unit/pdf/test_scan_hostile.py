"""Hostile files cost one clear problem or a caveat, never an exception, a hang or the process."""

from __future__ import annotations

import multiprocessing
import os
import random
import socket
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pikepdf
import pytest

from batchdeck.domain.documents import Caveat, Document, ProblemKind, UnusableFile
from batchdeck.pdf.images import render_page
from batchdeck.pdf.limits import limit_process
from batchdeck.pdf.scan import ScanLimits, scan_file
from batchdeck.pdf.split import Splitter
from batchdeck.pdf.text import TextReader

Raw = Callable[[dict[int, bytes]], bytes]
Write = Callable[..., str]
Stream = Callable[..., bytes]
DEFAULT = ScanLimits()


def problem(path: str, limits: ScanLimits = DEFAULT) -> ProblemKind:
    found = scan_file(path, limits=limits)
    assert isinstance(found, UnusableFile)
    assert found.path == path
    assert found.problem.message.endswith(".")
    return found.problem.kind


def document(path: str, limits: ScanLimits = DEFAULT) -> Document:
    found = scan_file(path, limits=limits)
    assert isinstance(found, Document), found.problem
    return found


def test_an_empty_file(write: Write) -> None:
    assert problem(write(b"")) is ProblemKind.EMPTY_FILE


def test_folders_pipes_sockets_and_devices_are_not_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.pdf")
    (tmp_path / "y.pdf").mkdir()
    for path in (tmp_path / "x.pdf", tmp_path / "y.pdf", Path("/dev/zero"), Path("/dev/stdin").resolve()):
        if path.exists() and not path.is_file():
            assert problem(str(path)) is ProblemKind.NOT_A_FILE
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "z"))
        assert problem(str(tmp_path / "z")) in (ProblemKind.NOT_A_FILE, ProblemKind.UNREADABLE)


def test_missing_files_and_impossible_paths(tmp_path: Path) -> None:
    assert problem(str(tmp_path / "gone.pdf")) is ProblemKind.UNREADABLE
    assert problem("nul\0byte.pdf") is ProblemKind.UNREADABLE


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\x89PNG\r\n", "a PNG picture"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"<!doctype html>", "a web page"),
        (b"hello", "does not begin like one"),
    ],
)
def test_what_is_not_a_pdf_is_named(write: Write, start: bytes, name: str) -> None:
    found = scan_file(write(start + bytes(2_000) + b"%PDF-1.4"))
    assert isinstance(found, UnusableFile)
    assert found.problem.kind is ProblemKind.NOT_A_PDF
    assert name in found.problem.message


def test_limits_of_size_and_pages(write: Write, printed_pdf: Callable[..., bytes]) -> None:
    path = write(printed_pdf([b""] * 4))
    assert problem(path, ScanLimits(max_pages=3)) is ProblemKind.TOO_MANY_PAGES
    assert problem(path, ScanLimits(file_bytes=500)) is ProblemKind.TOO_LARGE
    assert document(path, ScanLimits(max_pages=4)).page_count == 4


def test_what_is_wrong_with_a_file_is_its_own(tmp_path: Path) -> None:
    """pdfium gives no reason where there is no page, but keeps the one it gave last."""
    pageless, locked = tmp_path / "pageless.pdf", tmp_path / "locked.pdf"
    with pikepdf.new() as pdf:
        pdf.save(pageless)
        pdf.add_blank_page()
        pdf.save(locked, encryption=pikepdf.Encryption(user="secret", owner="secret"))
    for _ in range(2):
        assert problem(str(pageless)) is ProblemKind.NO_PAGES
        assert problem(str(locked)) is ProblemKind.NEEDS_PASSWORD


def test_the_bytes_hashed_are_the_bytes_parsed(write: Write, printed_pdf: Callable[..., bytes]) -> None:
    path = write(printed_pdf([b""]))
    before = document(path)
    Path(path).write_bytes(printed_pdf([b"", b""]))
    after = document(path)
    assert (before.page_count, after.page_count) == (1, 2)
    assert before.sha256 != after.sha256


def test_a_count_that_lies_is_corrected(write: Write, printed_pdf: Callable[..., bytes]) -> None:
    """pdfium believes /Count: nine pages to pay for where there is one, or one where there are five."""
    for pages, claimed in ((1, 9), (5, 1), (1, 2_000_000_000)):
        data = printed_pdf([b"BT /R 12 Tf 72 700 Td (words) Tj ET"] * pages)
        with pikepdf.open(write(data)) as pdf:
            pdf.Root.Pages.Count = claimed
            path = write(b"")
            pdf.save(path, fix_metadata_version=False)
        lying = Path(path).read_bytes()
        if b"/Count %d" % claimed not in lying:  # qpdf writes the true count: put the lie back
            Path(path).write_bytes(lying.replace(b"/Count %d" % pages, b"/Count %d" % claimed))
        found = document(path)
        assert found.page_count == pages
        with Splitter(path) as splitter, TextReader(path) as reader:
            assert splitter.page_count == reader.page_count == pages
            assert reader.text(pages) == "words"


LOOPS: dict[str, dict[int, bytes]] = {
    "page tree": {2: b"<</Type/Pages/Count 1/Kids[2 0 R]>>"},
    "page tree through a child": {
        2: b"<</Type/Pages/Count 2/Kids[3 0 R 4 0 R]>>",
        4: b"<</Type/Pages/Count 1/Parent 2 0 R/Kids[2 0 R]>>",
    },
    "labels": {1: b"<</Type/Catalog/Pages 2 0 R/PageLabels 5 0 R>>", 5: b"<</Kids[5 0 R]>>"},
    "attachments": {
        1: b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles 5 0 R>>>>",
        5: b"<</Kids[5 0 R 5 0 R]>>",
    },
    "outline": {
        1: b"<</Type/Catalog/Pages 2 0 R/Outlines 5 0 R>>",
        5: b"<</First 6 0 R/Last 6 0 R/Count 1>>",
        6: b"<</Title(x)/Parent 5 0 R/Next 6 0 R/First 5 0 R>>",
    },
    "form fields": {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]>>>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Annots[4 0 R 7 8]>>",
        4: b"<</Subtype/Widget/Parent 5 0 R/Rect[0 0 9 9]>>",
        5: b"<</Parent 6 0 R/Kids[4 0 R]>>",
        6: b"<</Parent 5 0 R/Kids[5 0 R]>>",
    },
    "a page among its own annotations": {
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Annots 3 0 R>>",
    },
    "a form that draws itself twice": {
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
        b"/Resources<</XObject<</F 5 0 R>>>>>>",
        4: b"<</Length 5>>stream\n/F Do\nendstream",
        5: b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F 5 0 R>>>>/Length 11>>stream\n"
        b"/F Do /F Do\nendstream",
    },
    "absurd labels": {
        1: b"<</Type/Catalog/Pages 2 0 R/PageLabels<</Nums[0<</S/r/St 2000000000>>]>>>>",
    },
    "an array 100,000 deep": {1: b"<</Type/Catalog/Pages 2 0 R/X " + b"[" * 100_000 + b"]" * 100_000 + b">>"},
}


@pytest.mark.parametrize("name", LOOPS)
def test_loops_and_depths_come_to_an_end(name: str, raw_pdf: Raw, write: Write) -> None:
    path = write(raw_pdf(LOOPS[name]))
    found = scan_file(path)
    if isinstance(found, UnusableFile):
        assert found.problem.kind is ProblemKind.DAMAGED
        return
    assert found.page_count in (1, 2)
    with Splitter(path) as splitter:
        assert splitter.page(1).startswith(b"%PDF-")
    with TextReader(path) as reader:
        assert reader.layer(1).text == ""
        assert reader.lines(1) == ()


def test_a_loop_of_cross_references(write: Write) -> None:
    data = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\nxref\n0 1\n0000000000 65535 f \n"
    data += b"trailer<</Root 1 0 R/Size 3/Prev 54>>\nstartxref\n54\n%%EOF"
    assert problem(write(data)) is ProblemKind.DAMAGED


def test_nothing_but_zeros(write: Write) -> None:
    assert problem(write(b"%PDF-1.7\n" + bytes(100_000))) is ProblemKind.DAMAGED


@pytest.mark.parametrize(
    "box",
    [
        b"[0 0 nan nan]",
        b"[0 0 1e12 5]",
        b"[0 0 1000000000000 5]",
        b"[0 0 100000 100000]",
        b"[0 0 0 0]",
        b"(x)",
    ],
)
def test_absurd_boxes_are_flagged_and_stay_small_as_pictures(box: bytes, raw_pdf: Raw, write: Write) -> None:
    path = write(raw_pdf({3: b"<</Type/Page/Parent 2 0 R/MediaBox" + box + b">>"}))
    assert Caveat.ODD_PAGE_BOX in document(path).caveats
    assert len(render_page(path, 1, dpi=300)) < 1_000_000


def test_a_reversed_box_is_nothing_odd(raw_pdf: Raw, write: Write) -> None:
    path = write(raw_pdf({3: b"<</Type/Page/Parent 2 0 R/MediaBox[792 612 0 0]>>"}))
    found = document(path)
    assert Caveat.ODD_PAGE_BOX not in found.caveats
    assert (found.pages[0].width, found.pages[0].height) == (792, 612)


PAGE_WITH_CONTENT = (
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>"
)


@pytest.mark.parametrize("nested", [False, True])
def test_a_bomb_of_instructions_is_flagged_and_never_opened(
    nested: bool, raw_pdf: Raw, stream: Stream, write: Write
) -> None:
    """28 MB of paths in 28 KB, or 294 MB by drawing a form 60 times."""
    paths = b"0 0 m 1 1 l S\n"
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]"
    objects = (
        {4: stream(b"/F Do " * 60), 5: stream(paths * 350_000, form)}
        if nested
        else {4: stream(paths * 2_000_000)}
    )
    path = write(raw_pdf({3: PAGE_WITH_CONTENT, **objects}))
    assert Caveat.GIANT_CONTENT in document(path).caveats
    with TextReader(path) as reader:
        assert reader.text(1) == ""
    with pytest.raises(Exception, match="too large to be drawn"):
        render_page(path, 1, dpi=72)


def test_a_form_named_but_not_drawn_is_no_bomb(raw_pdf: Raw, stream: Stream, write: Write) -> None:
    form = stream(b"0 0 m 1 1 l S\n" * 2_000_000, b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]")
    path = write(raw_pdf({3: PAGE_WITH_CONTENT, 4: stream(b"q Q"), 5: form}))
    assert Caveat.GIANT_CONTENT not in document(path).caveats


def test_old_filters_are_no_bomb(raw_pdf: Raw, write: Write) -> None:
    text = b"<~" + b'87cURD]i,"Ebo80' * 200 + b"~>"
    content = b"<</Filter/ASCII85Decode/Length %d>>stream\n%s\nendstream" % (len(text), text)
    path = write(raw_pdf({3: PAGE_WITH_CONTENT, 4: content, 5: b"null"}))
    assert Caveat.GIANT_CONTENT not in document(path).caveats


def test_pages_over_the_limit_are_flagged_by_what_they_use(write: Write) -> None:
    """Two pages share a dictionary of two pictures; each draws one, so that neither takes all its bytes."""
    with pikepdf.new() as pdf:
        pictures = pikepdf.Dictionary()
        for name in ("/A", "/B"):
            pictures[name] = pdf.make_stream(
                os.urandom(60_000),
                Type=pikepdf.Name.XObject,
                Subtype=pikepdf.Name.Image,
                Width=200,
                Height=100,
                ColorSpace=pikepdf.Name.DeviceRGB,
                BitsPerComponent=8,
            )
        shared = pdf.make_indirect(pikepdf.Dictionary(XObject=pictures))
        for drawn in (b"/A", b"/B"):
            page = pdf.add_blank_page()
            page.obj.Resources = shared
            page.obj.Contents = pdf.make_stream(b"q 100 0 0 100 0 0 cm " + drawn + b" Do Q")
        path = write(b"")
        pdf.save(path)
    assert Caveat.PAGE_OVER_LIMIT not in document(path, ScanLimits(page_bytes=80_000)).caveats
    assert Caveat.PAGE_OVER_LIMIT in document(path, ScanLimits(page_bytes=50_000)).caveats


def test_placeholders_of_dynamic_forms_are_flagged(raw_pdf: Raw, write: Write) -> None:
    xfa = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</XFA(x)/Fields[%s]>>%s>>"
    field = {5: b"<</T(a)/FT/Tx>>"}
    no_fields = document(write(raw_pdf({1: xfa % (b"", b"")})))
    rendering = document(write(raw_pdf({1: xfa % (b"5 0 R", b"/NeedsRendering true"), **field})))
    static = document(write(raw_pdf({1: xfa % (b"5 0 R", b""), **field})))
    assert Caveat.DYNAMIC_XFA in no_fields.caveats
    assert Caveat.DYNAMIC_XFA in rendering.caveats
    assert Caveat.DYNAMIC_XFA not in static.caveats


def test_the_cover_of_a_portfolio_is_flagged(raw_pdf: Raw, write: Write) -> None:
    path = write(raw_pdf({1: b"<</Type/Catalog/Pages 2 0 R/Collection<</View/D>>>>"}))
    assert Caveat.PORTFOLIO in document(path).caveats


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9, 0.99])
def test_a_torn_file_is_repaired_or_refused(
    keep: float, write: Write, printed_pdf: Callable[..., bytes]
) -> None:
    data = printed_pdf([b"BT /R 12 Tf 72 700 Td (words) Tj ET"] * 20)
    found = scan_file(write(data[: int(len(data) * keep)]))
    if isinstance(found, Document):
        assert Caveat.REPAIRED in found.caveats
        assert 0 < found.page_count <= 20
    else:
        assert found.problem.kind in (ProblemKind.DAMAGED, ProblemKind.NO_PAGES)


def test_titles_that_are_no_text(raw_pdf: Raw, write: Write) -> None:
    """Half a surrogate pair, which no encoding can carry, and a title of a million letters."""
    broken = raw_pdf(
        {
            1: b"<</Type/Catalog/Pages 2 0 R/Outlines 5 0 R>>",
            5: b"<</First 6 0 R/Last 6 0 R/Count 1>>",
            6: b"<</Title<FEFFD800>/Parent 5 0 R/Dest[3 0 R/Fit]>>",
            7: b"<</Title(" + b"x" * 1_000_000 + b")>>",
        }
    ).replace(b"trailer<<", b"trailer<</Info 7 0 R")
    found = document(write(broken))
    assert [(one.title, one.page) for one in found.outline] == [("", 1)]
    assert 0 < len(found.title) <= 1_000
    halved = raw_pdf({7: b"<</Title<FEFFD800>>>"}).replace(b"trailer<<", b"trailer<</Info 7 0 R")
    assert document(write(halved)).title == ""


def test_mutants_never_raise_and_never_end_the_process(
    printed_pdf: Callable[..., bytes], tmp_path: Path
) -> None:
    chance = random.Random(20_261_121)
    whole = printed_pdf([b"BT /R 12 Tf 72 700 Td (words and words) Tj ET"] * 3)
    paths = []
    for number in range(200):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 12)):
            at = chance.randrange(len(data))
            match chance.randrange(3):
                case 0:
                    data[at] = chance.randrange(256)
                case 1:
                    del data[at : at + chance.randrange(40)]
                case _:
                    data[at:at] = data[chance.randrange(len(data)) :][: chance.randrange(40)]
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(data)
        paths.append(str(path))
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawning, limit_process) as pool:
        found = list(pool.map(scan_file, paths, timeout=120))
    kinds = {type(one) for one in found}
    assert kinds == {Document, UnusableFile}
