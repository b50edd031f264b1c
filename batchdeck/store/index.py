"""The index of a batch's results, `results.idx`: outcome, error, usage and place of every row, in columns.

It is derived: it can be thrown away and made anew from the archived results at any time. It belongs to the
digest of those results and to the version of the judge that made it.

The file is one line of JSON (what it belongs to, the texts that rows share, each column's type), then the
columns one after the other as little-endian arrays, rows in the order of their pages.
"""

from __future__ import annotations

import math
import re
import sys
import zlib
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from batchdeck.domain.costs import Usage
from batchdeck.domain.outcomes import ANSWER_LOST, Outcome, ResultFacts, Verdict
from batchdeck.domain.text import show
from batchdeck.errors import DeckDamaged, NotFound
from batchdeck.store.compact import Column, as_range, narrowed
from batchdeck.store.disk import Disk, storage_failures, write_whole
from batchdeck.store.layout import DeckLayout

FORMAT = 1
LONGEST_DETAIL = 300
STRANGER = -1
"""The page of a row that belongs to no page of the batch."""
OUTCOMES: tuple[Outcome, ...] = tuple(Outcome)
CODE_OF: Mapping[Outcome, int] = {outcome: code for code, outcome in enumerate(OUTCOMES)}
"""Outcomes as small numbers, in memory only: a file names its own."""
IS_BILLED = bytes(outcome.is_billed for outcome in OUTCOMES)
"""By an outcome's code, whether such a row is paid for."""

_COLUMNS: Mapping[str, str] = {
    "page": "i",
    "outcome": "B",
    "error_type": "H",
    "stop_reason": "H",
    "model": "H",
    "detail": "I",
    "offset": "Q",
    "length": "I",
    "input": "I",
    "output": "I",
    "cache_write_5m": "I",
    "cache_write_1h": "I",
    "cache_read": "I",
    "recall": "f",
}
_TOKENS = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read")
_TEXTS = ("error_type", "stop_reason", "model", "detail")
_MOSTLY_SMALL = frozenset(_COLUMNS) - {"page", "output", "recall"}
"""Columns that are kept in fewer bytes a row than in the file; the others lists are sorted by as they are."""
_NONCE = re.compile(r"[0-9a-f]{10}")


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One judged row of results."""

    page: int
    """Global index of its page; `STRANGER` where it has none."""
    facts: ResultFacts
    verdict: Verdict
    recall: float | None
    offset: int
    length: int


class _Header(msgspec.Struct):
    format: int
    rows: int
    results_sha256: str
    judge_version: int
    crc32: str
    texts: dict[str, list[str]]
    outcomes: list[str]
    columns: dict[str, str]


class BatchIndex:
    """One batch's rows in the order of their pages (strangers first), by column."""

    def __init__(
        self,
        columns: Mapping[str, Column],
        texts: Mapping[str, list[str]],
        results_sha256: str,
        judge_version: int,
    ) -> None:
        self.results_sha256 = results_sha256
        self.judge_version = judge_version
        self.pages = as_range(columns["page"])
        """Global index of each row's page, ascending; `STRANGER` for rows without one."""
        self.outcome_codes = columns["outcome"].tobytes()
        """Each row's outcome, as in `CODE_OF`."""
        self._columns = {name: column for name, column in columns.items() if name not in ("page", "outcome")}
        self._tokens = [columns[name] for name in _TOKENS]
        self._texts = texts

    def __len__(self) -> int:
        return len(self.pages)

    def row_of(self, page: int) -> int | None:
        """Return the row of a page, or None where the results have none."""
        row = bisect_left(self.pages, page)
        return row if row < len(self.pages) and self.pages[row] == page else None

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """Return the rows of the pages from `start` to `stop` as a half-open range."""
        return bisect_left(self.pages, start), bisect_left(self.pages, stop)

    def numbered_by_row(self) -> BatchIndex:
        """Return the index with each row as a page of its own, in the order of the file: for a batch made
        elsewhere, whose ids say nothing of pages."""
        order = sorted(range(len(self)), key=self._columns["offset"].__getitem__)
        columns = {name: array(c.typecode, map(c.__getitem__, order)) for name, c in self._columns.items()}
        columns["page"] = array("i", range(len(self)))
        columns["outcome"] = array("B", map(self.outcome_codes.__getitem__, order))
        return BatchIndex(columns, self._texts, self.results_sha256, self.judge_version)

    def outcome(self, row: int) -> Outcome:
        return OUTCOMES[self.outcome_codes[row]]

    def text(self, row: int, column: str) -> str:
        """Return a row's `error_type`, `stop_reason`, `model` or `detail`."""
        return self._texts[column][int(self._columns[column][row])]

    def column(self, name: str) -> Column:
        """Return a column as it is kept: a number per row, for texts their number in `texts`."""
        return self._columns[name]

    def texts(self, name: str) -> list[str]:
        """Return the texts of the column `error_type`, `stop_reason`, `model` or `detail` by number."""
        return self._texts[name]

    def place(self, row: int) -> tuple[int, int]:
        """Return where the row lies in the results file: offset and length in bytes."""
        return int(self._columns["offset"][row]), int(self._columns["length"][row])

    def recall(self, row: int) -> float | None:
        value = self._columns["recall"][row]
        return None if math.isnan(value) else float(value)

    def tokens(self, row: int) -> tuple[int, ...]:
        """Return the tokens of one row, in the order of `Usage`."""
        return tuple([column[row] for column in self._tokens])

    def token_columns(self) -> Sequence[Column]:
        """Return the tokens of all rows, a column for each kind in the order of `Usage`."""
        return self._tokens

    def usage_of(self, row: int) -> Usage:
        """Return the tokens of one row."""
        return Usage(*self.tokens(row))

    def tally(self) -> dict[Outcome, int]:
        """Count the rows by outcome."""
        counts = Counter(self.outcome_codes)
        return {outcome: counts[code] for code, outcome in enumerate(OUTCOMES) if counts[code]}

    def usage(self) -> Usage:
        """Add up the tokens of all rows."""
        return Usage(*(int(sum(self._columns[name])) for name in _TOKENS))

    def unmeasured(self, start: int = 0, stop: int | None = None) -> int:
        """Count the rows of which nobody knows what they cost, of all or of the rows [start, stop): paid for
        and without usage, or sent in real time with the answer lost."""
        columns = [column[start:stop] for column in self._tokens]
        if not all(0 in column for column in columns):  # by far the most
            return 0
        codes, errors = self.outcome_codes[start:stop], self._columns["error_type"][start:stop]
        is_lost = [text == ANSWER_LOST for text in self._texts["error_type"]]
        return sum(
            is_lost[error] or (IS_BILLED[code] and not any(tokens))
            for code, error, tokens in zip(codes, errors, zip(*columns, strict=True), strict=True)
        )

    def usage_by_model(self) -> dict[str, Usage]:
        """Add up the tokens by the model that answered; rows without an answer count under an empty name."""
        models, texts = self._columns["model"], self._texts["model"]
        if len(texts) == 1 and len(self):
            return {texts[0]: self.usage()}
        sums: dict[int, list[int]] = {}
        for row, model in enumerate(models):
            totals = sums.setdefault(int(model), [0] * len(_TOKENS))
            for place, name in enumerate(_TOKENS):
                totals[place] += int(self._columns[name][row])
        return {texts[model]: Usage(*totals) for model, totals in sums.items()}


def write_index(
    layout: DeckLayout,
    key: str,
    rows: Iterable[IndexRow],
    *,
    results_sha256: str,
    judge_version: int,
    disk: Disk | None = None,
) -> None:
    """Write a batch's index. Of several rows of one page the first counts.

    Args:
        layout: the deck.
        key: the batch's folder; where it is a submission's key, rows of other submissions are strangers.
        rows: the judged rows, in any order.
        results_sha256: digest of the results they were judged from.
        judge_version: version of the judge.
        disk: where the system calls go.

    Raises:
        StorageFailed: it cannot be written.
    """
    columns: dict[str, Column] = {name: array(code) for name, code in _COLUMNS.items()}
    pools = {name: _Pool(_COLUMNS[name]) for name in _TEXTS}
    own = f"{key}-" if _NONCE.fullmatch(key) else ""
    for row in rows:
        facts, usage = row.facts, row.facts.usage
        is_own = row.page >= 0 and facts.custom_id.startswith(own)
        values: tuple[float, ...] = (
            row.page if is_own else STRANGER,
            CODE_OF[row.verdict.outcome],
            pools["error_type"].number(facts.error_type),
            pools["stop_reason"].number(facts.stop_reason),
            pools["model"].number(facts.model),
            pools["detail"].number(row.verdict.detail),
            row.offset,
            row.length,
            *map(_fitting, (usage.input, usage.output, usage.cache_write_5m, usage.cache_write_1h)),
            _fitting(usage.cache_read),
            math.nan if row.recall is None else row.recall,
        )
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
    columns = _by_page(columns)
    data = b"".join(_little_endian(column).tobytes() for column in columns.values())
    header = _Header(
        format=FORMAT,
        rows=len(columns["page"]),
        results_sha256=results_sha256,
        judge_version=judge_version,
        crc32=f"{zlib.crc32(data):08x}",
        texts={name: pool.texts for name, pool in pools.items()},
        outcomes=[str(outcome) for outcome in OUTCOMES],
        columns=dict(_COLUMNS),
    )
    path = layout.index(key)
    with storage_failures("Writing the index", path):
        write_whole(disk or Disk(), path, [msgspec.json.encode(header) + b"\n", data])


def is_index_current(layout: DeckLayout, key: str, results_sha256: str, judge_version: int) -> bool:
    """Say whether a batch has an index that was made from these results by this version of the judge."""
    try:
        with layout.index(key).open("rb") as file:
            header = msgspec.json.decode(file.readline(), type=_Header)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return (
        header.format == FORMAT
        and header.results_sha256 == results_sha256
        and header.judge_version == judge_version
    )


def read_index(layout: DeckLayout, key: str) -> BatchIndex:
    """Read a batch's index.

    Raises:
        NotFound: there is none.
        DeckDamaged: it is not what was written. It has been removed, so that it is made anew.
        StorageFailed: it cannot be read.
    """
    try:
        return look_at_index(layout, key)
    except DeckDamaged:
        path = layout.index(key)
        with storage_failures("Removing the damaged index", path):
            path.unlink(missing_ok=True)
        raise


def look_at_index(layout: DeckLayout, key: str) -> BatchIndex:
    """Read a batch's index, and leave it where it is even if it is damaged.

    Raises:
        NotFound, DeckDamaged, StorageFailed: as `read_index`.
    """
    path = layout.index(key)
    if not path.exists():
        raise NotFound(f"The results in {key} have no index yet.", hint="It is made when they are looked at.")
    with storage_failures("Reading the index", path):
        head, _, data = path.read_bytes().partition(b"\n")
    try:
        header = msgspec.json.decode(head, type=_Header)
        if header.format != FORMAT or f"{zlib.crc32(data):08x}" != header.crc32:
            raise ValueError("its checksum or its format differs")
        return _columns_of(header, data)
    except (msgspec.MsgspecError, ValueError, KeyError) as error:
        raise DeckDamaged(
            f"The index of the results in {key} was damaged: {error}.",
            hint="Do it again: the index is made anew from the archived results.",
        ) from error


_LARGEST = 2**32 - 1


def _columns_of(header: _Header, data: bytes) -> BatchIndex:
    columns: dict[str, Column] = {}
    position = 0
    zeros = array("B", bytes(header.rows))
    for name, code in _COLUMNS.items():
        size = header.rows * array(code).itemsize
        values = data[position : position + size]
        position += size
        if name in _MOSTLY_SMALL:
            if not values.strip(b"\0"):  # nearly always: one column stands for all of them
                columns[name] = zeros
                continue
            code, values = narrowed(code, values)
        column = array(code)
        column.frombytes(values)
        columns[name] = _little_endian(column)
    if header.outcomes != [str(outcome) for outcome in OUTCOMES]:
        now = {code: CODE_OF[Outcome(name)] for code, name in enumerate(header.outcomes)}
        columns["outcome"] = array("B", (now[int(code)] for code in columns["outcome"]))
    return BatchIndex(columns, header.texts, header.results_sha256, header.judge_version)


def _by_page(columns: dict[str, Column]) -> dict[str, Column]:
    pages = columns["page"]
    order: list[int] = []
    for row in sorted(range(len(pages)), key=pages.__getitem__):
        if not order or pages[row] == STRANGER or pages[row] != pages[order[-1]]:
            order.append(row)
    if order == list(range(len(pages))):
        return columns
    return {name: array(column.typecode, map(column.__getitem__, order)) for name, column in columns.items()}


class _Pool:
    """Texts that rows share, numbered. When the numbers run out, all further ones are shown as cut off."""

    def __init__(self, typecode: str) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}
        self._most = 2 ** (8 * array(typecode).itemsize) - 2

    def number(self, text: str) -> int:
        number = self._numbers.get(text)
        if number is None:
            kept = show(text, LONGEST_DETAIL) if len(self.texts) < self._most else "…"
            number = self._numbers.get(kept)
            if number is None:
                number = self._numbers[kept] = len(self.texts)
                self.texts.append(kept)
            if len(self._numbers) < self._most:
                self._numbers[text] = number
        return number


def _fitting(tokens: int) -> int:
    return min(max(tokens, 0), _LARGEST)


def _little_endian(column: Column) -> Column:
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column
