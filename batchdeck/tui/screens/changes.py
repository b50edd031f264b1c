"""What an operator types after `e` to change a proposal: the name of a field, a blank, its new value."""

from __future__ import annotations

from collections.abc import Mapping

from batchdeck.domain.text import show
from batchdeck.errors import UsageError

Fields = Mapping[str, tuple[str, ...]]
"""By name of each field that can be changed, the values to propose, the present one first."""


def completions(typed: str, fields: Fields) -> list[str]:
    """Return how a typed change could go on."""
    if not typed:
        return list(fields)
    name, blank, _ = typed.partition(" ")
    if not blank:
        return [f"{field} " for field in fields if field.startswith(name)]
    values = fields.get(name, ())
    ways = [f"{name} {value}" for value in values if value]
    return [way for way in ways if way.startswith(typed)]


def read_change(typed: str, fields: Fields) -> tuple[str, str]:
    """Return the field and its new value; an empty value means: as it was at first.

    Raises:
        UsageError: there is no such field.
    """
    name, _, value = typed.strip().partition(" ")
    if name not in fields:
        raise UsageError(
            f"“{show(name, 40)}” cannot be changed here.", hint=f"What can: {', '.join(fields)}."
        )
    return name, value.strip()


def read_tokens(value: str) -> int | None:
    """Return a number of tokens; None for an empty text.

    Raises:
        UsageError: it is no whole number from 1.
    """
    digits = value.replace(",", "").replace("_", "")
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 9 or int(digits) < 1:
        raise UsageError(f"“{show(value, 40)}” is not a number of tokens.", hint="Type it like 8192.")
    return int(digits)


def read_yes(value: str) -> bool:
    """Return whether something is wished.

    Raises:
        UsageError: it is neither yes nor no.
    """
    match value.casefold():
        case "yes" | "y" | "":
            return True
        case "no" | "n":
            return False
    raise UsageError(f"“{show(value, 40)}” is neither yes nor no.", hint="Type yes or no.")
