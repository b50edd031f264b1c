"""Fidelity: how many spoilt answers the verdict finds, and how many good ones it suspects.

Good answers are made of another extractor's text of real pages (poppler's pdftotext, else pypdf), without the
first and the last line, as if they were running heads, and with one word in a hundred misread. Each is then
spoilt in every way. A figure is the share of pages that fail; in brackets, of those that fail or warn.
"""

from __future__ import annotations

import json
import logging
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pypdf
from measure import options

from batchdeck.html.fidelity import FidelityThresholds, Grade
from batchdeck.html.judge import judge_answer
from batchdeck.html.model import TextLayer
from batchdeck.pdf.text import TextReader

PAGES_PER_FILE = 25
LEAST_WORDS = 30
NOISE = 0.01
LOOP_WORDS, LOOPS = 12, 30


@dataclass(frozen=True, slots=True)
class Sample:
    """A page with its trusted layer and what another extractor reads on it."""

    layer: TextLayer
    words: tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """How the answers of one kind fared."""

    pages: int = 0
    failed: int = 0
    warned: int = 0
    recalls: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        share = 100 / max(self.pages, 1)
        return f"{self.failed * share:6.1f} % ({(self.failed + self.warned) * share:5.1f} %)"


def samples(folder: Path) -> Iterator[Sample]:
    """Yield the pages of a folder's PDFs whose layer can be trusted, about 25 of each file."""
    for path in sorted(folder.glob("**/*.pdf")):
        try:
            with TextReader(str(path)) as reader:
                for number in range(1, reader.page_count + 1, max(1, reader.page_count // PAGES_PER_FILE)):
                    words = tuple(" ".join(read_otherwise(path, number)[1:-1]).split())
                    layer = reader.layer(number)
                    if layer.trusted and len(words) >= LEAST_WORDS:
                        yield Sample(TextLayer(layer.text, True, image_share=layer.image_share), words)
        except Exception as error:
            print(f"left out: {path.name} ({type(error).__name__})")


def read_otherwise(path: Path, number: int) -> list[str]:
    """Return the lines of a page as an extractor reads them that the layer does not come from."""
    poppler = shutil.which("pdftotext")
    if poppler is None:
        return pypdf.PdfReader(path).pages[number - 1].extract_text().splitlines()
    command = [poppler, "-f", str(number), "-l", str(number), str(path), "-"]
    ended = subprocess.run(command, capture_output=True, text=True, errors="replace", check=True)
    return [line for line in ended.stdout.replace("\f", "\n").splitlines() if line.strip()]


def misread(words: Sequence[str], chance: random.Random) -> list[str]:
    """Return the words with some of their letters changed, as a model would misread them."""
    return [word[:-1] + "q" if chance.random() < NOISE else word for word in words]


def cut(words: Sequence[str], share: float) -> list[str]:
    """Return the beginning of the words, by characters, since not every script parts words by spaces."""
    text = " ".join(words)
    return text[: int(len(text) * (1 - share))].split()


def drop(words: Sequence[str], share: float, chance: random.Random) -> list[str]:
    """Return the words without one passage of that share, anywhere in the page."""
    length = int(len(words) * share)
    start = chance.randrange(len(words) - length + 1)
    return [*words[:start], *words[start + length :]]


def invent(words: Sequence[str], share: float, chance: random.Random) -> list[str]:
    """Return the words with one passage of that share replaced by others that look like words."""
    length = int(len(words) * share)
    start = chance.randrange(len(words) - length + 1)
    letters = "abcdefghilmnoprstuv"
    made = ["".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(length)]
    return [*words[:start], *made, *words[start + length :]]


Spoil = Callable[[Sample, Sample, random.Random], list[str]]
WAYS: Mapping[str, Spoil] = {
    "good": lambda page, other, chance: list(page.words),
    "good, halves exchanged": lambda page, other, chance: [
        *page.words[len(page.words) // 2 :],
        *page.words[: len(page.words) // 2],
    ],
    "cut by 25 %": lambda page, other, chance: cut(page.words, 0.25),
    "cut by 10 %": lambda page, other, chance: cut(page.words, 0.10),
    "20 % dropped": lambda page, other, chance: drop(page.words, 0.20, chance),
    "10 % dropped": lambda page, other, chance: drop(page.words, 0.10, chance),
    "25 % invented": lambda page, other, chance: invent(page.words, 0.25, chance),
    "loop": lambda page, other, chance: [
        *page.words[: len(page.words) // 2],
        *list(page.words[len(page.words) // 2 :][:LOOP_WORDS]) * LOOPS,
    ],
    "another page": lambda page, other, chance: list(other.words),
}


def tally_all(pages: Sequence[Sample], limits: FidelityThresholds) -> dict[str, Tally]:
    """Judge every page's answer, spoilt in every way."""
    chance = random.Random(1)
    tallies = {name: Tally() for name in WAYS}
    for at, page in enumerate(pages):
        other = pages[(at + len(pages) // 2) % len(pages)]
        for name, spoil in WAYS.items():
            words = misread(spoil(page, other, chance), chance)
            text = " ".join(words).replace("&", "&amp;").replace("<", "&lt;")
            judged = judge_answer(f'<article data-page="1"><p>{text}</p></article>', 1, page.layer, limits)
            tally = tallies[name]
            tally.pages += 1
            tally.failed += judged.outcome.is_failure
            tally.warned += judged.outcome.is_good and judged.grade is Grade.WARN
            if judged.recall is not None:
                tally.recalls.append(judged.recall)
    return tallies


def main() -> None:
    parser = options(__doc__ or "", rounds=1)
    given = parser.parse_args()
    if given.folder is None:
        parser.error("real PDFs with a text layer are needed: give their folder")
    logging.disable(logging.WARNING)
    pages = list(samples(Path(given.folder)))
    if len(pages) < 2:
        parser.error(f"too few pages with a text layer that can be trusted: {len(pages)}")
    tallies = tally_all(pages, FidelityThresholds())
    print(f"\n{len(pages)} pages whose layer can be trusted\n")
    print(f"| {'answer':24} | fails (fails or warns) | median recall |\n|---|---|---|")
    for name, tally in tallies.items():
        middle = sorted(tally.recalls)[len(tally.recalls) // 2] if tally.recalls else 0.0
        print(f"| {name:24} | {tally!s:>22} | {middle:13.3f} |")
    if given.json is not None:
        report = {"benchmark": "fidelity", "pages": len(pages)}
        figures = {name: asdict(tally) for name, tally in tallies.items()}
        given.json.write_text(json.dumps(report | {"answers": figures}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
