"""Content of a page as stored and as decoded: how large it is, how large it may become, what it draws."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator

import pikepdf
from pikepdf import Name

_BEST_RATIO = {"/FlateDecode": 1_032, "/ASCII85Decode": 1, "/ASCIIHexDecode": 1}
"""Greatest growth by decoding; small streams need not be decoded to know that they are harmless."""
_OTHER_RATIO = 64
"""That of run lengths; LZW on drawing instructions stays below it."""
_DRAWS = re.compile(rb"/([^\s/<>\[\](){}%]+)\s+Do\b")


def content_streams(page: pikepdf.Object) -> Iterator[pikepdf.Stream]:
    """Yield a page's own drawing instructions."""
    contents = page.get(Name.Contents)
    for part in contents if isinstance(contents, pikepdf.Array) else [contents]:
        if isinstance(part, pikepdf.Stream):
            yield part


def named_objects(page: pikepdf.Object, drawn: frozenset[str] | None = None) -> Iterator[pikepdf.Stream]:
    """Yield once each the pictures and forms that a page names, and those that its forms name.

    Args:
        drawn: the page's names that count, with their slash; None for all.
    """
    seen: set[tuple[int, int]] = set()
    holders = [(page, drawn)]
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


def inflates_beyond(most: int, page: pikepdf.Object) -> bool:
    """Say whether a page's instructions, with those of the forms it names, decode to more than `most` bytes;
    decoding only where that is in doubt, and no further than to settle it."""
    forms = (stream for stream in named_objects(page) if stream.get(Name.Subtype) == Name.Form)
    streams = [*content_streams(page), *forms]
    if sum(map(_greatest_size, streams)) <= most:
        return False
    total = 0
    for stream in streams:
        decoded = _decoded(stream, most - total + 1)
        total += _greatest_size(stream) if decoded is None else len(decoded)
        if total > most:
            return True
    return False


def stored_size(page: pikepdf.Object, most: int) -> int:
    """Return about how many bytes a page takes by itself: its instructions, and the pictures, forms and
    fonts that it uses, as stored.

    Args:
        most: decoded bytes of each stream of instructions that are looked through for what they draw.
    """
    drawn: set[str] = set()
    total = 0
    for stream in content_streams(page):
        total += int(stream.Length)
        drawn.update("/" + name.decode("latin-1") for name in _DRAWS.findall(_decoded(stream, most) or b""))
    for stream in named_objects(page, frozenset(drawn)):
        total += int(stream.Length)
        mask = stream.get(Name.SMask)
        total += int(mask.Length) if isinstance(mask, pikepdf.Stream) else 0
    return total + sum(int(file.Length) for file in _font_files(page))


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
