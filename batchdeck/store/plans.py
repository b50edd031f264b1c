"""A job's plan, `jobs/<job>/pages.jsonl`: one line per page, written once, never changed."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TypeVar

import msgspec

from batchdeck.domain.documents import Page, Sha256
from batchdeck.errors import DeckDamaged, NotFound
from batchdeck.store.disk import Disk, storage_failures, write_whole
from batchdeck.store.layout import DeckLayout, make_folder

S = TypeVar("S", bound=str)

_LINES_A_WRITE = 5_000
_BYTES_A_READ = 1 << 17
_DAMAGE = (msgspec.MsgspecError, ValueError, OverflowError)


class _Line(msgspec.Struct, gc=False, omit_defaults=True):
    index: int
    document: Sha256
    page: int
    label: str
    rung: int = 0


_decoder = msgspec.json.Decoder(_Line)


def write_plan(layout: DeckLayout, job: str, pages: Iterable[Page], *, disk: Disk | None = None) -> int:
    """Write a job's plan, whole or not at all.

    Args:
        layout: the deck.
        job: the job's id.
        pages: the job's pages in the order of their global indices, from 0 without a gap.
        disk: where the system calls go.

    Returns:
        The number of pages.

    Raises:
        ValueError: an index is out of order.
        StorageFailed: it cannot be written.
    """
    path = layout.pages(job)
    count = 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        encode = msgspec.json.Encoder().encode
        pending: list[bytes] = []
        for page in pages:
            if page.index != count:
                raise ValueError(f"page {page.index} in the place of page {count}")
            pending.append(
                encode(_Line(page.index, page.document, page.number, page.label, page.rung)) + b"\n"
            )
            count += 1
            if len(pending) == _LINES_A_WRITE:
                yield b"".join(pending)
                pending.clear()
        yield b"".join(pending)

    with storage_failures("Writing the plan", path):
        make_folder(path.parent)
        write_whole(disk or Disk(), path, lines())
    return count


def read_plan(layout: DeckLayout, job: str, documents: Iterable[Sha256] = ()) -> PagePlan:
    """Read a job's plan.

    Args:
        layout: the deck.
        job: the job's id.
        documents: those it is known to have, in their order: thousands of digests are not kept twice.

    Raises:
        NotFound: the job has none.
        DeckDamaged: a line is not what it must be; names it.
        StorageFailed: it cannot be read.
    """
    path = layout.pages(job)
    if not path.exists():
        raise NotFound(f"The job {job} has no plan in this deck.", hint="Run `batchdeck doctor`.")
    plan = PagePlan(documents)
    try:
        with storage_failures("Reading the plan", path), path.open("rb") as file:
            while lines := file.readlines(_BYTES_A_READ):
                _take_lines(plan, lines)
    except _DAMAGE as error:
        raise DeckDamaged(
            f"The plan of job {job} is damaged at line {len(plan) + 1}: {error}.",
            hint="Run `batchdeck doctor`.",
        ) from error
    return plan


def _take_lines(plan: PagePlan, lines: Sequence[bytes]) -> None:
    """Take a stretch of the plan at once; line by line where one of them is not what it must be."""
    try:
        stretch = b"".join(lines)
        pages = _decoder.decode_lines(stretch)
        if not len(pages) == len(lines) == stretch.count(b"\n{") + stretch.startswith(b"{"):
            raise ValueError("a line holds no page, or several")
        plan.extend(pages)
    except _DAMAGE:
        for line in lines:
            page = _decoder.decode(line)
            plan.add(Page(page.index, page.document, page.page, page.label, page.rung))


class PagePlan:
    """The pages of a job by global index, kept compact: 9 bytes a page, 13 where pages have own labels."""

    def __init__(self, documents: Iterable[Sha256] = ()) -> None:
        self.documents = list(dict.fromkeys(documents))
        """The documents, numbered in the order they come in."""
        self._documents = {sha256: number for number, sha256 in enumerate(self.documents)}
        self._labels: dict[str, int] = {"": 0}
        self.labels: list[str] = [""]
        """The labels that are not just the page's number, numbered from 1; 0 is for those that are."""
        self.document_codes: array[int] = array("I")
        """Number in `documents` of each page's document."""
        self.numbers: array[int] = array("I")
        """1-based page of its document."""
        self.label_codes: array[int] = array("I")
        """Number in `labels` of each page's label; none at all while `labels` has but the first."""
        self.rungs = bytearray()
        """On which rung of the job's ladder each page stands."""

    def add(self, page: Page) -> None:
        """Take the next page.

        Raises:
            ValueError: its index is not the next one.
        """
        if page.index != len(self.numbers):
            raise ValueError(f"page {page.index} in the place of page {len(self.numbers)}")
        self.document_codes.append(_ordinal(page.document, self._documents, self.documents))
        self._take_labels([page.label], [page.number])
        self.numbers.append(page.number)
        self.rungs.append(page.rung)

    def extend(self, pages: Sequence[_Line]) -> None:
        """Take the next pages, all or none of them.

        Raises:
            ValueError, OverflowError: one of them is not what it must be.
        """
        first = len(self.numbers)
        if [page.index for page in pages] != list(range(first, first + len(pages))):
            raise ValueError("pages are out of order")
        numbers = array("I", [page.page for page in pages])
        rungs = bytes([page.rung for page in pages])
        # A document's pages stand together: it is looked up once for all of them.
        for document, run in groupby(pages, attrgetter("document")):
            code = _ordinal(document, self._documents, self.documents)
            self.document_codes.extend(array("I", [code]) * len(list(run)))
        self._take_labels([page.label for page in pages], numbers)
        self.numbers.extend(numbers)
        self.rungs.extend(rungs)

    def _take_labels(self, labels: Sequence[str], numbers: Sequence[int]) -> None:
        """Take the labels of the next pages, given their numbers."""
        are_numbers = labels == list(map(str, numbers))  # nearly always
        if are_numbers and not self.label_codes:
            return
        first = len(self.numbers)
        self.label_codes.extend(array("I", [0]) * (first - len(self.label_codes)))
        own = ("" if label == str(number) else label for label, number in zip(labels, numbers, strict=True))
        self.label_codes.extend([_ordinal(label, self._labels, self.labels) for label in own])

    def __len__(self) -> int:
        return len(self.numbers)

    def page(self, index: int) -> Page:
        """Return one page.

        Raises:
            NotFound: the job has no page of that index.
        """
        if not 0 <= index < len(self):
            raise NotFound(f"The job has no page {index}; it has {len(self):,}.")
        number = self.numbers[index]
        label = (self.labels[self.label_codes[index]] if self.label_codes else "") or str(number)
        return Page(index, self.documents[self.document_codes[index]], number, label, self.rungs[index])


def _ordinal(text: S, known: dict[S, int], texts: list[S]) -> int:
    number = known.get(text)
    if number is None:
        number = known[text] = len(texts)
        texts.append(text)
    return number
