"""What a filter says once it has been read: conditions, values, sort keys, and how they are written again."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass


class FieldKind(enum.Enum):
    """What a column holds, and so which conditions it takes."""

    TEXT = "text"
    ID = "an id"
    ENUM = "one of a few words"
    FLAG = "yes or no"
    NUMBER = "a number"
    MONEY = "an amount in dollars"
    BYTES = "a size"
    DURATION = "a duration"
    TIME = "a time"

    @property
    def is_text(self) -> bool:
        """Whether a bare word is looked for in it."""
        return self in (FieldKind.TEXT, FieldKind.ENUM, FieldKind.ID)

    @property
    def is_quantity(self) -> bool:
        """Whether it can be compared by size."""
        return not self.is_text and self is not FieldKind.FLAG


class Operator(enum.StrEnum):
    """What stands between a field and its values."""

    HAS = ":"
    IS = "="
    MORE = ">"
    AT_LEAST = ">="
    LESS = "<"
    AT_MOST = "<="

    @property
    def is_comparison(self) -> bool:
        return self not in (Operator.HAS, Operator.IS)


@dataclass(frozen=True, slots=True)
class Word:
    """Text to be found, or to be equal to."""

    text: str


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Characters to be found in this order, with anything between them."""

    text: str


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression, as typed between the slashes."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value at all, as long as there is one."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Yes or no."""

    value: bool


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, amount, size, duration or time as typed, and what it stands for.

    A literal often stands for a range: a day, or an amount rounded to cents. All bounds are inclusive;
    durations are in seconds, times in seconds since 1970 in UTC.
    """

    text: str
    low: float
    """Less means below this."""
    high: float
    """More means above this."""
    equal_low: float
    """Equal means from here …"""
    equal_high: float
    """… to here."""


Value = Word | Fuzzy | Regex | Anything | Truth | Quantity


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: any of `values`, in one field or, with `field` None, in any text column."""

    field: str | None
    operator: Operator
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The inverse of a condition."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class AllOf:
    """Two or more conditions that must hold together."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Two or more conditions of which one must hold."""

    conditions: tuple[Condition, ...]


Condition = Term | Not | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column to sort by. Rows without a value come last either way."""

    field: str
    descending: bool = False

    def __str__(self) -> str:
        return ("-" if self.descending else "") + self.field


def inverse(condition: Condition) -> Condition:
    """Return the condition that holds exactly where this one does not."""
    return condition.condition if isinstance(condition, Not) else Not(condition)


def all_of(conditions: list[Condition]) -> Condition:
    """Join conditions that must hold together, without nesting more than needed."""
    flat = [
        inner
        for outer in conditions
        for inner in (outer.conditions if isinstance(outer, AllOf) else (outer,))
    ]
    return flat[0] if len(flat) == 1 else AllOf(tuple(flat))


def any_of(conditions: list[Condition]) -> Condition:
    """Join conditions of which one must hold, without nesting more than needed."""
    flat = [
        inner
        for outer in conditions
        for inner in (outer.conditions if isinstance(outer, AnyOf) else (outer,))
    ]
    return flat[0] if len(flat) == 1 else AnyOf(tuple(flat))


def written(condition: Condition) -> str:
    """Return a condition as it can be typed."""
    match condition:
        case Term(field=None, values=values):
            return ",".join(map(_written_value, values))
        case Term(field=field, operator=operator, values=values):
            return f"{field}{operator}" + ",".join(map(_written_value, values))
        case Not(condition=AllOf() | AnyOf() as inner):
            return f"!({written(inner)})"
        case Not(condition=inner):
            return "!" + written(inner)
        case AllOf(conditions=conditions):
            return " ".join(
                f"({written(inner)})" if isinstance(inner, AnyOf) else written(inner) for inner in conditions
            )
        case AnyOf(conditions=conditions):
            return " | ".join(map(written, conditions))


_PLAIN = re.compile(r"[\w.@+%][\w.@+%-]*")
_KEYWORDS = frozenset({"OR", "AND"})


def _written_value(value: Value) -> str:
    match value:
        case Word(text=text):
            return text if _PLAIN.fullmatch(text) and text not in _KEYWORDS else _quoted(text)
        case Fuzzy(text=text):
            return "~" + (text if _PLAIN.fullmatch(text) else _quoted(text))
        case Regex(pattern=pattern):
            return f"/{pattern}/"
        case Anything():
            return "*"
        case Truth(value=truth):
            return "yes" if truth else "no"
        case Quantity(text=text):
            return text


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
