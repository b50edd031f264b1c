"""The generated documents: ``python -m tests.drift`` fails when one has drifted; ``--write`` mends them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMANDS = (
    *(
        "demo",
        "scan",
        "submit",
        "watch",
        "inbox",
        "ls",
        "jobs",
        "pages",
        "page",
        "retry",
        "export",
        "validate",
    ),
    *("cancel", "delete", "adopt", "reconcile", "doctor", "serve", "sandbox"),
    *("templates", "recipes", "prices", "costs"),
    *("notify test", "notify show", "service print", "service install", "service uninstall", "service cron"),
    *("recipes list", "recipes show", "recipes check", "recipes new"),
    *("key", "key set", "key show", "key forget"),
)


def _help(*command: str) -> str:
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    shown = subprocess.run(
        [sys.executable, "-m", "batchdeck", *command, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return "\n".join(line.rstrip() for line in shown.stdout.strip().splitlines())


def command_line() -> str:
    """Return docs/cli.md: what each command says of itself."""
    parts = [
        "# The command line",
        "",
        "Made from the program's own help by `python -m tests.drift --write`. Data goes to stdout (with",
        "`--json` one JSON document, or one object a line where events stream), everything else to stderr.",
        "",
        "Exit codes: 0 done; 2 wrong use; 3 the input has problems and nothing was submitted; 4 the API",
        "refused (credentials, permission, billing); 5 the API could not be reached or its acceptance is",
        "unknown (run `reconcile`); 6 done, but some pages failed; 130 interrupted, resumable.",
        "",
        "```",
        _help(),
        "```",
    ]
    for command in COMMANDS:
        parts += ["", f"## {command}", "```", _help(*command.split()), "```"]
    return "\n".join(parts) + "\n"


def settings() -> str:
    """Return docs/settings.md: every setting with its meaning and default."""
    from batchdeck.config_docs import settings_page

    return settings_page()


def keys() -> str:
    """Return docs/keys.md: every action of the dashboard with its keys."""
    from batchdeck.tui.actions.document import document_keys

    return document_keys()


DOCUMENTS: Mapping[str, Callable[[], str]] = {
    "docs/cli.md": command_line,
    "docs/settings.md": settings,
    "docs/keys.md": keys,
}


def main() -> int:
    """Compare or write the generated documents; return the exit code."""
    drifted = []
    for name, make in DOCUMENTS.items():
        path, text = ROOT / name, make()
        if path.exists() and path.read_text() == text:
            continue
        if "--write" in sys.argv[1:]:
            path.write_text(text)
        else:
            drifted.append(name)
    for name in drifted:
        print(f"{name} has drifted: run `python -m tests.drift --write`")
    return 1 if drifted else 0


if __name__ == "__main__":
    raise SystemExit(main())
