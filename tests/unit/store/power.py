"""A disk that remembers what a power cut could leave at any moment: the unsynced may be lost or torn."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from batchdeck.store.disk import Disk

Content = bytes
Names = dict[str, "Inode"]


@dataclass(eq=False)
class Inode:
    """One file: what it holds for sure, and the changes that a cut may or may not let through."""

    durable: Content = b""
    pending: list[tuple[str, int, bytes]] = field(default_factory=list)

    def after(self, changes: list[tuple[str, int, bytes]]) -> Content:
        content = bytearray(self.durable)
        for kind, offset, data in changes:
            if kind == "truncate":
                del content[offset:]
            else:
                content.extend(bytes(max(0, offset - len(content))))
                content[offset : offset + len(data)] = data
        return bytes(content)

    def possible(self) -> dict[str, Content]:
        """Return what the file may hold after a cut, by how it came to that."""
        states = {"lost": self.durable, "kept": self.after(self.pending)}
        if self.pending and self.pending[-1][0] == "write":
            *before, (_, offset, data) = self.pending
            states["torn"] = self.after([*before, ("write", offset, data[: len(data) // 2])])
            states["zeros"] = self.after([*before, ("write", offset, bytes(len(data)))])
            states["end only"] = self.after(
                [*before, ("write", offset, bytes(len(data) // 2) + data[len(data) // 2 :])]
            )
        return states


class PoweredDisk(Disk):
    """Does everything for real, and keeps a model of what is on the platter.

    Only the files of one folder are modelled, which is where the ledger is.
    """

    def __init__(self, folder: Path) -> None:
        self.moments: list[tuple[Names, Names, dict[Inode, dict[str, Content]]]] = []
        self._folder = folder
        self._durable: Names = {}
        self._volatile: Names = {}
        self._open: dict[tuple[int, int], Inode] = {}

    def open(self, path: Path, flags: int) -> int:
        descriptor = super().open(path, flags)
        if path.parent == self._folder:
            inode = self._volatile.setdefault(path.name, Inode())
            if flags & os.O_TRUNC:
                inode.pending.append(("truncate", 0, b""))
            self._open[_identity(descriptor)] = inode
            self._note()
        return descriptor

    def write(self, descriptor: int, data: bytes, offset: int) -> None:
        super().write(descriptor, data, offset)
        self._open[_identity(descriptor)].pending.append(("write", offset, data))
        self._note()

    def truncate(self, descriptor: int, size: int) -> None:
        super().truncate(descriptor, size)
        self._open[_identity(descriptor)].pending.append(("truncate", size, b""))
        self._note()

    def sync(self, descriptor: int) -> None:
        super().sync(descriptor)
        inode = self._open[_identity(descriptor)]
        inode.durable, inode.pending = inode.after(inode.pending), []
        self._note()

    def replace(self, source: Path, target: Path) -> None:
        super().replace(source, target)
        self._volatile[target.name] = self._volatile.pop(source.name)
        self._note()

    def unlink(self, path: Path) -> None:
        super().unlink(path)
        self._volatile.pop(path.name, None)
        self._note()

    def sync_folder(self, folder: Path) -> None:
        super().sync_folder(folder)
        self._durable = dict(self._volatile)
        self._note()

    def _note(self) -> None:
        inodes = {*self._durable.values(), *self._volatile.values()}
        contents = {inode: inode.possible() for inode in inodes}
        self.moments.append((dict(self._durable), dict(self._volatile), contents))

    def aftermaths(self, moment: int) -> Iterator[dict[str, Content]]:
        """Yield the folder's files as a cut at one moment may leave them."""
        durable, volatile, contents = self.moments[moment]
        seen: set[tuple[tuple[str, Content], ...]] = set()
        for names in (durable, volatile):
            for how in ("lost", "kept", "torn", "zeros", "end only"):
                files = {
                    name: contents[inode].get(how, contents[inode]["kept"]) for name, inode in names.items()
                }
                key = tuple(sorted(files.items()))
                if key not in seen:
                    seen.add(key)
                    yield files


def _identity(descriptor: int) -> tuple[int, int]:
    stat = os.fstat(descriptor)
    return stat.st_dev, stat.st_ino
