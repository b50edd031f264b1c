"""The files of an inbox: looked at without following links, moved without overwriting, or remembered."""

from __future__ import annotations

import datetime as dt
import errno
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

import msgspec

from batchdeck.domain.inbox import NOTE_SUFFIX, Signature, free_names, is_wanted
from batchdeck.domain.text import show
from batchdeck.errors import Conflict, InputError
from batchdeck.store.disk import Disk, opened, storage_failures, write_whole
from batchdeck.store.layout import DeckLayout

_CHUNK = 1 << 20
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


@dataclass(frozen=True, slots=True)
class Listing:
    """What lies in an inbox, by name; names may hold surrogate escapes."""

    files: Mapping[str, Signature]
    """Files that count."""
    links: tuple[str, ...]
    """Links that have such a name; they are not followed."""


def list_inbox(folder: Path) -> Listing:
    """Look at the files that lie in an inbox itself; folders in it are passed over.

    Raises:
        InputError: it is not a folder that can be read.
    """
    files: dict[str, Signature] = {}
    links: list[str] = []
    try:
        with os.scandir(folder) as entries:
            found = {entry.name: entry for entry in entries}
    except OSError as error:
        raise InputError(
            f"The inbox {show(str(folder), 200)} cannot be read: {error.strerror}.",
            hint="Make the folder, or name another one.",
        ) from error
    for name in sorted(found, key=os.fsencode):
        if not is_wanted(name, found):
            continue
        if found[name].is_symlink():
            links.append(name)
            continue
        signature = signature_of(folder / name)
        if signature is not None:
            files[name] = signature
    return Listing(files, tuple(links))


def signature_of(path: Path) -> Signature | None:
    """Return how a regular file looks now; None where there is none (any more), or a link or a pipe."""
    try:
        status = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return Signature(status.st_size, status.st_mtime_ns, status.st_ino)


def arrived_at(path: Path) -> dt.datetime:
    """Return when a file came into its folder, or was last changed there; copying tools cannot set that.

    Raises:
        OSError: there is none.
    """
    return dt.datetime.fromtimestamp(path.lstat().st_ctime, dt.UTC)


def move_away(source: Path, folder: Path, expected: Signature, *, note: str = "", disk: Disk) -> Path:
    """Move a file into a folder, under its own name or, where that is taken, one with a number.

    Nothing is ever overwritten: the new name is first claimed by creating it. On another file system the
    file is copied, synced, and only then removed here.

    Args:
        source: the file.
        folder: made where it is missing.
        expected: how the file looked when it was dealt with.
        note: text for a file beside it, named like it and `NOTE_SUFFIX`.

    Raises:
        Conflict: it is not the same file any more; nothing was moved.
        StorageFailed: the disk did not take it; the file is still where it was.
    """
    if signature_of(source) != expected:
        raise _changed(source)
    with storage_failures("Moving a file to", folder):
        folder.mkdir(exist_ok=True)
        target, placeholder = _claim(folder, source.name, note, disk)
        try:
            _put(source, target, expected, disk)
        except BaseException:
            # Whatever stands there by now is kept, unless it is the empty file that claimed the name.
            left = signature_of(target)
            if left is not None and left.inode == placeholder:
                disk.unlink(target)
                if note:
                    disk.unlink(note_of(target))
            raise
        disk.sync_folder(folder)
        disk.sync_folder(source.parent)
    return target


def note_of(path: Path) -> Path:
    """Return where the note beside a file lies."""
    return path.with_name(path.name + NOTE_SUFFIX)


def _changed(source: Path) -> Conflict:
    return Conflict(f"{show(source.name, 120)} has changed meanwhile.", hint="It is looked at again.")


def _claim(folder: Path, name: str, note: str, disk: Disk) -> tuple[Path, int]:
    """Create an empty file under the first free name, and the note; return its path and inode."""
    for candidate in free_names(name):
        target = folder / candidate
        try:
            with opened(disk, target, _CREATE) as descriptor:
                inode = os.fstat(descriptor).st_ino
        except FileExistsError:
            continue
        try:
            if not note or _write_note(note_of(target), note, disk):
                break
        except OSError:
            disk.unlink(target)
            raise
        disk.unlink(target)
    return target, inode


def _write_note(path: Path, text: str, disk: Disk) -> bool:
    """Write a note unless something lies there already; say whether it was written."""
    try:
        with opened(disk, path, _CREATE) as descriptor:
            disk.write(descriptor, text.encode("utf-8", "replace"), 0)
            disk.sync(descriptor)
    except FileExistsError:
        return False
    except OSError:
        disk.unlink(path)
        raise
    return True


def _put(source: Path, target: Path, expected: Signature, disk: Disk) -> None:
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, target, expected, disk)
        _remove(source, expected, disk)
    else:
        if signature_of(target) != expected:
            _bring_back(target, source, disk)
            raise _changed(source)


def _copy(source: Path, target: Path, expected: Signature, disk: Disk) -> None:
    """Copy a file over the empty one that claimed its name, whole or not at all."""
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        write_whole(disk, target, _chunks(source, descriptor, expected))
    finally:
        os.close(descriptor)
    os.utime(target, ns=(expected.mtime_ns, expected.mtime_ns))


def _chunks(source: Path, descriptor: int, expected: Signature) -> Iterator[bytes]:
    size = 0
    while chunk := os.read(descriptor, _CHUNK):
        size += len(chunk)
        yield chunk
    status = os.fstat(descriptor)
    if Signature(status.st_size, status.st_mtime_ns, status.st_ino) != expected or size != expected.size:
        raise _changed(source)


def _remove(source: Path, expected: Signature, disk: Disk) -> None:
    """Remove a file that has been copied; one that has taken its place meanwhile stays."""
    aside = source.with_name(f".{source.name[:200]}.moved-{os.getpid()}")
    os.rename(source, aside)
    if signature_of(aside) == expected:
        disk.unlink(aside)
    else:
        _bring_back(aside, source, disk)


def _bring_back(path: Path, source: Path, disk: Disk) -> None:
    """Put a file back into the inbox, under its own name where that is still free."""
    back, _ = _claim(source.parent, source.name, "", disk)
    os.replace(path, back)


@dataclass(frozen=True, slots=True)
class Mark:
    """What has become of a file that was left in its place."""

    size: int
    mtime_ns: int
    inode: int
    problem: str = ""
    """Why it cannot be used; empty when it was submitted."""

    def fits(self, signature: Signature) -> bool:
        """Say whether the file still is the one that was marked."""
        return Signature(self.size, self.mtime_ns, self.inode) == signature


class Marks:
    """Remembers the files of one inbox. Losing the memory costs a scan, never money: a document that was
    submitted is known by its bytes."""

    def __init__(self, layout: DeckLayout, folder: Path) -> None:
        self._path = layout.inbox_marks
        self._folder = _key(str(folder))

    def load(self) -> dict[str, Mark]:
        """Return the marks by the files' names."""
        return {
            os.fsdecode(unquote_to_bytes(name)): mark
            for name, mark in self._read().get(self._folder, {}).items()
        }

    def save(self, marks: Mapping[str, Mark]) -> None:
        """Keep the marks, in place of those before.

        Raises:
            StorageFailed: the disk did not take them.
        """
        every = self._read() | {self._folder: {_key(name): mark for name, mark in marks.items()}}
        with storage_failures("Writing", self._path):
            write_whole(Disk(), self._path, [msgspec.json.encode(every)])

    def _read(self) -> dict[str, dict[str, Mark]]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, dict[str, Mark]])
        except (OSError, msgspec.MsgspecError):
            return {}


def _key(name: str) -> str:
    """Spell a name, which may not be UTF-8, in ASCII."""
    return quote(os.fsencode(name), safe="/ ")
