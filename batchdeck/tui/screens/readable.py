"""HTML as lines of plain text, for reading an answer in a terminal. Nothing is checked or repaired here."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLOCKS = frozenset(
    """
    address article aside blockquote body caption dd details div dl dt fieldset figcaption figure footer form
    header hr html legend main nav ol p pre section summary table tbody tfoot thead tr ul
    """.split()  # noqa: SIM905 - a list of forty strings is harder to read
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_UNSEEN = frozenset({"script", "style", "head", "title", "template"})
_SPACE = re.compile(r"[ \t\r\n\f]+")


class _Reader(HTMLParser):
    """Collects lines as the elements go by."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._line = ""
        self._prefix = ""
        self._lists: list[int | None] = []
        self._unseen = 0
        self._pre = 0
        self._cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag in _HEADINGS:
            self._break(gap=True)
            self._prefix = "#" * _HEADINGS[tag] + " "
        elif tag in ("ul", "ol"):
            self._break(gap=not self._lists)
            self._lists.append(1 if tag == "ol" else None)
        elif tag == "li":
            self._break()
            self._prefix = self._bullet()
        elif tag in ("td", "th"):
            self._line += " │ " if self._cells else ""
            self._cells += 1
        elif tag == "br":
            self._break()
        elif tag == "img":
            self._line += f"[figure: {dict(attrs).get('alt') or 'no description'}]"
        elif tag in ("input", "select", "textarea"):
            self._line += _control(tag, dict(attrs))
        elif tag in _BLOCKS:
            self._break(gap=tag in ("p", "table", "blockquote", "figure", "pre", "dl") and not self._lists)
            self._pre += tag == "pre"
            self._cells = 0
            if tag == "hr":
                self.lines.append("─" * 8)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        elif tag in ("ul", "ol"):
            self._break()
            if self._lists:
                self._lists.pop()
        elif tag in _HEADINGS or tag == "li" or tag in _BLOCKS:
            self._pre = max(self._pre - (tag == "pre"), 0)
            self._break()

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if self._pre:
            first, *rest = data.split("\n")
            self._line += first
            for line in rest:
                self._break()
                self._line = line
            return
        text = _SPACE.sub(" ", data)
        self._line += text.lstrip() if not self._line or self._line.endswith(" ") else text

    def _bullet(self) -> str:
        indent = "  " * max(len(self._lists) - 1, 0)
        number = self._lists[-1] if self._lists else None
        if number is None:
            return f"{indent}• "
        self._lists[-1] = number + 1
        return f"{indent}{number}. "

    def _break(self, *, gap: bool = False) -> None:
        if self._line.strip():
            self.lines.append(self._prefix + self._line.rstrip())
            self._prefix = ""
        self._line = ""
        if gap and self.lines and self.lines[-1]:
            self.lines.append("")

    def close(self) -> None:
        super().close()
        self._break()


def _control(tag: str, attributes: dict[str, str | None]) -> str:
    kind = attributes.get("type") or tag
    if kind in ("checkbox", "radio"):
        return "[x] " if "checked" in attributes else "[ ] "
    return f"[{attributes.get('value') or '____'}]"


def readable(markup: str) -> str:
    """Return what HTML says, in lines: headings with #, list items with bullets, cells divided by │."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return "\n".join(reader.lines).strip("\n")
