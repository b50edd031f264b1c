"""Numbers, amounts, sizes, durations and times as people type them into a filter, read into ranges."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping

from batchdeck.domain.query_terms import FieldKind, Quantity

_NUMBER = re.compile(r"(?P<number>[+-]?(?:[0-9]+(?:\.(?P<decimals>[0-9]*))?|\.(?P<only>[0-9]+)))(?P<unit>.*)")
_COUNT_UNITS = {"": 1.0, "%": 0.01, "k": 1e3, "m": 1e6}
_BYTE_UNITS = {
    "": 1.0,
    "b": 1.0,
    "k": 1e3,
    "kb": 1e3,
    "m": 1e6,
    "mb": 1e6,
    "g": 1e9,
    "gb": 1e9,
    "kib": 2.0**10,
    "mib": 2.0**20,
    "gib": 2.0**30,
}
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(
    r"(?P<sign>-?)(?:(?P<parts>(?:[0-9]+(?:\.[0-9]+)?(?:min|[smhdw]))+)|(?P<clock>[0-9:]+))"
)
_PART = re.compile(r"([0-9.]+)([a-z]+)")
_CLOCK = re.compile(r"([0-9]+):([0-5][0-9])(?::([0-5][0-9]))?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}(:[0-9]{2})?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_LONGEST = 64
# Bounds are inclusive, so the end of a range is the last instant before the next one begins.
_INSTANT_BEFORE = 1e-6

EXAMPLES: Mapping[FieldKind, str] = {
    FieldKind.NUMBER: "12, 2.5, 80% or 10k",
    FieldKind.MONEY: "0.5 or $12.30",
    FieldKind.BYTES: "800kB or 1.5MB",
    FieldKind.DURATION: "90s, 20m, 2h, 1h30m, 3d or 0:45",
    FieldKind.TIME: "2026-11-21 or 2026-11-21T14:30 (UTC)",
}
"""How each kind of quantity is written."""


def read_quantity(text: str, kind: FieldKind) -> Quantity | None:
    """Read a literal, or a range ``from..to``, of that kind; None where it is none.

    Equality allows for rounding in what is shown: an amount typed with two decimals equals whatever rounds
    to it, ``3d`` whatever is shown as 3 days, and a date the whole day. Comparisons go by the number itself.
    """
    if len(text) > _LONGEST:
        return None
    first, dots, last = text.partition("..")
    if not dots:
        return _READERS[kind](text)
    start, end = _READERS[kind](first), _READERS[kind](last)
    if start is None or end is None or end.equal_high < start.equal_low:
        return None
    return Quantity(text, start.low, end.high, start.equal_low, end.equal_high)


def is_range(quantity: Quantity) -> bool:
    """Whether a quantity was typed as ``from..to``."""
    return ".." in quantity.text


def _read_number(text: str) -> Quantity | None:
    return _scaled(text, text, _COUNT_UNITS, rounds_whole=False)


def _read_money(text: str) -> Quantity | None:
    return _scaled(text, text.removeprefix("$"), {"": 1.0}, rounds_whole=True)


def _read_bytes(text: str) -> Quantity | None:
    return _scaled(text, text, _BYTE_UNITS, rounds_whole=False)


def _scaled(text: str, digits: str, units: Mapping[str, float], *, rounds_whole: bool) -> Quantity | None:
    match = _NUMBER.fullmatch(digits)
    if match is None or match["unit"].lower() not in units:
        return None
    unit = units[match["unit"].lower()]
    value = float(match["number"]) * unit
    decimals = len(match["decimals"] or match["only"] or "")
    is_rounded = rounds_whole or unit != 1.0
    half = unit * 10.0**-decimals / 2 if is_rounded else 0.0
    return Quantity(text, value, value, value - half, value + half)


def _read_duration(text: str) -> Quantity | None:
    match = _DURATION.fullmatch(text.lower())
    if match is None:
        return None
    if match["parts"]:
        parts = [(float(number), _SECONDS[unit]) for number, unit in _PART.findall(match["parts"])]
        seconds, grain = sum(number * unit for number, unit in parts), min(unit for _, unit in parts)
    elif match["clock"].strip("0") == "":
        seconds, grain = 0.0, 1
    else:
        clock = _CLOCK.fullmatch(match["clock"])
        if clock is None:
            return None
        hours, minutes, rest = clock.groups()
        seconds, grain = int(hours) * 3600.0 + int(minutes) * 60 + int(rest or 0), 1 if rest else 60
    value = -seconds if match["sign"] else seconds
    return Quantity(text, value, value, value, value + grain - _INSTANT_BEFORE)


def _read_time(text: str) -> Quantity | None:
    try:
        if _DAY.fullmatch(text):
            start = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
            length = dt.timedelta(days=1)
        elif match := _INSTANT.fullmatch(text):
            start = dt.datetime.fromisoformat(text.upper())
            start = start.replace(tzinfo=dt.UTC) if start.tzinfo is None else start
            length = dt.timedelta(seconds=1 if match[1] else 60)
        else:
            return None
        low, high = start.timestamp(), (start + length).timestamp() - _INSTANT_BEFORE
    except (ValueError, OverflowError):
        return None
    return Quantity(text, low, high, low, high)


_READERS: Mapping[FieldKind, Callable[[str], Quantity | None]] = {
    FieldKind.NUMBER: _read_number,
    FieldKind.MONEY: _read_money,
    FieldKind.BYTES: _read_bytes,
    FieldKind.DURATION: _read_duration,
    FieldKind.TIME: _read_time,
}
