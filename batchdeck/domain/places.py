"""Where a file of the deck is, for somebody who reads about it on another machine."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from batchdeck.domain.text import show


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine the deck is on, as others reach it."""

    host: str
    user: str
    link_base: str | None = None
    """Under which address the deck's `exports` folder is served, if it is."""


@dataclass(frozen=True, slots=True)
class Where:
    """A place in the reader's terms. What leads nowhere is empty."""

    place: str
    """``host:/path``, for people."""
    link: str
    """An address that opens it."""
    fetch: str
    """The command that brings it to the reader's machine."""


def where_is(path: Path, exports: Path, machine: Machine) -> Where:
    """Say where a file or folder is. Never a `file:` link: it would open something else, or nothing, there.

    Args:
        path: absolute; only what lies in `exports` can have a link.
        exports: the deck's folder of exports, which `link_base` serves.
    """
    link = ""
    if machine.link_base is not None and path.is_relative_to(exports):
        parts = [quote(os.fsencode(part), safe="") for part in path.relative_to(exports).parts]
        link = "/".join([machine.link_base.rstrip("/"), *parts])
    remote = f"{machine.user}@{machine.host}:{path}"
    fetch = "" if link else f"scp -r {shlex.quote(remote)} ."
    if show(fetch) != fetch:
        # A name that cannot be typed cannot be copied by its name.
        fetch = ""
    return Where(show(f"{machine.host}:{path}", 500), link, fetch)


def deck_command(deck: Path, *words: str) -> str:
    """Return a command for this deck as it is typed into a shell on the deck's machine."""
    return show(shlex.join(["batchdeck", "--deck", str(deck), *words]), 500)
