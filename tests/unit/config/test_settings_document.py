"""docs/settings.md is what the declarations say."""

from __future__ import annotations

from pathlib import Path

from batchdeck.config_docs import settings_page
from batchdeck.config_reading import catalogue

DOCUMENT = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_document_has_not_drifted() -> None:
    """Make it again with ``python -m batchdeck.config_docs > docs/settings.md``."""
    assert DOCUMENT.read_text(encoding="utf-8") == settings_page()


def test_every_setting_is_explained() -> None:
    for setting in catalogue().values():
        line = next(line for line in settings_page().splitlines() if line.startswith(f"| `{setting.key}` |"))
        assert len(line.split(" | ")[3]) > 10
