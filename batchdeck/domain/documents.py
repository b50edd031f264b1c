"""Source documents and their pages: what a scan learns of a file, and how pages are chosen and named.

A page is what one request is about: a page of a PDF, a whole file, a row, or a line of ready-made requests.
"""

from __future__ import annotations

import enum
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, NewType

from batchdeck.errors import UsageError

Sha256 = NewType("Sha256", str)
"""A SHA-256 in 64 lower-case hexadecimal digits."""


class FileKind(enum.StrEnum):
    """What a source file is made of. The value is the suffix of its copy in the vault."""

    PDF = "pdf"
    TEXT = "txt"
    MARKDOWN = "md"
    HTML = "html"
    EMAIL = "eml"
    CSV = "csv"
    JSONL = "jsonl"

    @property
    def has_rows(self) -> bool:
        """Whether the file is many records, each of which is a page."""
        return self in (FileKind.CSV, FileKind.JSONL)


class ProblemKind(enum.StrEnum):
    """Why a source file cannot be used. One clear problem per file."""

    NOT_A_PDF = "not_a_pdf"
    EMPTY_FILE = "empty_file"
    NO_PAGES = "no_pages"
    NEEDS_PASSWORD = "needs_password"  # noqa: S105 - a problem, not a password
    DAMAGED = "damaged"
    TOO_LARGE = "too_large"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_SLOW = "too_slow"
    UNREADABLE = "unreadable"
    NOT_A_FILE = "not_a_file"
    DUPLICATE = "duplicate"
    ALREADY_SUBMITTED = "already_submitted"
    IN_DOUBT = "in_doubt"
    NO_SUCH_PAGES = "no_such_pages"
    NOT_TEXT = "not_text"
    WRONG_FORMAT = "wrong_format"
    NO_ROWS = "no_rows"
    BAD_ROW = "bad_row"
    WRONG_SOURCE = "wrong_source"


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason a file was left out. `message` is a sentence for the operator, already safe to show."""

    kind: ProblemKind
    message: str

    def __str__(self) -> str:
        return self.message


def unreadable(error: OSError | ValueError) -> Problem:
    """Say why the system would not hand over a file."""
    if isinstance(error, FileNotFoundError):
        return Problem(ProblemKind.UNREADABLE, "There is no such file (or a link leads nowhere).")
    if isinstance(error, PermissionError):
        return Problem(ProblemKind.UNREADABLE, "You may not read it: check its permissions.")
    if isinstance(error, OSError):
        return Problem(
            ProblemKind.UNREADABLE, f"It cannot be read: {error.strerror or type(error).__name__}."
        )
    return Problem(ProblemKind.UNREADABLE, "Its path holds a character that no file name can hold.")


class Caveat(enum.StrEnum):
    """What makes a usable file worth a second look before it is paid for."""

    REPAIRED = "repaired"
    DYNAMIC_XFA = "dynamic_xfa"
    PORTFOLIO = "portfolio"
    ODD_PAGE_BOX = "odd_page_box"
    GIANT_CONTENT = "giant_content"
    PAGE_OVER_LIMIT = "page_over_limit"
    NO_TEXT_LAYER = "no_text_layer"


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """One bookmark: `level` from 1, `page` 1-based or None where it leads nowhere in this document."""

    level: int
    title: str
    page: int | None


Outline = tuple[OutlineEntry, ...]
"""A document's bookmarks, in their order."""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What is known of one page before it is split. Sizes in PDF points (1/72 inch)."""

    number: int
    """1-based page of the document."""
    label: str
    """The printed label ("vii", "A-3"), or the number where the document gives none."""
    width: float
    height: float
    rotation: int
    """0, 90, 180 or 270 degrees clockwise."""
    has_text: bool

    def __reduce__(self) -> tuple[object, ...]:
        # A scan brings them from other processes by the hundred thousand, most of them like one already here.
        return _page_facts, (
            self.number,
            self.label,
            (self.width, self.height),
            self.rotation,
            self.has_text,
        )


@lru_cache(maxsize=256)
def _shared(size: tuple[float, float]) -> tuple[float, float]:
    return size


@lru_cache(maxsize=4096)
def _page_facts(
    number: int, label: str, size: tuple[float, float], rotation: int, has_text: bool
) -> PageFacts:
    return PageFacts(number, sys.intern(label), *_shared(size), rotation, has_text)


@dataclass(frozen=True, slots=True)
class BadPage:
    """A record of a file that cannot be sent: a row that cannot be read, a request the API would refuse."""

    number: int
    """1-based, counted with the others."""
    problem: Problem


@dataclass(frozen=True, slots=True)
class Asked:
    """How many of a file's ready-made requests ask this model for so many tokens."""

    model: str
    max_tokens: int
    count: int


@dataclass(frozen=True, slots=True)
class Document:
    """One source file as the scan found it. Known by its SHA-256; `path` may hold surrogate escapes."""

    path: str
    sha256: Sha256
    size: int
    """Bytes of the file."""
    pages: tuple[PageFacts, ...] = ()
    title: str = ""
    language: str = ""
    """/Lang of the catalogue, or empty."""
    outline: Outline = ()
    encrypted: bool = False
    password: str = field(default="", repr=False)
    """The password that opened it; empty for none. Never written to the deck, logs or events."""
    attachments: int = 0
    caveats: tuple[Caveat, ...] = ()
    kind: FileKind = FileKind.PDF
    units: int = 0
    """Pages of files whose pages are not described one by one (records of a file, a file taken whole)."""
    sheets: int = 0
    """Pages of a PDF that is taken whole."""
    bad: tuple[BadPage, ...] = ()
    """Records that are left out, in their order."""
    asks: tuple[Asked, ...] = ()
    """What ready-made requests ask for; empty for all other sources."""

    @property
    def page_count(self) -> int:
        return self.units or len(self.pages)


@dataclass(frozen=True, slots=True)
class UnusableFile:
    """A file the scan met and cannot use."""

    path: str
    problem: Problem
    sha256: Sha256 | None = None


ScannedFile = Document | UnusableFile


@dataclass(frozen=True, slots=True)
class Page:
    """One page of one document in a job. `index` is 0-based and global to the job, never to a batch."""

    index: int
    document: Sha256
    number: int
    label: str
    rung: int = 0
    """On which rung of its job's ladder it stands, from 0."""


class PlannedPageKind(NamedTuple):
    """What a sample of pages is to be spread over."""

    document: Sha256
    kind: tuple[object, ...]


def kind_of_page(facts: PageFacts, page_count: int) -> tuple[object, ...]:
    """Return what makes a page unlike others before anything is known of its content: text layer, shape, and
    whether it begins the document, ends it, or is in between."""
    width, height = sorted((facts.width, facts.height))
    is_large = width > _LARGE_POINTS
    place = "first" if facts.number == 1 else "last" if facts.number == page_count else "middle"
    return facts.has_text, facts.width > facts.height, is_large, height > 2 * width, place


_LARGE_POINTS = 620.0
"""Shorter side beyond which a page is larger than A4 or Letter."""
_RANGE = re.compile(r"\s*([0-9]{0,9})\s*(-?)\s*([0-9]{0,9})\s*")


def parse_page_ranges(text: str) -> tuple[tuple[int, int | None], ...]:
    """Read page ranges like ``1-5,8,12-`` into (first, last) pairs, 1-based, `last` None for "to the end".

    Raises:
        UsageError: the text is not a list of ranges, or a range runs backwards.
    """
    ranges: list[tuple[int, int | None]] = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part)
        if not match or not (match[1] or match[3]):
            raise UsageError(
                f"“{show_range(part)}” is not a page range.", hint="Write ranges like 1-5,8,12- (1-based)."
            )
        first = int(match[1] or 1)
        last = int(match[3]) if match[3] else (None if match[2] else first)
        if first < 1 or (last is not None and last < first):
            raise UsageError(
                f"The page range “{show_range(part)}” runs backwards or starts before page 1.",
                hint="Write ranges like 1-5,8,12- (1-based).",
            )
        ranges.append((first, last))
    return tuple(ranges)


def show_range(part: str) -> str:
    """Return a range as typed, bounded for a message."""
    return part.strip()[:40]


def choose_pages(count: int, ranges: Sequence[tuple[int, int | None]] | None) -> Sequence[int]:
    """Return the 1-based page numbers of a document of `count` pages that `ranges` choose, in page order."""
    if ranges is None:
        return range(1, count + 1)
    chosen: set[int] = set()
    for first, last in ranges:
        chosen.update(range(first, min(count, last if last is not None else count) + 1))
    return tuple(sorted(chosen))


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan found, in the order of the paths given: usable documents, and files with a problem."""

    documents: tuple[Document, ...]
    unusable: tuple[UnusableFile, ...]
    folder: str = ""
    """Name of the folder that was looked through, where it was one and nothing else."""

    @property
    def page_count(self) -> int:
        return sum(document.page_count for document in self.documents)

    @property
    def size(self) -> int:
        """Bytes of the usable files."""
        return sum(document.size for document in self.documents)

    def __repr__(self) -> str:
        files = f"{len(self.documents):,} usable files, {self.page_count:,} pages"
        return f"<Scan: {files}, {len(self.unusable):,} files with a problem>"


def mark_duplicates(files: Iterable[ScannedFile]) -> Scan:
    """Keep the first file of each content; say of every later one whose copy it is."""
    from batchdeck.domain.text import show

    documents: list[Document] = []
    unusable: list[UnusableFile] = []
    first_path: dict[Sha256, str] = {}
    for file in files:
        if isinstance(file, UnusableFile):
            unusable.append(file)
        elif file.sha256 in first_path:
            original = show(first_path[file.sha256], 120)
            problem = Problem(ProblemKind.DUPLICATE, f"The same bytes as {original}; submitted once.")
            unusable.append(UnusableFile(file.path, problem, file.sha256))
        else:
            first_path[file.sha256] = file.path
            documents.append(file)
    return Scan(tuple(documents), tuple(unusable))
