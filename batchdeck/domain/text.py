"""Making text from outside harmless to show: control characters visible, surrogates escaped, bounded."""

from __future__ import annotations

import unicodedata

_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡"}
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Joiners that real scripts and emoji need; they neither move the cursor nor reorder text.
_HARMLESS_FORMAT = frozenset({0x00AD, 0x200C, 0x200D})


def _visible(char: str) -> str:
    code = ord(char)
    if code in _PICTURES:
        return _PICTURES[code]
    if code in _HARMLESS_FORMAT or unicodedata.category(char) not in _HIDDEN_CATEGORIES:
        return char
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8, carried by surrogateescape
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def show(text: str, limit: int | None = None, *, newlines: bool = False) -> str:
    """Return `text` fit for one line of a terminal or a report.

    Every character whose Unicode category is control, format, surrogate, private, unassigned or a line or
    paragraph separator is written visibly (ESC becomes ``␛``, a right-to-left override ``\\u202e``, a byte
    that was not UTF-8 ``\\xe9``). With `newlines`, line feeds and tabs stay as they are. `limit` is the
    greatest number of characters returned; a cut is marked with ``…``.
    """
    if limit is not None and len(text) > limit * 2:
        text = text[: limit * 2]
    if text.isascii() and text.isprintable():
        shown = text
    elif newlines:
        shown = "".join(char if char in "\n\t" else _visible(char) for char in text)
    else:
        shown = "".join(map(_visible, text))
    if limit is not None and len(shown) > limit:
        return shown[: max(limit - 1, 0)] + "…"
    return shown
