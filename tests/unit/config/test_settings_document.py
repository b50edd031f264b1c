"""docs/settings.md is what the declarations say."""

from __future__ import annotations

import re
from pathlib import Path

from batchdeck.config import load_settings
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


def test_the_settings_shown_for_unattended_work_are_read(tmp_path: Path) -> None:
    shown = re.findall(r"```toml\n(.*?)```", DOCUMENT.with_name("inbox.md").read_text(), re.DOTALL)
    (tmp_path / "config.toml").write_text("\n".join(shown))
    settings = load_settings(tmp_path, {"HOME": str(tmp_path)})
    assert (settings.standing.auto_retry, settings.standing.auto_export) == (True, "~/exports")
    assert (settings.inbox.folder, settings.inbox.max_cost_per_file) == ("~/scans/in", 3.0)
