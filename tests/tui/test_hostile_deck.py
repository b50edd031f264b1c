"""A deck in which every name is hostile: what all screens and all commands send to the terminal."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from batchdeck.deck import Deck

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")

EVIL = "evil\x1b]52;c;ZXZpbA==\x07\x1b[31337m\x9b31337m[/][@click=app.exit]{0}%n\u202e\u2066\x85"
"""Sets the clipboard, wears a colour that nothing else does, closes and opens markup, turns text around."""
FAULTS = '[[rows]]\noutcome = "malformed"\npages = 2\n'
SAFE_SEQUENCES = re.compile(
    rb"\x1b\[[\d;:<=>?]*[ -/]*[@-~]|\x1b\](?:0|2|22|9|777);[^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[=>78()#][B0]?"
)


def write_evil_pdf(path: bytes) -> None:
    """Write a PDF whose name, title, label, outline and words are all hostile."""
    with pikepdf.new() as pdf:
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        for number in range(2):
            page = pdf.add_blank_page(page_size=(612, 792))
            page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
            words = b"BT /F 12 Tf 72 700 Td (\x1b]52;c;ZXZpbA==\x07 evil words, page %d) Tj ET" % number
            page.obj.Contents = pdf.make_stream(words)
        pdf.docinfo["/Title"] = EVIL
        pdf.docinfo["/Author"] = EVIL
        pdf.Root.PageLabels = pikepdf.Dictionary(Nums=[0, pikepdf.Dictionary(P=EVIL, S=pikepdf.Name.D)])
        with pdf.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem(EVIL, 0))
        with open(path, "wb") as file:
            pdf.save(file)


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A sandbox deck with one archived job, and the folder its PDFs came from."""
    folder = tmp_path_factory.mktemp("evil")
    papers = folder / "papers"
    papers.mkdir()
    names = (
        EVIL.replace("/", "∕").encode() + b".pdf",
        b"\xff\xfe\x1b[31337mevil.pdf",
        b"-rf [b] $(evil).pdf",
    )
    for name in names:
        write_evil_pdf(os.path.join(os.fsencode(papers), name))
    (papers / "evil\x1b[31337m.pdf").write_bytes(b"no PDF at all")
    faults = folder / "faults.toml"
    faults.write_text(FAULTS)
    environ = pytest.MonkeyPatch()
    environ.setenv("BATCHDECK_OPERATOR", EVIL)

    async def make() -> None:
        async with Deck.open(folder / "deck", sandbox=True, faults=faults) as deck:
            plan = deck.plan(await deck.scan([papers]), name=EVIL)
            await deck.submit(plan)
            await deck.track(until_ended=True)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, make()).result()
    yield folder / "deck", papers
    environ.undo()


def unsafe(text: str) -> set[str]:
    """Return the characters of plain output that a terminal obeys, or that reorder text."""
    return {
        char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs"} and char not in "\n\u200d"
    }


def test_no_command_lets_a_name_reach_the_terminal(evil: tuple[Path, Path]) -> None:
    deck, papers = evil

    def run(*arguments: str | Path) -> str:
        ran = subprocess.run(
            [sys.executable, "-m", "batchdeck", "--deck", str(deck), *map(str, arguments)],
            capture_output=True,
            timeout=120,
        )
        said = (ran.stdout + ran.stderr).decode()
        assert not unsafe(said), (arguments, unsafe(said))
        return said

    assert run("scan", papers).count("evil") >= 4
    assert "evil" in run("pages", "j")
    assert "evil" in run("submit", papers / "evil\x1b[31337m.pdf", "--yes", "--name", EVIL)


NAMING = {"job", "page", "retry", "export", "log"}
"""Screens that show names of files: each is waited for until it does."""


def test_no_screen_lets_a_name_reach_the_terminal(
    evil: tuple[Path, Path], run_in_terminal: Callable[..., Any]
) -> None:
    deck, papers = evil
    terminal = run_in_terminal("-m", "batchdeck", "--deck", deck, columns=160, lines=48, PWD=str(papers))
    seen: list[str] = []

    def press(keys: str, screen: str) -> None:
        terminal.send(keys)
        shown = terminal.read_until(b"evil") if screen in NAMING else b""
        if b"evil" in shown + terminal.read_until_quiet(0.5):
            seen.append(screen)

    terminal.read_until(b"evil")
    press("", "batches")
    press("\r", "job")
    press("/evil\r", "filter")
    press("\x1b", "job again")
    press("\r", "page")
    press("i", "picture")
    press("i", "text")
    press("\t", "another tab")
    press("\x1b", "job after the page")
    press("r", "retry")
    press("\x1b", "job after retrying")
    press("x", "export")
    press("\x1b", "job after exporting")
    press("@", "log")
    press("\x1b", "back")
    press("?", "help")
    press("\x1b", "job after help")
    press("\x1b", "batches after the job")
    press("s", "submit")
    press(f"{papers}\r", "submit a folder")
    terminal.read_until_quiet(1.5)
    press("\x1b", "leaving")
    press(":doctor\r", "doctor")
    terminal.read_until_quiet(1.0)
    press("\x1b", "batches at last")
    terminal.send("\x11")  # Ctrl+Q leaves from wherever it is
    terminal.read_to_end()
    assert terminal.exit_code == 0, terminal.output[-3000:]
    output: bytes = terminal.output
    assert set(seen) >= NAMING
    for copied in re.findall(rb"\x1b\]52;c;([^\x07\x1b]*)", output):
        # The export screen copies where the documents are; a name that came through would say "evil".
        assert base64.b64decode(copied).startswith(bytes(deck)), "the clipboard is the operator's"
    assert b"\x1b[31337m" not in output
    left = SAFE_SEQUENCES.sub(b"", re.sub(rb"\x1b\]52;c;[^\x07]*\x07", b"", output)).decode(
        "utf-8", "replace"
    )
    assert not unsafe(left) - set("\r\t\x1b\x08"), unsafe(left)
