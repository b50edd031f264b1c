"""File names of exports: plain ASCII, bounded, and different for different sources on any file system."""

from __future__ import annotations

import re
import unicodedata

_LIMIT = 120
_DIGEST = 10
# Windows keeps these names for devices, whatever the suffix.
_RESERVED = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))]
)


def export_stem(name: str, sha256: str) -> str:
    """Return the stem of a document's exported files: its name in ASCII, then 10 hex digits of its bytes.

    Args:
        name: the source's file name, anything a file system may hold.
        sha256: hex digest of the source; makes the stem unique even where case is folded, and where two
            sources have the same name or none that ASCII can spell.

    The stem has at most 120 bytes, begins with a letter or digit, ends in the digest, and is never a name
    that Windows reserves.
    """
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    base = re.sub(r"\.pdf$", "", base, flags=re.IGNORECASE)
    folded = unicodedata.normalize("NFKD", base).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9]+", "-", folded).strip("-")
    stem = stem[: _LIMIT - _DIGEST - 1].strip("-") or "document"
    if stem.split("-")[0].lower() in _RESERVED:
        stem = f"file-{stem}"[: _LIMIT - _DIGEST - 1].strip("-")
    return f"{stem}-{sha256[:_DIGEST].lower()}"
