"""Hostile file names: bytes that nobody would choose, taken through everything that touches a name."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random

from batchdeck.domain.batches import DocumentRef
from batchdeck.domain.documents import Sha256
from batchdeck.domain.events import plain
from batchdeck.domain.requests import CUSTOM_ID, CustomId, slug
from batchdeck.domain.text import show
from batchdeck.html.naming import export_stem
from batchdeck.pdf.find import find_files
from batchdeck.store.layout import DeckLayout, prepare_deck
from batchdeck.store.ledger import Ledger
from tests.unit.store import made

_PIECES = (
    *(
        b"\x1b]52;c;ZXZpbA==\x07",
        b"\x1b[31337m",
        b"\x9b31m",
        b"\xc2\x9b",
        b"\r",
        b"\n",
        b"\t",
        b"\x7f",
        b"\x01",
    ),
    *(
        b"\xff",
        b"\xed\xa0\x80",
        b"\xc3",
        b"\xf4\x90\x80\x80",
        b"\xe2\x80\xae",
        b"\xe2\x81\xa6",
        b"\xef\xbb\xbf",
    ),
    *(
        b"..",
        b"-rf ",
        b"~",
        b"$(id)",
        b"`id`",
        b";",
        b"|",
        b"&",
        b"%s%n",
        b"{0.__class__}",
        b"{{7*7}}",
        b"${x}",
    ),
    *(
        b"[/]",
        b"[red]",
        b"[@click=app.exit]",
        b"<script>",
        b"&lt;",
        b"'",
        b'"',
        b"\\",
        b"\\..\\",
        b":",
        b"*",
        b"?",
    ),
    *(
        b"CON",
        b"nul",
        b"LPT1",
        b"aux.txt",
        b".pdf",
        b".PDF",
        b".html",
        b" ",
        b"  ",
        b".",
        b"a",
        b"Report",
        b"\xc3\xa9",
    ),
    *("e\u0301ßŁ數據".encode(), "👩\u200d💻".encode(), "\u200b\u00ad".encode(), "ﬁ℡½".encode(), b"1" * 40),
)
_LONGEST = 250
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_HARMLESS = frozenset("\u00ad\u200c\u200d")


@dataclass
class NameFigures:
    """What a run came to."""

    names: int = 0
    stems: set[str] = field(default_factory=set)
    folded: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def line(self, seed: int) -> str:
        return (
            f"hostile names: seed {seed}, {self.names} names: {len(self.stems)} distinct export names, "
            f"{len(self.folded)} when case is folded, {len(self.problems)} shown unsafely, lost, or outside "
            "their folder"
        )


def hostile_names(count: int, seed: int) -> Iterator[bytes]:
    """Yield `count` different names that a file system takes."""
    chance = Random(f"names/{seed}")
    seen: set[bytes] = set()
    while len(seen) < count:
        pieces = chance.choices(_PIECES, k=chance.randint(1, 9))
        if chance.random() < 0.4:
            pieces.append(chance.randbytes(chance.randint(1, 20)))
        name = b"".join(pieces).replace(b"/", b"").replace(b"\0", b"")[:_LONGEST] + b".pdf"
        if name not in seen and not name.startswith(b"."):  # hidden files are passed over on purpose
            seen.add(name)
            yield name


def play_names(count: int, seed: int, folder: Path) -> NameFigures:
    """Make files of these names, find them, show, record, export each; say what went wrong."""
    figures = NameFigures()
    source, exports = folder / "in", folder / "out"
    source.mkdir()
    exports.mkdir()
    names = list(hostile_names(count, seed))
    for name in names:
        Path(os.fsdecode(os.path.join(os.fsencode(source), name))).write_bytes(b"")
    found = [file.path for file in find_files([str(source)])]
    if len(found) != count or len(set(found)) != len(found):
        figures.problems.append(f"{len(found)} of {count} files found")
    layout = prepare_deck(folder / "deck")
    refs = [_play_one(path, index, exports, figures) for index, path in enumerate(found)]
    _play_ledger(layout, refs, figures)
    written = {entry.name for entry in exports.iterdir()}
    if written != {stem + ".html" for stem in figures.stems}:
        figures.problems.append("an export lies elsewhere, or over another")
    figures.names = count
    return figures


def _play_one(path: str, index: int, exports: Path, figures: NameFigures) -> DocumentRef:
    name = path.rpartition("/")[2]
    shown = show(name, 200)
    if any(unicodedata.category(char) in _HIDDEN and char not in _HARMLESS for char in shown):
        figures.problems.append(f"shown unsafely: {shown!a}")
    shown.encode()
    digest = sha256(os.fsencode(path)).hexdigest()
    stem = export_stem(name, digest)
    target = exports / f"{stem}.html"
    if target.exists() or target.resolve().parent != exports.resolve():
        figures.problems.append(f"{target!a} is there already, or elsewhere")
    target.write_text(shown)
    figures.stems.add(stem)
    figures.folded.add(unicodedata.normalize("NFKC", stem).casefold())
    if not CUSTOM_ID.fullmatch(str(CustomId("0" * 10, index, slug(name), 1))):
        figures.problems.append(f"no custom_id: {shown!a}")
    json.dumps(plain({"path": path})).encode("ascii")
    return DocumentRef(Sha256(digest), shown, path, index, 1, 1, show(name, 500))


def _play_ledger(layout: DeckLayout, refs: list[DocumentRef], figures: NameFigures) -> None:
    """Record all names, and read them back as another process would."""
    ledger = Ledger.open(layout)
    with ledger.transaction() as tx:
        tx.put(made.job("j1", documents=tuple(refs), pages=len(refs)))
    ledger.close()
    kept = Ledger.open(layout, read_only=True).job("j1").documents
    figures.problems += [
        f"recorded otherwise: {before.path!a}"
        for before, after in zip(refs, kept, strict=True)
        if os.fsencode(before.path) != os.fsencode(after.path)
    ]
