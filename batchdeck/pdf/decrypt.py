"""Writing a copy of an encrypted PDF that opens without its password."""

from __future__ import annotations

import os
from pathlib import Path

import pikepdf


def write_decrypted(source: Path, password: str, target: Path) -> None:
    """Write a decrypted copy of `source` to `target`, synced to disk.

    Raises:
        pikepdf.PasswordError: the password does not open it.
        OSError: `target` cannot be written.
    """
    with pikepdf.Pdf.open(source, password=password) as pdf, open(target, "xb") as file:
        pdf.save(file, encryption=False, deterministic_id=True)
        file.flush()
        os.fsync(file.fileno())
