"""Looking through folders for something to submit: what a folder holds, and how a typed path could go on.

Which files count is the recipe's: callers name the suffixes, in lower case.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

_MOST = 1_000
"""Entries of one folder that are offered; beyond that, typing is quicker than looking."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder or a file that can be chosen."""

    path: str
    label: str
    is_folder: bool
    size: int = 0


def entries_of(folder: str, suffixes: Collection[str]) -> list[Entry]:
    """Return what a folder offers: itself, the one above, its folders, its files. Hidden ones are left out.

    A folder that cannot be read offers only the way up.
    """
    here = os.path.abspath(os.path.expanduser(folder or "."))
    folders: list[Entry] = []
    files: list[Entry] = []
    try:
        with os.scandir(here) as found:
            for item in found:
                if item.name.startswith("."):
                    continue
                if item.is_dir():
                    folders.append(Entry(item.path, f"{item.name}/", True))
                elif os.path.splitext(item.name)[1].lower() in suffixes:
                    files.append(Entry(item.path, item.name, False, _size_of(item)))
                if len(folders) + len(files) >= _MOST:
                    break
    except OSError:
        return [Entry(os.path.dirname(here), "../", True)]
    folders.sort(key=lambda entry: entry.label.casefold())
    files.sort(key=lambda entry: entry.label.casefold())
    this = Entry(here, "all of this folder", False, sum(entry.size for entry in files))
    return [this, Entry(os.path.dirname(here), "../", True), *folders, *files]


def _size_of(item: os.DirEntry[str]) -> int:
    try:
        return item.stat().st_size
    except OSError:
        return 0


def path_meant(typed: str) -> str:
    """Return the path that is meant: one that was typed or pasted behind the folder proposed stands alone,
    so that ``/srv//data`` is ``/data`` and ``/srv/~/data`` is ``~/data``."""
    for anew in ("//", "/~/"):
        typed = typed[typed.rfind(anew) + 1 :]
    return typed


def folder_being_typed(typed: str) -> str:
    """Return the folder that a path is being typed in."""
    typed = path_meant(typed)
    return typed.rpartition("/")[0] + "/" if "/" in typed else "."


def complete_path(typed: str, suffixes: Collection[str]) -> list[str]:
    """Return the folders and files a typed path could mean, as they would be typed."""
    meant = path_meant(typed)
    before = typed.removesuffix(meant)
    folder, _, begun = meant.rpartition("/")
    typed_folder = f"{folder}/" if "/" in meant else ""
    ways = []
    for entry in entries_of(typed_folder or ".", suffixes)[2:]:
        # A name that cannot be typed is chosen from the list instead.
        if entry.label.startswith(begun) and entry.label.isprintable():
            ways.append(before + typed_folder + entry.label)
    return ways


def short_path(path: str) -> str:
    """Return a path with the home folder as ``~``."""
    home = str(Path.home())
    return "~" + path[len(home) :] if path == home or path.startswith(home + "/") else path
