"""Replacing the price list with one command: checked first, the old one kept, the change told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from batchdeck.config import SHIPPED_PRICES, load_prices, load_settings
from batchdeck.config_prices import price_file, replace_prices, reset_prices
from batchdeck.errors import ConfigError, UsageError

OLD = "as_of = 2026-12-01\n[models.mine]\ninput = 1\noutput = 5\n[models.gone]\ninput = 1\noutput = 1\n"
NEW = "as_of = 2026-12-24\n[models.mine]\ninput = 2\noutput = 5\nretires = 2027-01-31\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's configuration folder."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("BATCHDECK_CONFIG", raising=False)
    return tmp_path / "config" / "batchdeck"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "offered.toml"
    path.write_text(text)
    return path


def test_a_list_is_installed_the_one_before_kept_and_the_change_told(tmp_path: Path, folder: Path) -> None:
    settings = load_settings()
    assert price_file(settings) == SHIPPED_PRICES
    first = replace_prices(settings, written(tmp_path, OLD))
    assert first.file == price_file(settings) == folder / "prices.toml"
    assert first.backup is None
    second = replace_prices(settings, written(tmp_path, NEW))
    assert [str(change) for change in second.changes] == [
        "gone: no longer listed",
        "mine: input 1.0 → 2.0",
        "mine: retires none → 2027-01-31",
    ]
    assert second.backup == folder / "prices-2026-12-01.toml"
    assert second.backup.read_text() == OLD
    assert not second.is_older
    assert replace_prices(settings, second.backup).is_older
    assert load_prices(price_file(settings)).as_of == dt.date(2026, 12, 1)
    back = reset_prices(settings)
    assert price_file(settings) == back.file == SHIPPED_PRICES
    assert "mine: no longer listed" in map(str, back.changes)
    assert sorted(path.name for path in folder.iterdir()) == [
        "prices-2026-12-01.toml",
        "prices-2026-12-24.toml",
    ]


@pytest.mark.parametrize(
    "text", ["as_of = 2026-12-01\n[models.mine]\ninput = 1\n", "as_of = 2026-12-01\n[models]\n"]
)
def test_a_wrong_list_changes_nothing(text: str, tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ConfigError, match="offered"):
        replace_prices(load_settings(), written(tmp_path, text))
    assert not folder.exists()


def test_a_list_that_the_settings_name_goes_first(tmp_path: Path) -> None:
    mine = written(tmp_path, OLD)
    settings = load_settings(environ={"BATCHDECK_MONEY_PRICES": str(mine)})
    assert price_file(settings) == mine
    with pytest.raises(UsageError, match="BATCHDECK_MONEY_PRICES names"):
        replace_prices(settings, mine)


def test_an_installed_list_that_cannot_be_read_is_replaced_or_taken_away(
    tmp_path: Path, folder: Path
) -> None:
    settings = load_settings()
    folder.mkdir(parents=True)
    (folder / "prices.toml").write_text("as_of = \n")
    done = replace_prices(settings, written(tmp_path, NEW))
    assert done.backup == folder / "prices-unreadable.toml"
    assert load_prices(price_file(settings)).as_of == dt.date(2026, 12, 24)
    (folder / "prices.toml").write_text("as_of = \n")
    assert reset_prices(settings).backup == folder / "prices-unreadable.toml"
    (folder / "prices.toml").symlink_to("/nowhere/prices.toml")
    with pytest.raises(ConfigError, match="leads nowhere"):
        load_prices(price_file(settings))
    assert reset_prices(settings).backup is None
    assert price_file(settings) == SHIPPED_PRICES
