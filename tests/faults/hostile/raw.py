"""Writing PDFs by hand, so that they can say what no library would write."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
PAGES = b"<</Type/Pages/Count 1/Kids[3 0 R]>>"
PAGE = (
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
    b"/Resources<</Font<</F 9 0 R>>/XObject<</X 5 0 R>>>>>>"
)
WORDS = b"BT /F 12 Tf 72 700 Td (a page of plain words that anybody may read) Tj ET"
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
LITTLE_PICTURE = (
    b"<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/Length 1>>"
    b"stream\nx\nendstream"
)


def stream(content: bytes, entries: bytes = b"", *, length: bytes | None = None) -> bytes:
    """Return a stream object with the content as it is; `length` is what it claims."""
    claimed = b"%d" % len(content) if length is None else length
    return b"<<%s/Length %s>>stream\n%s\nendstream" % (entries, claimed, content)


def deflated(content: bytes, entries: bytes = b"", *, times: int = 1) -> bytes:
    """Return a stream object deflated once or several times over."""
    for _ in range(times):
        content = zlib.compress(content, 9)
    filters = b"/Filter[" + b"/FlateDecode" * times + b"]" if times > 1 else b"/Filter/FlateDecode"
    return stream(content, entries + filters)


def zeros_deflated(size: int, *, times: int) -> bytes:
    """Return a stream object of blanks deflated over and over, without ever holding them all."""
    packer = zlib.compressobj(9)
    pieces = [packer.compress(b" " * 1_000_000) for _ in range(size // 1_000_000)]
    content = b"".join([*pieces, packer.flush()])
    for _ in range(times - 1):
        content = zlib.compress(content, 9)
    return stream(content, b"/Filter[" + b"/FlateDecode" * times + b"]")


def document(objects: Mapping[int, bytes], *, trailer: bytes = b"", tail: bytes | None = None) -> bytes:
    """Return a PDF of these objects over those of a plain page, with a true cross-reference table.

    Args:
        objects: by number; 1 is the catalog, 2 the page tree, 3 the page, 4 its contents, 5 its picture.
        trailer: more entries of the trailer.
        tail: what to end with instead of the table and the trailer.
    """
    defaults = {1: CATALOG, 2: PAGES, 3: PAGE, 4: stream(WORDS), 5: LITTLE_PICTURE, 9: FONT}
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places: dict[int, int] = {}
    for number, content in sorted({**defaults, **objects}.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    if tail is not None:
        return bytes(out) + tail
    start, size = len(out), max(places) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        out += b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 65535 f \n"
    out += b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)
    return bytes(out)
