"""The quarantine, `quarantine/<time>/`: what a repair takes out of a deck, with a manifest that says why.

Nothing is ever deleted from it. The manifest names a file before the file is moved, so that a repair killed
on the way leaves nothing unexplained.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from batchdeck.domain.text import show
from batchdeck.store.disk import Disk, opened, storage_failures, write_whole
from batchdeck.store.layout import DeckLayout, make_folder

MANIFEST = "manifest.json"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """One entry of a manifest."""

    path: str
    """Where it was in the deck, and is in the quarantine."""
    how: str
    """moved, copied, or written (what was taken out of a file that stays)."""
    why: str
    bytes: int
    sha256: str


class Quarantine:
    """One repair's quarantine; its folder is made with the first thing that goes there."""

    def __init__(self, layout: DeckLayout, now: dt.datetime, *, disk: Disk | None = None) -> None:
        self._layout = layout
        self._now = now
        self._disk = disk or Disk()
        self._folder: Path | None = None
        self._kept: list[Kept] = []

    @property
    def folder(self) -> Path | None:
        """Where things went; None while nothing did."""
        return self._folder

    @property
    def kept(self) -> tuple[Kept, ...]:
        """What is in it."""
        return tuple(self._kept)

    def move(self, path: Path, why: str) -> Path:
        """Take a file or a folder of the deck out of it.

        Raises:
            StorageFailed: it could not be moved; it is where it was.
        """
        target = self._place(path)
        with storage_failures("Moving into quarantine", path):
            self._note("moved", path, why)
            self._disk.replace(path, target)
            self._disk.sync_folder(path.parent)
            self._disk.sync_folder(target.parent)
        return target

    def copy(self, path: Path, why: str) -> Path:
        """Keep a copy of a file that is about to be changed.

        Raises:
            StorageFailed: the copy could not be written.
        """
        target = self._place(path)
        with storage_failures("Copying into quarantine", path):
            self._note("copied", path, why)
            with path.open("rb") as source:
                write_whole(self._disk, target, iter(lambda: source.read(_CHUNK), b""))
        return target

    def write(self, name: str, data: bytes, why: str) -> Path:
        """Keep bytes that were taken out of something that stays.

        Args:
            name: a plain file name.

        Raises:
            StorageFailed: they could not be written.
        """
        target = self._place(self._layout.root / name)
        with storage_failures("Writing into quarantine", target):
            digest = hashlib.sha256(data).hexdigest()
            self._record(Kept(target.name, "written", why, len(data), digest))
            write_whole(self._disk, target, [data])
        return target

    def _place(self, path: Path) -> Path:
        """Return where a path of the deck goes, its folders made; never where something is already."""
        if self._folder is None:
            self._folder = self._new_folder()
        target = self._folder / path.relative_to(self._layout.root)
        with storage_failures("Preparing the quarantine", target):
            for parent in reversed(target.relative_to(self._folder).parents):
                make_folder(self._folder / parent)
        number = 2
        while os.path.lexists(target):
            target = target.with_name(f"{path.name}.{number}")
            number += 1
        return target

    def _new_folder(self) -> Path:
        with storage_failures("Preparing the quarantine", self._layout.quarantine):
            make_folder(self._layout.quarantine)
            name = self._now.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
            folder = self._layout.quarantine / name
            number = 2
            while folder.exists():
                folder = self._layout.quarantine / f"{name}-{number}"
                number += 1
            make_folder(folder)
        return folder

    def _note(self, how: str, path: Path, why: str) -> None:
        size, digest = _size_and_digest(path)
        self._record(Kept(show(str(path.relative_to(self._layout.root))), how, why, size, digest))

    def _record(self, kept: Kept) -> None:
        assert self._folder is not None
        self._kept.append(kept)
        manifest: dict[str, Any] = {
            "at": self._now.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
            "files": [asdict(one) for one in self._kept],
        }
        data = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
        write_whole(self._disk, self._folder / MANIFEST, [data + b"\n"])


def newest_kept(layout: DeckLayout, path: Path) -> Path | None:
    """Return the file that repairs last took out of a place in the deck; None where they never did."""
    kept = layout.quarantine.glob(f"*/{path.relative_to(layout.root)}*")
    with storage_failures("Looking through", layout.quarantine):
        files = [one for one in kept if one.is_file() and not one.is_symlink()]
        return max(files, key=lambda one: (one.lstat().st_ctime_ns, one), default=None)


def _size_and_digest(path: Path) -> tuple[int, str]:
    """Return a file's size and SHA-256; of a folder the size of its files and no digest."""
    if path.is_symlink() or not path.is_file():
        files: Iterable[Path] = path.rglob("*") if path.is_dir() and not path.is_symlink() else ()
        return sum(one.lstat().st_size for one in files if one.is_file()), ""
    with contextlib.suppress(OSError), opened(Disk(), path, os.O_RDONLY | os.O_NOFOLLOW) as descriptor:
        digest, size = hashlib.sha256(), 0
        while chunk := os.pread(descriptor, _CHUNK, size):
            digest.update(chunk)
            size += len(chunk)
        return size, digest.hexdigest()
    return path.lstat().st_size, ""
