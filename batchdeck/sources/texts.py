"""Text files as plain text: UTF-8 text, Markdown, HTML without its markup, e-mails with their headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from batchdeck.domain.documents import FileKind, ProblemKind
from batchdeck.sources.opening import Unusable

if TYPE_CHECKING:
    from email.message import EmailMessage

_HEADERS = ("from", "to", "cc", "date", "subject")
_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "footer"),
        *("form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre"),
        *("section", "table", "tr", "ul"),
    )
)
_SILENT = frozenset(("script", "style", "template", "noscript", "svg"))
_CELLS = frozenset(("td", "th"))


@dataclass(frozen=True, slots=True)
class Text:
    """One text file as a request carries it."""

    text: str
    title: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of an e-mail: from, to, cc, date, subject, as far as it has them."""
    attachments: tuple[str, ...] = ()
    """Names of an e-mail's attachments; what is in them is not read."""


def read_text(data: bytes, kind: FileKind) -> Text:
    """Return what a text file says.

    Raises:
        Unusable: it is not UTF-8 text, or there is no text in it.
    """
    match kind:
        case FileKind.EMAIL:
            found = _email(data)
        case FileKind.HTML:
            found = _html(_decoded(data))
        case _:
            text = _decoded(data)
            found = Text(text.strip(), _heading(text) if kind is FileKind.MARKDOWN else "")
    if not found.text and not found.headers:
        raise Unusable(ProblemKind.EMPTY_FILE, "There is no text in it.")
    return found


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Unusable(ProblemKind.NOT_TEXT, "It is UTF-16 text: save it as UTF-8.")
    if b"\0" in data:
        raise Unusable(ProblemKind.NOT_TEXT, "It is no text: it holds zero bytes.")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unusable(
            ProblemKind.NOT_TEXT,
            f"It is not UTF-8 text (byte 0x{data[error.start]:02x} in line {line:,}): save it as UTF-8.",
        ) from None


def _heading(text: str) -> str:
    lines = (line.strip() for line in text.splitlines()[:50])
    return next((line.lstrip("#").strip() for line in lines if line.startswith("#")), "")


class _Words(HTMLParser):
    """Gathers the words of a page, a line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.title = ""
        self._silent = 0
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "title":
            self._in_title = True
        elif tag in _BLOCKS:
            self.pieces.append("\n")
        elif tag in _CELLS:
            self.pieces.append(" \t")
        alt = dict(attrs).get("alt") if tag == "img" else None
        if alt:
            self.pieces.append(f" {alt} ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "title":
            self._in_title = False
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif not self._silent:
            self.pieces.append(data)


def _html(markup: str) -> Text:
    words = _Words()
    try:
        words.feed(markup)
        words.close()
    except AssertionError:  # how the parser of the standard library gives up on broken declarations
        raise Unusable(ProblemKind.WRONG_FORMAT, "It is no HTML that can be read.") from None
    lines = (" ".join(line.split()) for line in "".join(words.pieces).splitlines())
    return Text("\n".join(line for line in lines if line), " ".join(words.title.split()))


def _email(data: bytes) -> Text:
    from email.parser import BytesParser
    from email.policy import default

    message = BytesParser(policy=default).parsebytes(data)
    headers = {name: _header(message, name) for name in _HEADERS}
    headers = {name: value for name, value in headers.items() if value}
    if not headers:
        raise Unusable(ProblemKind.WRONG_FORMAT, "It is no e-mail: it has none of an e-mail's headers.")
    return Text(_body(message), headers.get("subject", ""), headers, _attachments(message))


def _header(message: EmailMessage, name: str) -> str:
    try:
        return _whole(" ".join(str(message.get(name, "")).split()))
    except Exception:  # the parser of the standard library raises all sorts of things on hostile headers
        return ""


def _attachments(message: EmailMessage) -> tuple[str, ...]:
    try:
        parts = [part for part in message.walk() if part.is_attachment()]
        return tuple(_whole(part.get_filename() or part.get_content_type()) for part in parts)
    except Exception:  # as above
        return ()


def _whole(text: str) -> str:
    """Return text without halves of characters, which bytes that are not UTF-8 leave behind."""
    return text.encode("utf-8", "replace").decode()


def _body(message: EmailMessage) -> str:
    """Return the body as text: the plain one, else the words of the HTML one."""
    try:
        part = message.get_body(("plain", "html"))
        content = part.get_content() if part is not None else ""
    except Exception:  # as above: unknown character sets, broken encodings, missing parts
        payload = message.get_payload(decode=True)
        return payload.decode("utf-8", "replace").strip() if isinstance(payload, bytes) else ""
    text = _whole(content) if isinstance(content, str) else ""
    is_html = part is not None and part.get_content_type() == "text/html"
    return _html(text).text if is_html else text.replace("\r\n", "\n").strip()
