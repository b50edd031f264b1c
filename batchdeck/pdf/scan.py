"""Scanning one file: its bytes read once, hashed and parsed; usable with its facts, or left out with one
clear problem. Untrusted input: meant to run in a limited worker process."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass

from batchdeck.domain.documents import Document, Problem, ProblemKind, Sha256, UnusableFile, unreadable
from batchdeck.pdf.facts import read_facts
from batchdeck.pdf.find import HEADER_WINDOW, FoundFile, find_files
from batchdeck.pdf.limits import MEBIBYTE
from batchdeck.pdf.open import NoPages, open_source
from batchdeck.pdf.pdfium import Unopenable, WrongPassword

__all__ = ["FoundFile", "ScanLimits", "find_files", "scan_file"]

_OTHER_KINDS = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"GIF8", "a GIF picture"),
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"%!PS", "a PostScript file"),
    (b"{\\rtf", "an RTF document"),
    (b"<", "a web page or XML"),
)
"""What people rename to .pdf by mistake: the first bytes, and its name."""


@dataclass(frozen=True, slots=True)
class ScanLimits:
    """What one source file may be."""

    max_pages: int = 5_000
    file_bytes: int = 512 * MEBIBYTE
    """Whole files are held in memory while they are scanned, so that the bytes hashed are those parsed."""
    page_bytes: int = 8_000_000
    """A single-page PDF larger than this is a caveat; requests end at 32 MB."""


class _Refused(Exception):
    """The file is left out for `problem`."""

    def __init__(self, kind: ProblemKind, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(kind, message)


def scan_file(
    path: str, *, passwords: Sequence[str] = (), limits: ScanLimits = ScanLimits()
) -> Document | UnusableFile:
    """Look at one file and say what it is, or why it cannot be used. Never raises for what a file holds.

    Args:
        path: the file; surrogate escapes stand for bytes that are not UTF-8.
        passwords: tried in turn, after the empty one, on encrypted files.
        limits: sizes beyond which a file is refused or a page is worth a second look.
    """
    digest: Sha256 | None = None
    try:
        data = _read(path, limits.file_bytes)
        digest = Sha256(hashlib.sha256(data).hexdigest())
        _require_pdf(data)
        return _scan_bytes(path, digest, data, passwords, limits)
    except _Refused as refused:
        return UnusableFile(path, refused.problem, digest)
    except MemoryError:
        message = "Looking at it needs more memory than one worker may use."
        return UnusableFile(path, Problem(ProblemKind.TOO_LARGE, message), digest)
    except Exception as error:  # three parsers on hostile bytes: any exception is possible
        message = f"It is damaged: no PDF library can read it ({type(error).__name__})."
        return UnusableFile(path, Problem(ProblemKind.DAMAGED, message), digest)


def _read(path: str, most: int) -> bytes:
    """Return the bytes of a regular file; never waits on a pipe or a device."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise _Refused(ProblemKind.NOT_A_FILE, "It is not a regular file (a pipe, socket or device).")
            data = file.read(status.st_size) if status.st_size <= most else None
    except IsADirectoryError:
        raise _Refused(ProblemKind.NOT_A_FILE, "It is a folder, not a file.") from None
    except (OSError, ValueError) as error:
        problem = unreadable(error)
        raise _Refused(problem.kind, problem.message) from None
    if data is None:
        raise _Refused(
            ProblemKind.TOO_LARGE, f"It is larger than {most // MEBIBYTE:,} MiB, the most one file may be."
        )
    if not data:
        raise _Refused(ProblemKind.EMPTY_FILE, "It is empty (0 bytes).")
    return data


def _require_pdf(data: bytes) -> None:
    if b"%PDF-" not in data[:HEADER_WINDOW]:
        kind = next((kind for magic, kind in _OTHER_KINDS if data.startswith(magic)), "")
        what = f"it is {kind}" if kind else "it does not begin like one"
        raise _Refused(ProblemKind.NOT_A_PDF, f"It is not a PDF: {what}.")


def _scan_bytes(
    path: str, digest: Sha256, data: bytes, passwords: Sequence[str], limits: ScanLimits
) -> Document:
    for password in dict.fromkeys(("", *passwords)):
        try:
            with open_source(data, password) as source:
                if source.page_count > limits.max_pages:
                    raise _Refused(
                        ProblemKind.TOO_MANY_PAGES,
                        f"It has {source.page_count:,} pages; at most {limits.max_pages:,} are taken.",
                    )
                return read_facts(source, path, digest, len(data), limits.page_bytes)
        except WrongPassword:
            continue
        except NoPages:
            raise _Refused(ProblemKind.NO_PAGES, "It has no pages.") from None
        except Unopenable:
            message = "It is damaged beyond repair: no pages can be found in it."
            raise _Refused(ProblemKind.DAMAGED, message) from None
    hint = "none of the passwords given opens it" if passwords else "give it with --password"
    raise _Refused(ProblemKind.NEEDS_PASSWORD, f"It needs a password: {hint}.")
