"""Writes docs/settings.md from the declarations: ``python -m batchdeck.config_docs > docs/settings.md``."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from batchdeck import config_sections
from batchdeck.config_reading import OTHER_VARIABLES, Setting, catalogue, describe
from batchdeck.config_sections import SECTIONS

_OPENING = """\
# Settings

<!-- Made by `python -m batchdeck.config_docs`; a test fails when it drifts. -->

Every setting has a default that works. Where one is given in several places, the first of these counts:

1. what was typed on the command line;
2. an environment variable, `BATCHDECK_` with section and name (`BATCHDECK_POLLING_FLOOR_SECONDS=30`);
3. `config.toml` in the deck's folder;
4. `config.toml` in the user's configuration folder (`~/.config/batchdeck` on Linux), or the file that
   `BATCHDECK_CONFIG` names;
5. the default.

A settings file is TOML:

```toml
[polling]
floor_seconds = 30

[money]
max_cost_per_day = 50

[interface.keys]
retry = "r,f5"
```

An unknown name or an impossible value is an error that names the file, the key and the nearest name there is.
"""


def settings_page() -> str:
    """Return docs/settings.md."""
    texts = _docstrings()
    return "\n".join(
        [_OPENING, *_other_variables(), *(line for name in SECTIONS for line in _section(name, texts))]
    )


def _docstrings() -> dict[str, str]:
    """Return the text of each section (by class name) and of each value (class.value)."""
    module = ast.parse(Path(config_sections.__file__).read_text(encoding="utf-8"))
    texts: dict[str, str] = {}
    for node in module.body:
        if not isinstance(node, ast.ClassDef):
            continue
        texts[node.name] = _one_line(ast.get_docstring(node) or "")
        for field, text in zip(node.body, node.body[1:], strict=False):
            match field, text:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                    texts[f"{node.name}.{name}"] = _one_line(words)
    return texts


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _other_variables() -> Iterator[str]:
    yield "Two variables are not settings:\n"
    yield "| variable | means |"
    yield "|---|---|"
    for variable, text in OTHER_VARIABLES.items():
        yield f"| `{variable}` | {text} |"
    yield ""


def _section(name: str, texts: dict[str, str]) -> Iterator[str]:
    kind = SECTIONS[name].__name__
    yield f"## `[{name}]`\n"
    yield texts[kind] + "\n"
    yield "| name | takes | default | means |"
    yield "|---|---|---|---|"
    for setting in catalogue().values():
        if setting.section == name:
            meaning = texts[f"{kind}.{setting.key}"]
            yield f"| `{setting.key}` | {describe(setting)} | `{_shown(setting)}` | {meaning} |"
    yield ""


def _shown(setting: Setting) -> str:
    """Return the default as TOML writes it."""
    value: Any = setting.default
    if value is None:
        return '"none"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, int):
        return f"{value:_}"
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return f"{value:g}" if isinstance(value, float) else "{}"


if __name__ == "__main__":
    sys.stdout.write(settings_page())
