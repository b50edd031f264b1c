"""The few system calls the deck's durability rests on, in one replaceable place; no file format."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from batchdeck.domain.text import show
from batchdeck.errors import StorageFailed

FILE_MODE = 0o600
FOLDER_MODE = 0o700


class Disk:
    """System calls that change the disk, each a method, so that tests can make any of them fail or kill.

    Writing is only ever believed after `sync`; a failed `sync` is never repeated and believed, because the
    kernel may have dropped the dirty pages (https://lwn.net/Articles/752063/).
    """

    def open(self, path: Path, flags: int) -> int:
        """Open `path` with mode 0600 where it is created, never inherited by child programs."""
        return os.open(path, flags | os.O_CLOEXEC, FILE_MODE)

    def write(self, descriptor: int, data: bytes, offset: int) -> None:
        """Write all of `data` at `offset`."""
        view = memoryview(data)
        while view:
            written = os.pwrite(descriptor, view, offset)
            view, offset = view[written:], offset + written

    def sync(self, descriptor: int) -> None:
        """Return when everything written to the descriptor is on the disk."""
        if hasattr(fcntl, "F_FULLFSYNC"):  # macOS: fsync alone leaves the data in the drive's cache
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        else:
            os.fsync(descriptor)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut the file to `size` bytes."""
        os.ftruncate(descriptor, size)

    def replace(self, source: Path, target: Path) -> None:
        """Give `source` the name `target`, in one step."""
        os.replace(source, target)

    def unlink(self, path: Path) -> None:
        """Remove a file; one that is not there is fine."""
        path.unlink(missing_ok=True)

    def sync_folder(self, folder: Path) -> None:
        """Return when the folder's entries (creations, renames, removals) are on the disk."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def private(path: str, flags: int) -> int:
    """Open a file as `open`'s opener: what is made is its owner's alone, whatever the umask."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)


@contextlib.contextmanager
def opened(disk: Disk, path: Path, flags: int) -> Iterator[int]:
    """Open a file through `disk` and close it again."""
    descriptor = disk.open(path, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def writing_alone(disk: Disk, path: Path, *, waits: bool = True) -> Iterator[int]:
    """Open a temporary file, empty, that nobody else is writing. Rename it before the block ends.

    Two that write the same file at once would otherwise share its temporary one, and put each other's half
    of it in place. The kernel lets go of the lock when its holder is killed.

    Args:
        waits: whether to wait for whoever writes it; otherwise that is an error.

    Raises:
        BlockingIOError: somebody is writing it.
    """
    how = fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB
    while True:
        with opened(disk, path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW) as descriptor:
            fcntl.flock(descriptor, how)
            if not _is_at(path, descriptor):
                continue  # whoever wrote it has put it in place, or removed it
            if os.fstat(descriptor).st_size:
                disk.truncate(descriptor, 0)
            yield descriptor
            return


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        there = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(descriptor))


def write_whole(disk: Disk, path: Path, chunks: Iterable[bytes], *, suffix: str = ".tmp") -> int:
    """Put a file in place whole or not at all: temporary file, sync, rename, folder sync.

    Args:
        disk: where the system calls go.
        path: the file; its folder must exist.
        chunks: the content, in order.
        suffix: what the temporary file's name ends in.

    Returns:
        The number of bytes written.

    Raises:
        OSError: nothing has changed but, perhaps, a temporary file that could not be removed either.
    """
    temporary = path.with_name(path.name + suffix)
    offset = 0
    with writing_alone(disk, temporary) as descriptor:
        try:
            for chunk in chunks:
                disk.write(descriptor, chunk, offset)
                offset += len(chunk)
            disk.sync(descriptor)
            disk.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                disk.unlink(temporary)
            raise
    disk.sync_folder(path.parent)
    return offset


@contextlib.contextmanager
def storage_failures(doing: str, path: Path) -> Iterator[None]:
    """Turn an `OSError` inside the block into `StorageFailed`, saying what was being done to which file."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StorageFailed(
            f"{doing} {show(str(path), 200)} failed: {reason}.",
            hint=_HINTS.get(error.errno or 0, _OTHER_HINT),
        ) from error


def drop(path: Path) -> None:
    """Remove a file that nothing needs any more. Where that fails nothing is lost: a later sweep does it."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


_NO_ROOM = "Free some space, then do it again. What was there before still holds."
_NOT_ALLOWED = "Check whose it is, and that you may read and write it. Nothing was changed."
_IN_THE_WAY = (
    "Something that is no folder is in the way: name another place, or move it. Nothing was changed."
)
_OTHER_HINT = "Check the disk, then do it again. What was there before still holds."
_HINTS = {
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    errno.EFBIG: _NO_ROOM,
    errno.EACCES: _NOT_ALLOWED,
    errno.EPERM: _NOT_ALLOWED,
    errno.EROFS: _NOT_ALLOWED,
    errno.EEXIST: _IN_THE_WAY,
    errno.ENOTDIR: _IN_THE_WAY,
}
