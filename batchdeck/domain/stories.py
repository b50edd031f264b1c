"""What a failure may say of itself: where it happened and what kind it was; no keys, no pages of documents.

Python's own tracebacks repeat what an exception quotes, and that is what it choked on: a key in a header, a
line of somebody's page.
"""

from __future__ import annotations

import re
import traceback

from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError

_SECRETS = re.compile(r"sk-[A-Za-z0-9_-]{8,}|(?i:bearer|x-api-key:?)\s+[^\s\"']+")
_QUOTED = re.compile(r"(?<!\w)(['\"`])(?:(.*?)\1(?!\w)|(.*)\Z)|“([^”]*)(?:”|\Z)", re.DOTALL)
_LONGEST_NAME = 40
_LONGEST_READ = 20_000
_LONGEST_MESSAGE = 300
_DEEPEST_CHAIN = 10
_BECAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
_DURING = "\nDuring handling of the above exception, another exception occurred:\n\n"


def without_secrets(text: str) -> str:
    """Return `text` with everything that looks like a key or a token masked."""
    return _SECRETS.sub("[secret]", text)


def said_by(error: BaseException) -> str:
    """Return what an exception says, in one bounded line.

    The errors of `batchdeck.errors` are written for people and are told whole; of others the quotations are
    left out.
    """
    if isinstance(error, BatchDeckError):
        return without_secrets(show(error.message, _LONGEST_MESSAGE * 2))
    said = without_secrets(str(error)[:_LONGEST_READ])
    return show(_QUOTED.sub(_unless_a_name, said), _LONGEST_MESSAGE)


def _unless_a_name(quotation: re.Match[str]) -> str:
    """Leave out what is quoted, unless it is the name of an attribute, an option, a codec."""
    quoted = next((group for group in quotation.groups()[1:] if group is not None), "")
    is_name = len(quoted) <= _LONGEST_NAME and not any(map(str.isspace, quoted))
    return quotation[0] if is_name else "[…]"


def story_of(error: BaseException) -> str:
    """Return the traceback of an exception and of those it came from, without the values of anything."""
    parts: list[str] = []
    current: BaseException | None = error
    while current is not None and len(parts) < 2 * _DEEPEST_CHAIN:
        parts.append(_told(current))
        if current.__cause__ is not None:
            parts.append(_BECAUSE)
            current = current.__cause__
        elif current.__context__ is not None and not current.__suppress_context__:
            parts.append(_DURING)
            current = current.__context__
        else:
            current = None
    return without_secrets("".join(reversed(parts)))


def _told(error: BaseException) -> str:
    places = "".join(traceback.format_tb(error.__traceback__))
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    told = f"Traceback (most recent call last):\n{places}{kind}: {said_by(error)}\n"
    if isinstance(error, BaseExceptionGroup):
        told += "".join(f"of which:\n{story_of(one)}" for one in error.exceptions[:_DEEPEST_CHAIN])
    return show(told, newlines=True)
