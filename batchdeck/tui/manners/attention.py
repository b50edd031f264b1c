"""Calling an operator who looks elsewhere: the bell, or a notification by the terminal itself."""

from __future__ import annotations

from collections.abc import Mapping

from batchdeck.domain.text import show
from batchdeck.tui.manners.clipboard import passed_through

_LONGEST = 200
"""Characters of a notification's text; desktops show fewer."""
_OSC_777 = ("rxvt", "foot", "vte")
"""Terminals that know OSC 777 and not OSC 9; VTE's set ``VTE_VERSION``, not their name."""


def attention_sequence(title: str, body: str, *, bell: bool, notify: bool, environ: Mapping[str, str]) -> str:
    """Return what has to be written to the terminal; empty for nothing.

    A notification is OSC 9 (iTerm2, kitty, WezTerm, ghostty) or OSC 777 (rxvt, foot, VTE); other terminals
    ignore it. Title and body are made safe and lose the characters that divide the sequence. Inside tmux it
    arrives where ``allow-passthrough`` is on; the bell always arrives.
    """
    ring = "\x07" if bell else ""
    term = environ.get("TERM", "")
    if not notify or term.startswith("linux"):
        return ring
    title, body = (show(text, _LONGEST).replace(";", ",") for text in (title, body))
    if environ.get("VTE_VERSION") or any(name in term for name in _OSC_777):
        return ring + passed_through(f"\x1b]777;notify;{title};{body}\x07", environ)
    return ring + passed_through(f"\x1b]9;{title}: {body}\x07", environ)
