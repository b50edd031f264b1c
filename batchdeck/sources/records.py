"""Records of a CSV or JSONL file, one after the other in bounded memory, each with where it lies."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import msgspec

from batchdeck.domain.documents import FileKind, ProblemKind
from batchdeck.domain.text import show
from batchdeck.sources.opening import Unusable

_DELIMITERS = ",;\t|"
_UNCLOSED = "unexpected end of data"
"""How the CSV reader says that the file ends within quotation marks."""
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: a row of values, or why there are none."""

    number: int
    """1-based, blank lines and the header not counted."""
    line: int
    """1-based line of the file that it begins on."""
    offset: int
    length: int
    """Bytes, without the line break at its end in JSONL."""
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


class Lines:
    """The lines of a file as bytes, counted and hashed on the way."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file = file
        self._most = most
        self._digest = hashlib.sha256()
        self.offset = 0
        self.number = 0
        self.begin = 0
        """Where the record begins that is being read; set by whoever reads records."""

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def next(self) -> bytes:
        """Return the next line with its break, empty at the end; of one that is too long, its beginning."""
        line = self._file.readline(self._most + 2)
        self._take(line)
        if len(line) > self._most and not line.endswith(b"\n"):
            while rest := self._file.readline(1 << 20):
                self._take(rest)
                if rest.endswith(b"\n"):
                    break
        self.number += 1
        return line

    def _take(self, data: bytes) -> None:
        self._digest.update(data)
        self.offset += len(data)

    def __iter__(self) -> Iterator[str]:
        """Yield decoded lines for the CSV reader.

        Raises:
            Unusable: a line is not UTF-8, or a record is longer than it may be.
        """
        while line := self.next():
            if self.offset - self.begin > self._most:
                raise Unusable(
                    ProblemKind.TOO_LARGE,
                    f"The record at line {self.number:,} is longer than {self._most:,} bytes; "
                    "is a quotation mark missing?",
                )
            yield _decoded(line, self.number)


def read_records(lines: Lines, kind: FileKind, most: int) -> Iterator[Record]:
    """Yield the records of a file in its order. Bad ones come with their problem.

    Raises:
        Unusable: nothing can be read any more from here on.
    """
    return _json_records(lines, most) if kind is FileKind.JSONL else _csv_records(lines, most)


def _json_records(lines: Lines, most: int) -> Iterator[Record]:
    number = 0
    while True:
        offset = lines.offset
        line = lines.next()
        if not line:
            return
        content = line.rstrip()
        if offset == 0 and content.startswith(_BOM):
            content, offset = content[len(_BOM) :], len(_BOM)
        if not content:
            continue
        number += 1
        if len(content) > most:
            problem = f"is longer than {most:,} bytes"
            yield Record(number, lines.number, offset, len(content), problem=problem)
            continue
        values, problem = parse_object(content)
        yield Record(number, lines.number, offset, len(content), values, problem)


def parse_object(content: bytes) -> tuple[Mapping[str, Any], str]:
    """Return one JSON object, or none and why."""
    try:
        values = msgspec.json.decode(content)
    except UnicodeDecodeError:
        return {}, "is not UTF-8 text"
    except msgspec.DecodeError as error:
        return {}, f"is not valid JSON ({show(str(error), 120)})"
    except RecursionError:
        return {}, "is nested too deeply"
    if not isinstance(values, dict):
        return {}, "is not a JSON object"
    if not values:
        return {}, "is empty"
    return values, ""


def _csv_records(lines: Lines, most: int) -> Iterator[Record]:
    csv.field_size_limit(most)
    header: list[str] | None = None
    texts = iter(lines)
    first = next((text for text in texts if text.strip()), "")
    delimiter = _delimiter_of(first)

    def all_lines() -> Iterator[str]:
        yield first
        yield from texts

    rows = csv.reader(all_lines(), delimiter=delimiter, strict=True)
    number, line, length_before = 0, 1, 0
    empty: list[Record] = []  # at the end of a file, as spreadsheets leave them, they are no rows
    while True:
        lines.begin = length_before
        problem, row = "", []
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            problem = f"is not valid CSV ({show(str(error), 120)})"
            if str(error) == _UNCLOSED:
                after = lines.number - 1 - line  # the end of the file has been read as a line
                and_after = f", and the {after:,} lines after it with it" if after else ""
                problem = f"opens a quotation mark that is never closed: it is left out{and_after}"
        begin, begin_line = length_before, line
        length_before, line = lines.offset, lines.number + 1
        if not row and not problem:
            continue
        if header is None:
            header = _checked_header(row, problem)
            continue
        number += 1
        if not problem and len(row) != len(header):
            problem = f"has {len(row):,} values, the header has {len(header):,}"
        if not problem and not any(value.strip() for value in row):
            empty.append(Record(number, begin_line, begin, length_before - begin, problem="is empty"))
            continue
        values = dict(zip(header, row, strict=True)) if not problem else {}
        yield from empty
        empty.clear()
        yield Record(number, begin_line, begin, length_before - begin, values, problem)


def _checked_header(row: Sequence[str], problem: str) -> list[str]:
    names = [name.strip() for name in row]
    if problem:
        raise Unusable(ProblemKind.WRONG_FORMAT, f"Its header {problem}.")
    if not all(names):
        raise Unusable(ProblemKind.WRONG_FORMAT, "Its first line must name the columns; one has no name.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        what = f"Its first line names the column “{show(twice[0], 60)}” twice."
        raise Unusable(ProblemKind.WRONG_FORMAT, what)
    return names


def parse_csv_record(head: bytes, content: bytes) -> dict[str, str]:
    """Return one row by its columns' names.

    Args:
        head: the file from its beginning to the end of its header.
        content: the row as it stands in the file.
    """
    first = _decoded(head, 1).lstrip()
    delimiter = _delimiter_of(first.partition("\n")[0])
    header, row = (
        next(csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter, strict=True))
        for text in (first, _decoded(content, 0).lstrip("\r\n"))
    )
    return dict(zip((name.strip() for name in header), row, strict=True))


def _delimiter_of(first: str) -> str:
    """Return what parts the columns, by the first line of the file."""
    return max(_DELIMITERS, key=first.count)


def _decoded(line: bytes, number: int) -> str:
    try:
        return line.removeprefix(_BOM).decode() if number == 1 else line.decode()
    except UnicodeDecodeError:
        raise Unusable(
            ProblemKind.NOT_TEXT, f"Line {number:,} is not UTF-8 text: save the file as UTF-8."
        ) from None
