"""Who may import whom, and what importing a face may cost, looked at in fresh processes.

import-linter proves what the text of the modules says; only `sys.modules` shows that a deferred import is
really deferred. Both are asked.
"""

from __future__ import annotations

import json
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
HEAVY = frozenset(
    {
        *("anthropic", "httpx2", "pydantic", "h11"),
        *("pypdf", "pikepdf", "pypdfium2", "PIL"),
        *("html5lib", "lxml", "nh3", "jinja2", "latex2mathml", "rapidfuzz"),
        *("msgspec", "tinydb", "pebble", "textual", "rich", "typer", "watchfiles", "apprise"),
        *("aiohttp", "textual_serve"),
        *("IPython", "anywidget", "ipywidgets", "traitlets", "pandas"),
    }
)
"""Whatever takes more than a few milliseconds to import, or is needed only once work begins."""
LEDGER = frozenset({"tinydb", "msgspec"})
"""What reading the ledger takes: the first paint shows it."""
SHOWN_WITH = {
    "batchdeck.deck": LEDGER,
    "batchdeck.cli": LEDGER | {"typer", "rich"},
    "batchdeck.tui": LEDGER | {"textual", "rich"},
    "batchdeck.web": {"aiohttp", "jinja2"},
    "batchdeck.notebook": LEDGER
    | {"typer", "rich", "textual", "IPython", "anywidget", "ipywidgets", "traitlets"},
}


def modules_of(package: str) -> list[str]:
    """Return the names of a package and of all modules in it, without importing any."""
    folder = ROOT / package.replace(".", "/")
    paths = [path.relative_to(ROOT).with_suffix("") for path in folder.rglob("*.py")]
    return sorted(".".join(path.parts).removesuffix(".__init__") for path in paths)


def loaded_by(*modules: str) -> set[str]:
    """Return the top-level names of all modules that a fresh process loads by importing these."""
    code = "import json, sys\nprint(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    code = f"import {', '.join(modules)}\n{code}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout))


@pytest.mark.parametrize(
    "module", ["batchdeck", "batchdeck.errors", "batchdeck.config", "batchdeck.__main__"]
)
def test_what_every_start_begins_with_loads_nothing_heavy(module: str) -> None:
    assert loaded_by(module) & HEAVY == set()


def test_the_domain_needs_the_standard_library_only() -> None:
    beyond = loaded_by(*modules_of("batchdeck.domain")) - set(sys.stdlib_module_names)
    assert {name for name in beyond if not name.startswith("_")} == {"batchdeck"}


@pytest.mark.parametrize("face", SHOWN_WITH)
def test_a_face_loads_what_it_shows_with_and_nothing_it_works_with(face: str) -> None:
    modules = modules_of(face) if (ROOT / face.replace(".", "/")).is_dir() else [face]
    assert loaded_by(*modules) & HEAVY <= SHOWN_WITH[face]


def test_what_sends_messages_is_loaded_when_there_is_one() -> None:
    telling = [*modules_of("batchdeck.notify"), "batchdeck.operations.tell", "batchdeck.operations.reach"]
    assert loaded_by(*telling) & {"apprise", "requests", "yaml", "markdown"} == set()


def test_naming_the_deck_is_what_loads_it() -> None:
    code = "import batchdeck, sys\nfor name in (None, 'Deck'):\n"
    code += "    getattr(batchdeck, name or '__version__'); print('batchdeck.deck' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert run.stdout.split() == ["False", "True"]


def test_the_first_screen_of_a_deck_loads_nothing_that_works_on_it(tmp_path: Path) -> None:
    code = f"""
import asyncio, sys
from batchdeck.deck import Deck

async def main():
    async with Deck.open({str(tmp_path)!r}, api_key="key") as deck:
        deck.batches(), deck.totals(), deck.expected_end(1, 0.0), deck.acts_unattended, deck.is_climbing
    print(*sorted(set(sys.modules) & {{"batchdeck.operations.judge", "pikepdf", "html5lib", "anthropic"}}))

asyncio.run(main())
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert run.stdout.split() == []


def test_a_list_by_itself_loads_nothing_of_what_it_may_list() -> None:
    code = "import batchdeck.tui.screens.frame, batchdeck.tui.manners.terminal_app, sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    loaded = {name for name in run.stdout.split() if name.startswith("batchdeck.")}
    assert "batchdeck.tui.widgets.row_table.table" in loaded
    trade = {f"batchdeck.domain.{name}" for name in ("batches", "costs", "documents", "outcomes", "overview")}
    assert loaded & {*trade, "batchdeck.tui.signs", "batchdeck.tui.widgets.help"} == set()


def test_a_worker_that_scans_loads_nothing_of_the_deck() -> None:
    """Each of them loads it anew: with the deck they would take twice as long to start."""
    code = "import batchdeck.operations.scan_task, sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    loaded = set(run.stdout.split())
    assert "batchdeck.pdf.scan" in loaded
    deck = {name for name in loaded if name.startswith(("batchdeck.store", "batchdeck.recipes"))}
    assert deck | loaded & {"batchdeck.domain.batches", "jinja2", "tinydb", "html5lib"} == set()


def test_the_layers_hold() -> None:
    linted = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_nothing_imports_itself_in_a_loop() -> None:
    graph = grimp.build_graph("batchdeck", exclude_type_checking_imports=True, cache_dir=None)
    imports = {
        module: {imported for imported in graph.find_modules_directly_imported_by(module)}
        for module in graph.modules
    }
    assert "batchdeck.deck" in list(TopologicalSorter(imports).static_order())
