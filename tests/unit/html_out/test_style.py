"""The style sheets: contrast of every pair of colours in both schemes, and nothing fetched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from batchdeck.domain.resources import template_root

SHEETS = sorted((template_root() / "export").rglob("*.css"))
COLOURS = (template_root() / "export" / "_shared" / "colours.css").read_text("utf-8")
LIGHT, DARK = COLOURS.split("@media (prefers-color-scheme: dark)")

PAIRS = [
    ("ink", "paper", 7.0),
    ("ink", "panel", 7.0),
    ("soft", "paper", 4.5),
    ("soft", "panel", 4.5),
    ("link", "paper", 4.5),
    ("link", "panel", 4.5),
    ("visited", "paper", 4.5),
    ("caution-ink", "caution-paper", 7.0),
    ("missing-ink", "missing-paper", 7.0),
    ("good-ink", "good-paper", 7.0),
    ("focus", "paper", 3.0),
    ("caution-line", "paper", 2.0),
    ("missing-line", "paper", 3.0),
]


def _colours(sheet: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", sheet))


def _luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "paper", "least"), PAIRS)
def test_contrast_is_enough(scheme: str, ink: str, paper: str, least: float) -> None:
    colours = _colours(scheme)
    assert _contrast(colours[ink], colours[paper]) >= least


def test_both_schemes_name_the_same_colours() -> None:
    assert _colours(LIGHT).keys() == _colours(DARK).keys()


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_a_sheet_fetches_nothing(sheet: Path) -> None:
    assert not re.search(r"url\(|@import|</", sheet.read_text("utf-8"))


def test_colours_are_named_in_one_place() -> None:
    for sheet in SHEETS:
        if sheet.name != "colours.css":
            literals = set(re.findall(r"#[0-9a-fA-F]{3,8}\b", sheet.read_text("utf-8")))
            assert literals <= {"#fff", "#000", "#444", "#bbb"}, sheet.name
