"""Small documents with one fault each (faults.toml), and sound ones, for the checks and for the judges."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HEAD = '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Fault</title></head>\n'


@dataclass(frozen=True, slots=True)
class Fault:
    """One document. `axe` and `nu` say whether that outside judge must object too."""

    name: str
    html: str
    rules: frozenset[str]
    """What the built-in checks find; empty for a sound document."""
    axe: bool = False
    nu: bool = False


def _in_main(markup: str) -> str:
    return f"{_HEAD}<body><main><h1>Heading</h1>\n{markup}\n</main></body>\n</html>\n"


def _read(row: dict[str, Any]) -> Fault:
    html = _in_main(row.get("markup", "x"))
    if "swap" in row:
        before, after = row["swap"]
        assert before in html
        html = html.replace(before, after)
    return Fault(row["name"], html, frozenset(row["rules"]), row["axe"], row["nu"])


_TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
FAULTS = tuple(map(_read, _TABLE["fault"]))
SOUND = tuple(Fault(name, _in_main(markup), frozenset()) for name, markup in _TABLE["sound"].items())
