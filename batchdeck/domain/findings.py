"""What looking a deck over comes to: what was checked, what is not as it should be, and what was mended."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Mend(enum.StrEnum):
    """What `doctor --repair` does about a finding."""

    NONE = "none"
    """Nothing: the remedy is the operator's."""
    REBUILD = "rebuild"
    """It is derived, and is made anew."""
    PERMISSIONS = "permissions"
    """It is closed to everybody but its owner."""
    SWEEP = "sweep"
    """It is a leftover older than a day, and is removed."""
    QUARANTINE = "quarantine"
    """It goes to the deck's quarantine, and what can be had back is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    where: str
    """A path inside the deck, or the id of a record; may hold anything a file name can."""
    what: str
    """What is wrong with it, in a clause."""
    remedy: str
    """What to do about it, in a sentence."""
    mend: Mend = Mend.NONE
    key: str = ""
    """The job, batch folder or digest it is about, where that is not the same as `where`."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `detail` says what was found, and what to do when it is not well."""

    name: str
    ok: bool
    detail: str
    findings: tuple[Finding, ...] = ()
    """All that is not as it should be, where `detail` names only the first few."""


@dataclass(frozen=True, slots=True)
class Mended:
    """One thing that a repair did."""

    where: str
    done: str
    """What was done to it, in a clause."""
    lost: str = ""
    """What cannot be had back; empty where nothing was lost."""
