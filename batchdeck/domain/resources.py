"""Where the shipped templates lie: inside the installed package, or beside it in a source checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def template_root() -> Path:
    """Return the folder that holds ``prompts/`` and ``export/``.

    A wheel carries the templates inside the package; an editable install has them at the top of the
    checkout, next to the package.

    Raises:
        FileNotFoundError: neither is there, so the installation is incomplete.
    """
    for root in (_PACKAGE / "templates", _PACKAGE.parent / "templates"):
        if (root / "export").is_dir():
            return root
    raise FileNotFoundError(f"no templates in {_PACKAGE} or beside it: the installation is incomplete")
