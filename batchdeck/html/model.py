"""What the stages hand on to each other: a page's material, its tree, and a record of every change made."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from batchdeck.domain.documents import Outline
from batchdeck.domain.outcomes import Outcome
from batchdeck.html.shelf import Place, Shelf, Shelved, decode, encode


@dataclass(frozen=True, slots=True)
class Change:
    """One thing a stage did to a page's words or structure, for the operator to read.

    `before` and `after` are text (bounded excerpts); `removed` and `added` are the words the change took out
    of or put into the document, so that words out = words in - removed + added can be checked.
    """

    stage: str
    page: int
    """1-based page of the document; 0 for the document as a whole."""
    rule: str
    before: str = ""
    after: str = ""
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """One thing a person should look at: what machine checks cannot decide."""

    page: int
    kind: str
    """alt_text, table_scope, join, unverified, placeholder, fidelity, accessibility, math, link, note"""
    message: str
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class SyntaxIssue:
    """One html5lib error on the raw answer."""

    page: int
    line: int
    column: int
    code: str


@dataclass(frozen=True, slots=True)
class TextLayer:
    """What the PDF itself says of a page's text."""

    text: str
    trusted: bool
    """Two extractors agree and there are enough words to judge by."""
    links: tuple[str, ...] = ()
    """URLs of the page's link annotations, in reading order."""
    image_share: float = 0.0
    """Share of the page's area that images cover, 0 to 1."""


@dataclass(frozen=True, slots=True)
class PageMaterial:
    """Everything a page brings to the export."""

    number: int
    """1-based page of the document."""
    label: str
    outcome: Outcome
    answer: str | None
    """Text of the attempt that counts, when it is good enough to be used; else None."""
    detail: str = ""
    """Why there is no answer, for the placeholder."""
    layer: TextLayer | None = None
    custom_id: str = ""
    model: str = ""
    width: float = 0.0
    height: float = 0.0


@dataclass(frozen=True, slots=True)
class DocumentMaterial:
    """One document's facts for the export, without its pages."""

    name: str
    """File name as shown."""
    sha256: str
    page_count: int
    title: str = ""
    language: str = ""
    outline: Outline = ()
    job: str = ""
    recipe: str = ""


@dataclass(slots=True, eq=False)
class PageTree:
    """A page as the stages after parsing see it. Stages may edit `tree` in place; they own it.

    The tree of a page that has been put away is there only while the page is open: to look for it at any
    other time is an AttributeError, and what is edited meanwhile goes back when it is closed.
    """

    number: int
    label: str
    outcome: Outcome
    tree: Element = field(repr=False)
    """The `article` element, in html5lib's etree form without namespaces (MathML too: plain `math`)."""
    meta: Mapping[str, str] = field(default_factory=dict)
    """The article's data-* attributes without the prefix: lang, kind, printed-page, starts, ends."""
    source: str = "answer"
    """answer, text_layer (marked unverified) or placeholder."""
    links: tuple[str, ...] = ()
    """Targets that the PDF itself links to on this page."""
    width: float = 0.0
    height: float = 0.0
    _shelf: Shelf | None = field(default=None, init=False, repr=False)
    _place: Place | None = field(default=None, init=False, repr=False)
    _kept: bytes = field(default=b"", init=False, repr=False)
    """What lies on the shelf, while the page is open."""
    _users: int = field(default=0, init=False, repr=False)

    @contextlib.contextmanager
    def open(self) -> Iterator[Element]:
        """Have the page's tree there until the block ends. Blocks may lie in each other; the last one to end
        puts the tree back."""
        if self._shelf is None:
            yield self.tree
            return
        if not self._users:
            assert self._place is not None
            self._kept = self._shelf.take(self._place.offset, self._place.length)
            self.tree = decode(self._kept)
        self._users += 1
        try:
            yield self.tree
        finally:
            self._users -= 1
            if not self._users:
                self._put_back(self._shelf)

    def put_away(self, shelf: Shelf) -> None:
        """Keep the tree on a shelf from now on."""
        self._shelf = shelf
        self._put_back(shelf)

    def _put_back(self, shelf: Shelf) -> None:
        data = encode(self.tree)
        if data != self._kept:
            self._place = shelf.put(data, self._place)
        self._kept = b""
        del self.tree


def opened(pages: Iterable[PageTree]) -> Iterator[PageTree]:
    """Yield pages one after the other, each open until the next is asked for."""
    for page in pages:
        with page.open():
            yield page


@dataclass(slots=True)
class Assembly:
    """A document on its way through the stages across pages."""

    material: DocumentMaterial
    pages: list[PageTree]
    changes: list[Change] | Shelved[Change] = field(default_factory=list)
    reviews: list[Review] | Shelved[Review] = field(default_factory=list)
    issues: list[SyntaxIssue] | Shelved[SyntaxIssue] = field(default_factory=list)
    language: str = ""
    title: str = ""
    figures: Mapping[str, bytes] = field(default_factory=dict)
    """Image files that go beside the document, by file name; empty when figures are embedded."""

    def put_away(self, shelf: Shelf) -> None:
        """Keep the pages' trees, and all that is recorded of them, on a shelf from now on."""
        for page in self.pages:
            page.put_away(shelf)
        self.changes = Shelved(shelf, Change, self.changes)
        self.reviews = Shelved(shelf, Review, self.reviews)
        self.issues = Shelved(shelf, SyntaxIssue, self.issues)


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """One rule of the built-in checks that does not hold. `rule` is the axe id where there is one."""

    rule: str
    message: str
    line: int = 0
    """1-based line of the file; 0 where it is not known."""
    page: int = 0
    """1-based page of the document it was made from; 0 where it is not known."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A rendered document and what is known of it."""

    html: str
    findings: Sequence[RuleFinding]
    changes: Sequence[Change]
    reviews: Sequence[Review]
    issues: Sequence[SyntaxIssue]
    pages: int
    placeholders: int
    unverified: int
    name: str = ""
    """File name of the main file."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What belongs beside the document, by relative file name."""
