"""Regular expressions in filters: only those that cannot take for ever on any text are let through.

A pattern like ``(a+)+$`` needs 2^n steps on n characters, and the texts come from files and servers. So the
worst case is worked out from the pattern before it is used, and only the beginning of a text is looked at.
"""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass

LONGEST_PATTERN = 200
LONGEST_TEXT = 300
"""How many characters of a text a regular expression is matched against."""
MOST_STEPS = 20_000_000
"""Worst case for one text; about a third of a second."""
_MOST_COUNTED = 1_000
"""Product of the fixed numbers of repeats."""

_REPEAT = re.compile(r"\*|\+|\?|\{([0-9]*)(,?)([0-9]*)\}")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)


def compile_regex(pattern: str) -> re.Pattern[str]:
    """Compile a pattern that ignores letter case.

    Raises:
        ValueError: not a regular expression, or not one whose cost is bounded; the message says why.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"is longer than {LONGEST_PATTERN} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compiled = re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise ValueError(f"is not a regular expression: {error}") from error
    _Costing(pattern).check()
    return compiled


@dataclass(slots=True)
class _Group:
    """What an open group has held so far."""

    repeats: bool = False
    choices: int = 1


class _Costing:
    """One walk over a pattern that is known to compile, adding up how it could backtrack."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._groups = [_Group()]
        self._ended: _Group | None = None  # the group that ended just before, if one did
        self._endless = 0
        self._ways = 1
        self._counted = 1

    def check(self) -> None:
        """Raise ValueError for what could need too many steps."""
        while self._at < len(self._pattern):
            repeat = _REPEAT.match(self._pattern, self._at)
            if repeat is not None:
                self._pass_repeat(repeat)
            else:
                self._pass_element()
        # Every endless part can end anywhere behind the previous one, and the search can start anywhere.
        loops = self._endless + 1
        steps = self._ways * self._groups[0].choices * LONGEST_TEXT**loops / math.factorial(loops)
        if steps > MOST_STEPS or self._counted > _MOST_COUNTED:
            raise ValueError("could take too long: use fewer repeats (*, +, {n,}) and choices")

    def _pass_repeat(self, repeat: re.Match[str]) -> None:
        least, most = _range_of(repeat)
        ended = self._ended
        if ended is not None and most != 1 and (ended.repeats or ended.choices > 1):
            raise ValueError("repeats a group that itself repeats or chooses, which could take for ever")
        if most is None:
            self._endless += 1
        else:
            self._ways *= most - least + 1
        self._counted *= max(least, most or 0, 1)
        self._groups[-1].repeats |= least != most
        self._ended = None
        self._at = repeat.end()
        if self._pattern[self._at : self._at + 1] in ("?", "+"):  # lazy, possessive: the same worst case
            self._at += 1

    def _pass_element(self) -> None:
        pattern, at = self._pattern, self._at
        self._ended = None
        match pattern[at]:
            case "\\":
                if pattern[at + 1] in "123456789":
                    raise ValueError("refers back to a group, which is not supported")
                self._at += 2
            case "[":
                whole = _CLASS.match(pattern, at)
                assert whole is not None, "a pattern that compiles closes its classes"
                self._at = whole.end()
            case "(":
                is_special = pattern[at + 1] == "?"
                if is_special and pattern[at + 2] != ":":
                    raise ValueError("uses a (?…) group other than (?:…), which is not supported")
                self._groups.append(_Group())
                self._at += 3 if is_special else 1
            case ")":
                self._ended = self._groups.pop()
                self._ways *= self._ended.choices
                self._groups[-1].repeats |= self._ended.repeats
                if self._ended.choices > 1:
                    self._groups[-1].repeats = True
                self._at += 1
            case "|":
                self._groups[-1].choices += 1
                self._at += 1
            case _:
                self._at += 1


def _range_of(repeat: re.Match[str]) -> tuple[int, int | None]:
    """Return the least and the greatest number of times; None for no end."""
    fixed = {"*": (0, None), "+": (1, None), "?": (0, 1)}
    if repeat[0] in fixed:
        return fixed[repeat[0]]
    least = int(repeat[1] or 0)
    if not repeat[2]:
        return least, least
    return least, int(repeat[3]) if repeat[3] else None
