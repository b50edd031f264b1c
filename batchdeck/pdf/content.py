"""Content of a page as stored and as decoded: how large it is, how large it may become, what it draws."""

from __future__ import annotations

import base64
import binascii
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator

import pikepdf
from pikepdf import Name

GIANT_BYTES = 25_000_000
"""Instructions of one page beyond this are no print (a page of dense text has 20,000), and opening them in
pdfium takes 700 MB."""
_DEEPEST_FORM = 20
_BEST_RATIO = {"/FlateDecode": 1_032, "/ASCII85Decode": 1, "/ASCIIHexDecode": 1}
"""Greatest growth by decoding; small streams need not be decoded to know that they are harmless."""
_OTHER_RATIO = 64
"""That of run lengths; LZW on drawing instructions stays below it."""
_SHOWS = re.compile(rb"[^\s(<][)>][-+.\d\s]*+(?:\]\s*+)?T[jJ]\b")
"""A string that does not end in a blank, shown."""
_MAY_SHOW = re.compile(rb"T[jJ]|['\"]")
_SHOWN_ENOUGH = 4
_TEXT_SEARCHED = 1_000_000
_DRAWS = re.compile(rb"/([^\s/<>\[\](){}%]+)\s+Do\b")


def content_streams(page: pikepdf.Object) -> Iterator[pikepdf.Stream]:
    """Yield a page's own drawing instructions."""
    contents = page.get(Name.Contents)
    for part in contents if isinstance(contents, pikepdf.Array) else [contents]:
        if isinstance(part, pikepdf.Stream):
            yield part


def is_giant(page: pikepdf.Object) -> bool:
    """Say whether a page's instructions, with those of the forms it draws as often as it draws them, decode
    to more than `GIANT_BYTES`. Decodes only where that is in doubt.

    A form that draws itself, or forms nested deeper than `_DEEPEST_FORM`, count as giant.
    """
    try:
        return all(_drawn_size(page, size_of) > GIANT_BYTES for size_of in (_greatest_size, _decoded_size))
    except Exception:  # damaged structure fails in any way: nothing that can be followed to its end is giant
        return False


def _drawn_size(page: pikepdf.Object, size_of: Callable[[pikepdf.Stream], int]) -> float:
    known: dict[tuple[int, int], float] = {}

    def below(holder: pikepdf.Object, streams: list[pikepdf.Stream], depth: int) -> float:
        """Return the size of some instructions and of all that they draw from a holder's resources."""
        total: float = sum(map(size_of, streams))
        forms = _forms(holder)
        if not forms or total > GIANT_BYTES:
            return total
        if depth == 0:
            return math.inf
        drawn = Counter(name for stream in streams for name in _drawn_names(stream))
        for name, form in forms:
            if drawn[name]:
                if form.objgen not in known:
                    known[form.objgen] = math.inf  # stands while its own forms are added up: a loop
                    known[form.objgen] = below(form, [form], depth - 1)
                total += drawn[name] * known[form.objgen]
        return total

    return below(page, list(content_streams(page)), _DEEPEST_FORM)


def shows_text(page: pikepdf.Object) -> bool | None:
    """Say whether a page shows characters, from its own instructions: a dozen times as fast as pdfium can.

    None where they do not settle it: few or blank strings, forms, data that looks like instructions.
    """
    shown = 0
    is_open = bool(_forms(page))
    for stream in content_streams(page):
        instructions = _decoded(stream, _TEXT_SEARCHED)
        if instructions is None or len(instructions) == _TEXT_SEARCHED:
            is_open = True
        for _ in _SHOWS.finditer(instructions or b""):
            shown += 1
            if shown >= _SHOWN_ENOUGH:
                return True
        is_open = is_open or _MAY_SHOW.search(instructions or b"") is not None
    return None if is_open else False


def stored_size(page: pikepdf.Object) -> int:
    """Return about how many bytes a page takes by itself: its instructions, and the pictures, forms and
    fonts that it uses, as stored."""
    own = list(content_streams(page))
    drawn = frozenset(name for stream in own for name in _drawn_names(stream))
    total = sum(int(stream.Length) for stream in own)
    for stream in _drawn_objects(page, drawn):
        total += int(stream.Length)
        mask = stream.get(Name.SMask)
        total += int(mask.Length) if isinstance(mask, pikepdf.Stream) else 0
    return total + sum(int(file.Length) for file in _font_files(page))


def _drawn_objects(page: pikepdf.Object, drawn: frozenset[str]) -> Iterator[pikepdf.Stream]:
    """Yield once each the pictures and forms among the names drawn, and all that the forms name."""
    seen: set[tuple[int, int]] = set()
    holders: list[tuple[pikepdf.Object, frozenset[str] | None]] = [(page, drawn)]
    while holders:
        holder, wanted = holders.pop()
        for name, stream in _resources(holder, Name.XObject):
            if not isinstance(stream, pikepdf.Stream) or (wanted is not None and name not in wanted):
                continue
            if stream.objgen not in seen:
                seen.add(stream.objgen)
                yield stream
                if stream.get(Name.Subtype) == Name.Form:
                    holders.append((stream, None))


def _drawn_names(stream: pikepdf.Stream) -> Iterator[str]:
    """Yield the names that instructions draw, with their slash, as often as they draw them."""
    for match in _DRAWS.finditer(_decoded(stream, GIANT_BYTES) or b""):
        yield "/" + match[1].decode("latin-1")


def _font_files(page: pikepdf.Object) -> Iterator[pikepdf.Stream]:
    for _, font in _resources(page, Name.Font):
        below = font.get(Name.DescendantFonts)
        holder = below[0] if isinstance(below, pikepdf.Array) else font
        descriptor = holder.get(Name.FontDescriptor)
        if isinstance(descriptor, pikepdf.Dictionary):
            for key in (Name.FontFile, Name.FontFile2, Name.FontFile3):
                file = descriptor.get(key)
                if isinstance(file, pikepdf.Stream):
                    yield file


def _forms(holder: pikepdf.Object) -> list[tuple[str, pikepdf.Stream]]:
    """Return the forms that a page or form names: (name, form)."""
    return [
        (name, one)
        for name, one in _resources(holder, Name.XObject)
        if isinstance(one, pikepdf.Stream) and one.get(Name.Subtype) == Name.Form
    ]


def _resources(holder: pikepdf.Object, kind: pikepdf.Name) -> list[tuple[str, pikepdf.Object]]:
    """Return the resources of one kind that a page or form names: (name, dictionary or stream)."""
    resources = holder.get(Name.Resources)
    named = resources.get(kind) if isinstance(resources, pikepdf.Dictionary) else None
    if not isinstance(named, pikepdf.Dictionary):
        return []
    return [
        (name, one) for name, one in named.items() if isinstance(one, pikepdf.Dictionary | pikepdf.Stream)
    ]


def _filters(stream: pikepdf.Stream) -> list[str]:
    filters = stream.get(Name.Filter)
    if filters is None:
        return []
    return [str(name) for name in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]


def _greatest_size(stream: pikepdf.Stream) -> int:
    size = int(stream.Length)
    for name in _filters(stream):
        size *= _BEST_RATIO.get(name, _OTHER_RATIO)
    return size


def _decoded_size(stream: pikepdf.Stream) -> int:
    decoded = _decoded(stream, GIANT_BYTES + 1)
    return _greatest_size(stream) if decoded is None else len(decoded)


def _decoded(stream: pikepdf.Stream, most: int) -> bytes | None:
    """Return at most `most` decoded bytes of a stream, as far as it is sound; None for other filters."""
    data = stream.read_raw_bytes()
    for name in _filters(stream):
        try:
            if name == "/FlateDecode":
                data = zlib.decompressobj().decompress(data, most)
            elif name == "/ASCII85Decode":
                data = base64.a85decode(data.strip().removesuffix(b"~>").removeprefix(b"<~"))
            elif name == "/ASCIIHexDecode":
                data = binascii.unhexlify(b"".join(data.split()).rstrip(b">"))
            else:
                return None
        except (zlib.error, ValueError):
            return data
    return data[:most]
