"""Quiet hours: when nobody is to be disturbed, and until when a message then waits."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from dataclasses import dataclass

from batchdeck.domain.text import show

_RANGE = re.compile(r"\s*(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s*")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begin` up to `end` by the clock on the wall; over midnight where `end` is the earlier one."""

    begin: dt.time
    end: dt.time

    def hold(self, time: dt.time) -> bool:
        """Say whether nobody is to be disturbed at a time of the day."""
        if self.begin < self.end:
            return self.begin <= time < self.end
        return time >= self.begin or time < self.end


def read_quiet_hours(text: str | None) -> QuietHours | None:
    """Read ``22:00-07:00``; None stays None.

    Raises:
        ValueError: it says something else; the text says what.
    """
    if text is None:
        return None
    match = _RANGE.fullmatch(text)
    if match is None:
        raise ValueError(f"“{show(text, 40)}” is not a range of hours")
    try:
        begin, end = dt.time(int(match[1]), int(match[2])), dt.time(int(match[3]), int(match[4]))
    except ValueError:
        raise ValueError(f"“{show(text, 40)}” names a time that no clock shows") from None
    if begin == end:
        raise ValueError(f"“{show(text, 40)}” begins when it ends")
    return QuietHours(begin, end)


def read_zone(name: str | None) -> dt.tzinfo:
    """Return a time zone by its name; UTC for None.

    Raises:
        ValueError: this machine knows no such zone.
    """
    if name is None:
        return dt.UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"“{show(name, 40)}” is not a time zone that this machine knows") from None


def quiet_until(now: dt.datetime, hours: QuietHours | None, zone: dt.tzinfo) -> dt.datetime | None:
    """Return when the quiet hours that `now` is in end, in UTC; None when it is in none.

    Where clocks are put forward over the end, they end when it would have been; where it comes twice, the
    first time.
    """
    if hours is None:
        return None
    local = now.astimezone(zone)
    if not hours.hold(local.time()):
        return None
    day = local.date() + dt.timedelta(days=local.time() >= hours.end)
    end = dt.datetime.combine(day, hours.end, zone).astimezone(dt.UTC)
    # The end that comes twice may have been before `now`: then it is the second time that counts.
    if end <= now:
        end = dt.datetime.combine(day, hours.end.replace(fold=1), zone).astimezone(dt.UTC)
    return end
