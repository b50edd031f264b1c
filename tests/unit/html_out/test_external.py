"""The outside judges: found where they are, said where they are not, and never believed when they break."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from batchdeck.errors import BatchDeckError
from batchdeck.html.external import Judges, find_judges, judge_files


def _command(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "a b.html"
    path.write_text("<!DOCTYPE html><title>x</title>", "utf-8")
    return path


def test_what_is_not_installed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    judges = find_judges()
    assert judges == Judges()
    assert [sentence.split(" ")[0] for sentence in judges.missing] == ["Nu", "axe"]


def test_a_command_on_the_path_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: Path
) -> None:
    uri = document.as_uri()
    answer = f'{{"messages":[{{"type":"error","url":"{uri}","lastLine":3,"message":"no \\u001b good"}}]}}'
    command = _command(tmp_path / "vnu", f"printf '%s' '{answer}' >&2")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    judges = Judges(nu=find_judges().nu)
    assert judges.nu == (str(command),)
    (finding,) = judge_files([document], judges)[document].findings
    assert (finding.rule, finding.line, finding.message) == ("nu", 3, "no ␛ good")


@pytest.mark.parametrize("script", ["echo broken >&2; exit 1", "exit 3", "echo '{}' >&2"])
def test_a_judge_that_breaks_is_no_verdict(tmp_path: Path, document: Path, script: str) -> None:
    command = _command(tmp_path / "vnu", script)
    with pytest.raises(BatchDeckError, match="Nu is installed but did not run"):
        judge_files([document], Judges(nu=(str(command),)))


def test_an_axe_that_tells_of_fewer_files_is_no_verdict(tmp_path: Path, document: Path) -> None:
    node = _command(tmp_path / "node", "cat > /dev/null; exit 0")
    with pytest.raises(BatchDeckError, match="axe is installed but did not run"):
        judge_files([document], Judges(node=str(node), chromium="chromium", modules=tmp_path))


def test_no_judges_say_nothing(document: Path) -> None:
    assert judge_files([document], Judges())[document].findings == []
