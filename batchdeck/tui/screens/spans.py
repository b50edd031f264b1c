"""Times, ages and sums as the screens write them. Ages go by minutes: nothing on a screen ticks."""

from __future__ import annotations

import datetime as dt

from batchdeck.domain.costs import Estimate
from batchdeck.tui.glyphs import NOTHING

_DAY = dt.timedelta(days=1)


def span(duration: dt.timedelta | None) -> str:
    """Return a duration: hours and minutes below a day ("3:07"), whole days from there on ("26d")."""
    if duration is None:
        return NOTHING
    duration = max(duration, dt.timedelta(0))
    if duration >= _DAY:
        return f"{duration.days}d"
    minutes = int(duration.total_seconds()) // 60
    return f"{minutes // 60}:{minutes % 60:02d}"


def about(seconds: float) -> str:
    """Return how long something takes, for a sentence ("40 s", "31 min", "2 h 05")."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d}"


def clock(when: dt.datetime, now: dt.datetime) -> str:
    """Return a moment in local time: the time alone within half a day of `now`, where it is no other day's,
    else with its date."""
    local = when.astimezone()
    return f"{local:%H:%M}" if abs(when - now) < _DAY / 2 else f"{local:%d %b %H:%M}"


def dollars(amount: float | None) -> str:
    """Return a sum, with tenths of a cent where it is less than a dime."""
    if amount is None:
        return NOTHING
    return f"${amount:,.3f}" if 0 < amount < 0.1 else f"${amount:,.2f}"


def number(count: int | None) -> str:
    return NOTHING if count is None else f"{count:,}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun ("1 page", "2,332 pages", "3 batches")."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def size(count: int) -> str:
    """Return bytes for people, in powers of ten."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
        amount /= 1000
    return f"{amount:,.1f} GB"


def price_range(estimate: Estimate) -> str:
    """Return what something will probably cost, for a sentence."""
    if not estimate.known:
        return "at an unknown price"
    low, high = dollars(estimate.low), dollars(estimate.high)
    return f"about {dollars(estimate.usd)} ({low} to {high}, an estimate)"
