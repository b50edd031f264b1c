"""Finding source files: paths and folders expanded into files to look at. Opens none beyond its first KiB."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from batchdeck.domain.documents import Problem, unreadable

HEADER_WINDOW = 1024
"""Bytes at the start of a file among which ``%PDF-`` must stand (PDF 32000-1, annex H.3.4.1)."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One path to scan. `path` may hold surrogate escapes; `problem` says why it need not be opened."""

    path: str
    problem: Problem | None = None


def find_files(paths: Iterable[str]) -> Iterator[FoundFile]:
    """Yield the files that `paths` name, folders expanded recursively in the order of their bytes.

    In a folder, names that end in ``.pdf`` (in any case) count, and names without an extension whose first
    KiB holds ``%PDF-``; hidden entries and links to folders are passed over, and a file is yielded once,
    however many links lead to it. A path that is named itself is always yielded, whatever it is called.

    Args:
        paths: files and folders as `str`; names that are not UTF-8 carry surrogate escapes.
    """
    seen: set[str] = set()
    for path in paths:
        try:
            mode = os.stat(path).st_mode
        except (OSError, ValueError) as error:
            yield FoundFile(path, unreadable(error))
            continue
        if stat.S_ISDIR(mode):
            yield from _in_folder(path, seen)
        elif _is_new(path, seen):
            yield FoundFile(path)


def _in_folder(top: str, seen: set[str]) -> Iterator[FoundFile]:
    """Walk one folder depth first, with a stack of our own, so that its depth does not matter."""
    stack = [iter([top])]
    while stack:
        path = next(stack[-1], None)
        if path is None:
            stack.pop()
        elif os.path.isdir(path) and (path == top or not os.path.islink(path)):
            try:
                names = sorted(os.listdir(path), key=os.fsencode)
            except OSError as error:
                yield FoundFile(path, unreadable(error))
            else:
                stack.append(iter([os.path.join(path, name) for name in names if not name.startswith(".")]))
        else:
            yield from _in_passing(path, seen)


def _in_passing(path: str, seen: set[str]) -> Iterator[FoundFile]:
    """Yield a path met in a folder, if it may be a PDF and was not met before."""
    is_named_pdf = path.lower().endswith(".pdf")
    if not is_named_pdf and os.path.splitext(path)[1]:
        return
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        if is_named_pdf:
            yield FoundFile(path, unreadable(error))
        return
    if stat.S_ISDIR(mode) or not (is_named_pdf or (stat.S_ISREG(mode) and _starts_like_a_pdf(path))):
        return
    if _is_new(path, seen):
        yield FoundFile(path)


def _is_new(path: str, seen: set[str]) -> bool:
    target = os.path.realpath(path)
    if target in seen:
        return False
    seen.add(target)
    return True


def _starts_like_a_pdf(path: str) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return b"%PDF-" in os.read(descriptor, HEADER_WINDOW)
    except OSError:
        return False
    finally:
        os.close(descriptor)
