"""The key documentation, made from the registry: ``python -m batchdeck.tui.actions.document``."""

from __future__ import annotations

from collections.abc import Iterable

from batchdeck.tui.actions.catalogue import ACTIONS
from batchdeck.tui.actions.context import Place
from batchdeck.tui.actions.keys import show_key
from batchdeck.tui.actions.registry import Action

_HEAD = """\
# Keys of the dashboard

Made from the action registry; do not edit. `?` shows the keys of the screen you are on, `:` and Ctrl+P reach
every action by name, and any key can be given another one in the settings:

```toml
[interface.keys]
"batch.cancel" = "ctrl+x"
```

Actions marked **asks** destroy something or cost money: they show counts and cost and wait for `y`. With
`--read-only`, actions marked **writes** or **asks** are not there.

Within the filter (`/`), a leading `!` shows the rows that do not hold the text. `Esc` undoes the innermost
state: what is being typed, an open range, the filter, the marks; then it goes back one screen. While the
screen's own work is under way (looking at files, sending, exporting) it asks first: `y` stops the work and
stays, `Esc` again leaves it going on in the background. Where a folder was being looked at, `s` comes back
to it.
"""


def document_keys(actions: Iterable[Action] = ACTIONS) -> str:
    """Return the documentation of all keys as Markdown."""
    groups: dict[str, list[Action]] = {}
    for action in actions:
        groups.setdefault(action.group, []).append(action)
    return "\n".join([_HEAD, *(_section(name, members) for name, members in groups.items())])


def _section(name: str, actions: Iterable[Action]) -> str:
    head = f"## {name}\n\n| keys | command | action | where | what it does |\n|---|---|---|---|---|\n"
    return head + "".join(map(_line, actions))


def _line(action: Action) -> str:
    keys = action.note or " ".join(f"`{_escaped(show_key(key))}`" for key in action.keys)
    command = f"`:{action.command}{f' {action.takes}' if action.takes else ''}`" if action.command else ""
    where = ", ".join(str(place) for place in Place if place in action.places)
    flags = " **asks**" if action.dangerous or action.spends else " **writes**" if action.writes else ""
    return f"| {keys} | {command} | `{action.id}` | {where} | {action.description}{flags} |\n"


def _escaped(key: str) -> str:
    return key.replace("|", "\\|")


if __name__ == "__main__":
    print(document_keys(), end="")
