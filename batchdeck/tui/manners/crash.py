"""What remains of a failure nobody foresaw: a few lines on the screen, the rest in a file of one's own.

Textual prints all local variables, which here hold keys and pages; neither the screen nor the file gets them.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from pathlib import Path

from batchdeck._version import __version__
from batchdeck.domain.stories import said_by, story_of, without_secrets
from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError

_LONGEST_MESSAGE = 400


def crash_report(error: BaseException, now: dt.datetime) -> str:
    """Return the full story for the crash file: versions, and the tracebacks without any values."""
    return f"BatchDeck {__version__}, {now.isoformat(timespec='seconds')}\n{story_of(error)}"


def save_crash(error: BaseException, now: dt.datetime, folder: Path | None = None) -> Path | None:
    """Write the report to a new file that only its owner can read; return its path, or None where no file
    can be written (then the screen is all there is)."""
    name = f"batchdeck-crash-{now:%Y%m%d-%H%M%S}-"
    try:
        # mkstemp creates the file exclusively and with mode 0600.
        handle, path = tempfile.mkstemp(prefix=name, suffix=".txt", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(crash_report(error, now))
    except OSError:
        return None
    return Path(path)


def crash_lines(error: BaseException, report: Path | None) -> list[str]:
    """Return what is left on the screen: what happened, what it means, what to do next."""
    if isinstance(error, BatchDeckError):
        lines = [error.title, without_secrets(show(error.message, _LONGEST_MESSAGE))]
        return [*lines, show(error.hint)] if error.hint else lines
    message = said_by(error)
    lines = [
        f"BatchDeck stopped on an error of its own: {type(error).__name__}{': ' if message else ''}{message}",
        "Nothing is lost: batches go on at the API, and the next start picks up where this one ended.",
    ]
    if report is not None:
        lines.append(f"The details, without keys and pages, are in {show(str(report))}")
    return lines
