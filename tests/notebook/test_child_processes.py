"""How another process opens a notebook's deck, and the one that draws its picture."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from batchdeck.deck import Deck
from batchdeck.notebook.face import NotebookFace
from batchdeck.notebook.picture import Picture

ROOT = Path(__file__).parents[2]


async def test_another_process_opens_the_deck_likewise_and_no_word_holds_the_key(tmp_path: Path) -> None:
    opening = Deck.open(
        tmp_path / "a b",
        read_only=True,
        base_url="https://api.example",
        api_key="sk-given",
        profile="second",
    )
    async with opening as deck:
        words, environ = deck.reopening
        shown = NotebookFace().dashboard(deck, height=300, picture=False)
    named = ("--deck", str(tmp_path / "a b"), "--base-url", "https://api.example", "--profile", "second")
    assert words == (*named, "--read-only")
    assert environ == {"ANTHROPIC_API_KEY": "sk-given"}
    assert "sk-given" not in repr(shown)
    assert f"--deck '{tmp_path}/a b'" in repr(shown)
    assert "sk-given" not in json.dumps(shown.get_state(), default=str), "the front end knows the key"
    shown.close()


async def test_the_picture_is_drawn_without_a_terminal_until_nobody_listens(tmp_path: Path) -> None:
    async with Deck.open(tmp_path / "deck", sandbox=True) as deck:
        words, _ = deck.reopening
    assert isinstance(NotebookFace().dashboard(deck, height=300, picture=True), Picture)
    svg = await asyncio.to_thread(_draw, words)
    assert svg.startswith("<svg")
    assert "READ-ONLY" in svg
    assert "font-face" not in svg, "it would be fetched from a content network"


def _draw(words: Sequence[str]) -> str:
    drawing = subprocess.Popen(
        [sys.executable, "-m", "batchdeck.notebook.portrait", *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert drawing.stdout is not None
    assert drawing.stdin is not None
    with drawing.stdout:
        svg = str(json.loads(drawing.stdout.readline()))
        drawing.stdin.close()
        assert drawing.wait(60) == 0
    return svg
