"""The command line `:`: which action a typed line means, and how it could go on."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from batchdeck.domain.text import show
from batchdeck.errors import UsageError
from batchdeck.tui.actions.registry import Action


def read_command(line: str, commands: Mapping[str, Action]) -> tuple[Action, str]:
    """Return the action a typed line names, and what stands after its name.

    A name may be cut short where only one command begins that way.

    Raises:
        UsageError: no command or several go by that name, or it takes nothing and something was given.
    """
    name, _, argument = line.strip().partition(" ")
    known = [name] if name in commands else completions(name, commands)
    if len(known) != 1:
        raise UsageError(
            f"“{show(name, 40)}” could be {', '.join(known)}."
            if known
            else f"There is no command “{show(name, 40)}” here.",
            hint=_hint(name, commands),
        )
    action, argument = commands[known[0]], argument.strip()
    if argument and not action.takes:
        raise UsageError(f"“{known[0]}” takes nothing after its name.", hint=action.description)
    return action, argument


def completions(typed: str, commands: Mapping[str, Action]) -> list[str]:
    """Return the commands that begin with what was typed, in the order of the registry."""
    return [name for name in commands if typed and name.startswith(typed)]


def _hint(name: str, commands: Mapping[str, Action]) -> str:
    near = difflib.get_close_matches(name, commands, n=3)
    return f"Did you mean {' or '.join(near)}?" if near else "? lists the commands of this screen."
