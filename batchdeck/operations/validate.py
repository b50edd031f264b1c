"""Checking HTML files by the built-in rules, and by the outside judges where they are installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from batchdeck.domain.text import show
from batchdeck.errors import InputError
from batchdeck.html.external import find_judges, judge_files
from batchdeck.html.model import RuleFinding
from batchdeck.html.rules import validate_html


@dataclass(frozen=True, slots=True)
class Validation:
    """What does not hold in each file, in the order given, and which outside judges could not be asked."""

    files: tuple[tuple[Path, tuple[RuleFinding, ...]], ...]
    not_installed: tuple[str, ...] = ()


def validate_files(files: Sequence[Path], *, external: bool = False) -> Validation:
    """Check HTML files.

    Raises:
        InputError: a file cannot be read as UTF-8 text, or an installed judge did not run.
    """
    found = {file: list(validate_html(_read(file))) for file in files}
    missing: tuple[str, ...] = ()
    if external:
        judges = find_judges()
        missing = tuple(judges.missing)
        for file, judgement in judge_files(files, judges).items():
            found[file] += judgement.findings
    return Validation(tuple((file, tuple(findings)) for file, findings in found.items()), missing)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(
            f"{show(str(file), 200)} cannot be read: {why}.", hint="Name an HTML file in UTF-8."
        ) from None
