"""Copying over SSH: the OSC 52 sequence, as the terminal at the far end and what lies between need it.

Nobody answers an OSC 52, so nothing here claims that the text arrived.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from batchdeck.errors import UsageError

MOST_BYTES = 74_994
"""Greatest base64 length sent: longer sequences are dropped or cut without a word (xterm, hterm, tmux)."""
_SCREEN_CHUNK = 250
"""GNU screen passes on strings of at most 256 bytes (768 since 4.4)."""


def passed_through(sequence: str, environ: Mapping[str, str]) -> str:
    """Wrap an escape sequence so that tmux or GNU screen, where one is in between, hands it on."""
    if environ.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environ.get("STY"):
        chunks = (sequence[start : start + _SCREEN_CHUNK] for start in range(0, len(sequence), _SCREEN_CHUNK))
        return "".join(f"\x1bP{chunk}\x1b\\" for chunk in chunks)
    return sequence


def clipboard_sequence(text: str, environ: Mapping[str, str]) -> str:
    """Return what has to be written to the terminal to offer `text` to its clipboard.

    Inside tmux the raw sequence (taken where ``set-clipboard`` is on) and the passed-through one (where
    ``allow-passthrough`` is on) are both sent; inside GNU screen only the passed-through one works.

    Raises:
        UsageError: the text is too long for terminals to take; nothing is cut silently.
    """
    encoded = base64.b64encode(text.encode("utf-8", "surrogateescape")).decode("ascii")
    if len(encoded) > MOST_BYTES:
        raise UsageError(
            f"{len(text):,} characters are too many for a terminal's clipboard: about "
            f"{MOST_BYTES * 3 // 4:,} bytes fit.",
            hint="Mark fewer rows, or use the command line: `batchdeck pages … --json`.",
        )
    raw = f"\x1b]52;c;{encoded}\x07"
    wrapped = passed_through(raw, environ)
    return raw + wrapped if environ.get("TMUX") else wrapped
