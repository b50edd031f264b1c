"""Paths as they are typed: where they lead, how they could go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchdeck.tui.screens.paths import complete_path, folder_being_typed, path_meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", ""),
        ("papers/new", "papers/new"),
        ("/srv/papers/", "/srv/papers/"),
        ("/srv/papers//data/new", "/data/new"),
        ("/srv/papers/~/new", "~/new"),
        ("/srv/papers/~/new//data", "/data"),
        ("//data", "/data"),
        ("~/new", "~/new"),
        ("/srv/a~/b", "/srv/a~/b"),
    ],
)
def test_a_path_typed_behind_the_folder_proposed_stands_alone(typed: str, meant: str) -> None:
    assert path_meant(typed) == meant


def test_it_is_completed_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "paper.pdf").touch()
    (tmp_path / "notes.txt").touch()
    typed = f"/srv/{tmp_path}/pa"
    assert folder_being_typed(typed) == f"{tmp_path}/"
    assert complete_path(typed, {".pdf"}) == [f"/srv/{tmp_path}/papers/", f"/srv/{tmp_path}/paper.pdf"]
