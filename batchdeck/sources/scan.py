"""Looking at one source file: usable with its facts, or left out with one clear problem. Meant to run in a
limited worker process."""

from __future__ import annotations

import hashlib

from batchdeck.domain.documents import (
    BadPage,
    Document,
    FileKind,
    PageFacts,
    Problem,
    ProblemKind,
    Sha256,
    UnusableFile,
)
from batchdeck.domain.text import show
from batchdeck.sources.opening import SourceLimits, Unusable, open_regular
from batchdeck.sources.records import Lines, read_records
from batchdeck.sources.requests import RequestCheck
from batchdeck.sources.texts import read_text

_TITLE_LIMIT = 200
_DEFAULTS = SourceLimits()


def scan_source(
    path: str, kind: FileKind, *, are_requests: bool = False, limits: SourceLimits = _DEFAULTS
) -> Document | UnusableFile:
    """Look at one file and say what it is, or why it cannot be used. Never raises for what a file holds.

    Args:
        path: the file; surrogate escapes stand for bytes that are not UTF-8.
        kind: what it is to be read as; not a PDF.
        are_requests: whether its records are ready-made requests.
        limits: sizes beyond which it is refused.
    """
    try:
        with open_regular(path) as file:
            if not kind.has_rows:
                return _text(path, kind, file.read(limits.page_bytes + 1), limits)
            return _rows(path, kind, Lines(file, limits.page_bytes), limits, are_requests=are_requests)
    except Unusable as unusable:
        return UnusableFile(path, unusable.problem)
    except MemoryError:
        problem = Problem(ProblemKind.TOO_LARGE, "Looking at it needs more memory than one worker may use.")
        return UnusableFile(path, problem)
    except OSError as error:
        message = f"It cannot be read to its end: {error.strerror or type(error).__name__}."
        return UnusableFile(path, Problem(ProblemKind.UNREADABLE, message))


def _text(path: str, kind: FileKind, data: bytes, limits: SourceLimits) -> Document:
    if len(data) > limits.page_bytes:
        what = f"It is larger than {limits.page_bytes:,} bytes: it does not fit into one request."
        raise Unusable(ProblemKind.TOO_LARGE, what)
    found = read_text(data, kind)
    facts = PageFacts(1, "1", 0.0, 0.0, 0, has_text=True)
    digest = Sha256(hashlib.sha256(data).hexdigest())
    title = show(found.title, _TITLE_LIMIT)
    return Document(path, digest, len(data), (facts,), title, kind=kind, units=1)


def _rows(path: str, kind: FileKind, lines: Lines, limits: SourceLimits, *, are_requests: bool) -> Document:
    check = RequestCheck() if are_requests else None
    bad: list[BadPage] = []
    count = 0
    for record in read_records(lines, kind, limits.page_bytes):
        count = record.number
        if count > limits.rows:
            raise Unusable(ProblemKind.TOO_MANY_PAGES, f"It has more than {limits.rows:,} records.")
        problem = record.problem
        if not problem and check is not None:
            problem = check.problem_of(record.values, record.line)
        if problem:
            message = f"Line {record.line:,} {problem}."
            bad.append(BadPage(record.number, Problem(ProblemKind.BAD_ROW, message)))
        if len(bad) > limits.bad_rows:
            first = bad[0].problem.message
            what = f"More than {limits.bad_rows:,} of its records cannot be sent. {first}"
            raise Unusable(ProblemKind.BAD_ROW, what)
    if not count:
        raise Unusable(ProblemKind.NO_ROWS, "There are no records in it.")
    if len(bad) == count:
        raise Unusable(ProblemKind.BAD_ROW, f"None of its records can be sent. {bad[0].problem.message}")
    return Document(
        path,
        Sha256(lines.sha256),
        lines.offset,
        kind=kind,
        units=count,
        bad=tuple(bad),
        asks=check.asks if check is not None else (),
    )
