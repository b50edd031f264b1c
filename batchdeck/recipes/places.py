"""Where recipes lie: those that are shipped, and the operator's own in their configuration folder."""

from __future__ import annotations

from pathlib import Path

from batchdeck.domain.resources import template_root
from batchdeck.recipes.manifest import MANIFEST

_APP = "batchdeck"


def shipped_root() -> Path:
    """Return the folder of the shipped recipes."""
    return template_root() / "prompts"


def own_root() -> Path:
    """Return the folder of the operator's own recipes; it need not be there."""
    import platformdirs

    return platformdirs.user_config_path(_APP, appauthor=False) / "recipes"


def known_folders() -> dict[str, Path]:
    """Return the folders of the recipes by name. One's own stands in for a shipped one of its name."""
    return _folders_in(shipped_root()) | _folders_in(own_root())


def _folders_in(root: Path) -> dict[str, Path]:
    try:
        folders = list(root.iterdir())
    except OSError:
        return {}
    return {folder.name: folder for folder in folders if (folder / MANIFEST).is_file()}
