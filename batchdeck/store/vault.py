"""The vault: a byte-for-byte copy of every source document that was submitted, named by its SHA-256."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

from batchdeck.domain.documents import FileKind
from batchdeck.domain.text import show
from batchdeck.errors import Conflict, InputError, NotFound
from batchdeck.store.disk import Disk, storage_failures, write_whole
from batchdeck.store.layout import DeckLayout

_CHUNK = 1 << 20
_PDF_HEAD, _PDF_END, _PDF_TAIL_BYTES = b"%PDF-", b"%%EOF", 1_024


class Vault:
    """Keeps sources, so that a retry never depends on the folder they came from.

    Copies share no bytes with their source: neither a hard link nor an edit in place can change them.
    """

    def __init__(self, layout: DeckLayout, *, disk: Disk | None = None) -> None:
        self._layout = layout
        self._disk = disk or Disk()
        self._proved: dict[str, int] = {}
        """By digest, how a file was when it was found to have it: untouched since, it is not read again."""

    def keep(
        self, path: str | Path, sha256: str, kind: FileKind = FileKind.PDF, *, size: int | None = None
    ) -> Path:
        """Copy a source into the vault, if it is not there yet as it was.

        Args:
            path: the source file, as it was scanned.
            sha256: what its bytes had then.
            kind: what it was taken for.
            size: how many bytes it had then, where that is known; a file of another size is not copied.

        Returns:
            Where the copy is.

        Raises:
            Conflict: the file's bytes are no longer those that were scanned.
            InputError: it cannot be read any more, or is no regular file.
            StorageFailed: the copy cannot be written.
        """
        kept = self._layout.source(sha256, kind)
        if not (_is_there(kept) and self._is_as_it_was(kept, sha256)):
            self._copy(path, kept, sha256, size)
            self._proved[sha256] = _state_of(kept)
        return kept

    def problem(self, sha256: str, kind: FileKind = FileKind.PDF) -> str:
        """Return what is wrong with a kept source, in a clause, empty where nothing is. It is read through
        unless this process has done so since it was last touched.

        Of a readable form nobody knows the digest: it is looked at for its beginning and its end.

        Raises:
            StorageFailed: the vault may not be looked into.
        """
        if not self.has(sha256, kind):
            return "is gone from the vault"
        if not self._is_as_it_was(self._layout.source(sha256, kind), sha256):
            return "is not what was submitted"
        form = self._layout.readable_source(sha256)
        if kind is FileKind.PDF and _is_there(form) and not _is_whole_pdf(form):
            return "has a readable form that is damaged"
        return ""

    def readable(self, sha256: str, kind: FileKind = FileKind.PDF) -> Path:
        """Return a kept source; of a PDF, the form that opens without a password.

        Raises:
            NotFound: the source is not in the vault.
        """
        if kind is not FileKind.PDF:
            return self.path(sha256, kind)
        opened_form = self._layout.readable_source(sha256)
        return opened_form if _is_there(opened_form) else self.path(sha256)

    def has(self, sha256: str, kind: FileKind = FileKind.PDF) -> bool:
        """Say whether a source is in the vault.

        Raises:
            StorageFailed: the vault may not be looked into.
        """
        return _is_there(self._layout.source(sha256, kind))

    def path(self, sha256: str, kind: FileKind = FileKind.PDF) -> Path:
        """Return where a kept source is.

        Raises:
            NotFound: it is not in the vault.
        """
        kept = self._layout.source(sha256, kind)
        if not _is_there(kept):
            raise NotFound(
                f"The source {sha256[:12]}… is not in the vault.",
                hint="Submit its document again, or run `batchdeck doctor`.",
            )
        return kept

    def _is_as_it_was(self, kept: Path, sha256: str) -> bool:
        state = _state_of(kept)  # before it is read: a change meanwhile will be seen the next time
        if state == self._proved.get(sha256):
            return True
        if digest_of(kept) != sha256:
            return False
        self._proved[sha256] = state
        return True

    def _copy(self, path: str | Path, kept: Path, sha256: str, size: int | None) -> None:
        shown = show(str(path), 200)
        try:
            # Not blocking: a pipe that has taken the file's name would otherwise hold everything up.
            source = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise InputError(
                f"{shown} cannot be read any more: {error.strerror}.", hint="Scan the folder again."
            ) from error
        try:
            status = os.fstat(source)
            if not stat.S_ISREG(status.st_mode):
                raise InputError(f"{shown} is not a regular file any more.", hint="Scan the folder again.")
            if size is not None and status.st_size != size:
                raise _changed(shown)
            with storage_failures("Copying a source into", kept):
                # Two that keep the same source at once must not write the same temporary file.
                suffix = f".{os.getpid()}-{threading.get_ident()}.tmp"
                chunks = _chunks(source, status.st_size, sha256, shown)
                write_whole(self._disk, kept, chunks, suffix=suffix)
        finally:
            os.close(source)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file; empty where it cannot be read. Never waits on a pipe."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
            return hashlib.file_digest(file, "sha256").hexdigest() if is_file else ""
    except (OSError, ValueError):
        return ""


def _state_of(path: Path) -> int:
    """Return a number that is another as soon as a file was written to or replaced; 0 where it is gone."""
    try:
        found = path.stat()
    except OSError:
        return 0
    return hash((found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns))


def _is_whole_pdf(path: Path) -> bool:
    """Say whether a PDF that we have written begins and ends as one."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_PDF_HEAD))
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _PDF_TAIL_BYTES))
            return head == _PDF_HEAD and _PDF_END in file.read()
    except OSError:
        return False


def _is_there(kept: Path) -> bool:
    with storage_failures("Looking for", kept):
        return kept.exists()


def _chunks(source: int, size: int, sha256: str, shown: str) -> Iterator[bytes]:
    digest = hashlib.sha256()
    left = size
    while True:
        try:
            chunk = os.read(source, _CHUNK)
        except OSError as error:
            raise InputError(
                f"{shown} cannot be read to its end: {error.strerror}.", hint="Scan the folder again."
            ) from error
        if not chunk:
            break
        left -= len(chunk)
        if left < 0:  # it grows while it is read, perhaps for ever
            raise _changed(shown)
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != sha256:
        raise _changed(shown)


def _changed(shown: str) -> Conflict:
    return Conflict(
        f"{shown} has changed since it was scanned.", hint="Scan it again, then submit what you mean."
    )
