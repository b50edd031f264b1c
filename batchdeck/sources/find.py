"""Finding source files of the kinds a recipe reads: paths and folders expanded into files to look at."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from batchdeck.domain.documents import FileKind, Problem, ProblemKind, unreadable
from batchdeck.sources.opening import Unusable, open_regular

SUFFIXES: Mapping[str, FileKind] = {
    ".pdf": FileKind.PDF,
    ".txt": FileKind.TEXT,
    ".text": FileKind.TEXT,
    ".md": FileKind.MARKDOWN,
    ".markdown": FileKind.MARKDOWN,
    ".html": FileKind.HTML,
    ".htm": FileKind.HTML,
    ".xhtml": FileKind.HTML,
    ".eml": FileKind.EMAIL,
    ".csv": FileKind.CSV,
    ".tsv": FileKind.CSV,
    ".jsonl": FileKind.JSONL,
    ".ndjson": FileKind.JSONL,
}
_SNIFFED = 1024


@dataclass(frozen=True, slots=True)
class FoundSource:
    """One path to look at. `path` may hold surrogate escapes; `problem` says why it need not be opened."""

    path: str
    kind: FileKind = FileKind.TEXT
    problem: Problem | None = None


def find_sources(paths: Iterable[str], kinds: Collection[FileKind]) -> Iterator[FoundSource]:
    """Yield the files that `paths` name; in a folder first its own in the order of their bytes, then those of
    the folders in it.

    In a folder, files count whose suffix is that of one of `kinds`; hidden entries and links to folders are
    passed over, and a file is yielded once, however many links lead to it. A path that is named itself is
    always yielded: one that is of no such kind with that as its problem.
    """
    seen: set[str] = set()
    for path in paths:
        try:
            mode = os.stat(path).st_mode
        except (OSError, ValueError) as error:
            yield FoundSource(path, problem=unreadable(error))
            continue
        if stat.S_ISDIR(mode):
            yield from _in_folder(path, kinds, seen)
        elif _is_new(path, seen):
            yield _named(path, kinds)


def _in_folder(top: str, kinds: Collection[FileKind], seen: set[str]) -> Iterator[FoundSource]:
    shut: list[OSError] = []
    for folder, folders, names in os.walk(top, onerror=shut.append):
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=os.fsencode)
        for name in sorted(names, key=os.fsencode):
            path = os.path.join(folder, name)
            kind = _kind_of(path)
            if kind is None or kind not in kinds or name.startswith("."):
                continue
            if _is_new(path, seen):
                yield FoundSource(path, kind)
    for error in shut:
        yield FoundSource(os.fsdecode(error.filename or top), problem=unreadable(error))


def _named(path: str, kinds: Collection[FileKind]) -> FoundSource:
    """Return a file that was named itself; one without a telling suffix is told by how it begins."""
    kind = _kind_of(path)
    if kind is None:
        try:
            with open_regular(path) as file:
                kind = _by_beginning(file.read(_SNIFFED), kinds)
        except Unusable as unusable:
            return FoundSource(path, problem=unusable.problem)
    if kind in kinds:
        return FoundSource(path, kind)
    wanted = ", ".join(suffix for suffix, known in SUFFIXES.items() if known in kinds)
    problem = Problem(ProblemKind.WRONG_FORMAT, f"This recipe does not read such files; it reads {wanted}.")
    return FoundSource(path, kind or FileKind.TEXT, problem)


def _kind_of(path: str) -> FileKind | None:
    return SUFFIXES.get(os.path.splitext(path)[1].lower())


def _by_beginning(head: bytes, kinds: Collection[FileKind]) -> FileKind:
    if b"%PDF-" in head:
        return FileKind.PDF
    if FileKind.JSONL in kinds and head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return FileKind.JSONL
    return FileKind.TEXT


def _is_new(path: str, seen: set[str]) -> bool:
    target = os.path.realpath(path)
    if target in seen:
        return False
    seen.add(target)
    return True
