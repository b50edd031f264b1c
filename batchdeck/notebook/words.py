"""The command line's words as a magic gets them: read by the command line's own parser, completed from it."""

from __future__ import annotations

import functools
import glob
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperArgument, TyperGroup, TyperOption
from typer.exceptions import TyperException

from batchdeck.cli.app import app, hoist_root_options
from batchdeck.cli.options import typed_in
from batchdeck.deck import Deck, export_templates, known_recipes
from batchdeck.domain.batches import Mode
from batchdeck.domain.outcomes import Outcome
from batchdeck.errors import UsageError


@dataclass(frozen=True, slots=True)
class Words:
    """One line, read."""

    root: Mapping[str, Any]
    """The options that come before any command, by parameter."""
    command: str
    """Empty for none."""
    options: Mapping[str, Any]
    """The command's own parameters."""
    typed: frozenset[str] = frozenset()
    """Which of those stand in the line; the others have their defaults."""
    rest: tuple[str, ...] = ()
    """Words after the name of a command that has commands of its own."""
    help: str = ""
    """What to print instead of doing anything, where help or the version was asked for."""


@functools.cache
def commands() -> TyperGroup:
    """Return the command line's root with all its commands."""
    from batchdeck.__main__ import load_commands

    load_commands()
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    return root


def read_words(line: str) -> Words:
    """Read a line as the command line would.

    Raises:
        UsageError: the line makes no sense to it.
    """
    try:
        front, name, rest = _split(hoist_root_options(shlex.split(line)))
        if {"--help", "-h", "--version"} & set(front) or (name and {"--help", "-h"} & set(rest)):
            return Words({}, name, {}, help=_help(name))
        root, _ = _parse(commands(), "batchdeck", front)
        if not name:
            return Words(root, "", {})
        command = commands().commands.get(name)
        if command is None:
            known = ", ".join(commands().commands)
            raise UsageError(f"There is no command “{name}”.", hint=f"There are: {known}.")
        if isinstance(command, TyperGroup):
            return Words(root, name, {}, rest=tuple(rest))
        options, typed = _parse(command, name, rest)
        return Words(root, name, options, typed)
    except (TyperException, ValueError) as error:
        message = str(getattr(error, "message", error))
        raise UsageError(message, hint="%batchdeck --help shows the commands and their options.") from None


def _parse(command: Any, name: str, words: list[str]) -> tuple[dict[str, Any], frozenset[str]]:
    """Return a command's parameters, and the names of those that were typed."""
    with command.make_context(name, words) as context:
        return dict(context.params), typed_in(context)


def _split(words: list[str]) -> tuple[list[str], str, list[str]]:
    """Return the root's options, the command's name and its words."""
    takes_value = {
        name for param in commands().params for name in param.opts if not getattr(param, "is_flag", False)
    }
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in takes_value else 1
    return words[:at], words[at] if at < len(words) else "", words[at + 1 :]


def _help(name: str) -> str:
    command = commands().commands.get(name) if name else commands()
    if command is None:
        raise UsageError(f"There is no command “{name}”.")
    return command.get_help(typer.Context(command, info_name=f"batchdeck {name}".strip(), color=False))


# Completion

_VALUES: Mapping[str, Callable[[], Iterable[str]]] = {
    "--outcome": lambda: [outcome.value for outcome in Outcome],
    "--mode": lambda: [mode.value for mode in Mode],
    "--recipe": lambda: [recipe.name for recipe in known_recipes()],
    "--template": lambda: [template.name for template in export_templates()],
    "--figures": lambda: ["embed", "files"],
}
_FILES = frozenset({"PATH...", "FILE...", "--deck", "--out", "--file", "--passwords-file", "--faults"})


def complete_words(words: Sequence[str], beginning: str, deck: Deck | None) -> list[str]:
    """Return what the word that begins so may be, after these words.

    Args:
        words: those before it, without the magic's name.
        deck: where jobs and batches are looked for.
    """
    return sorted({word for word in _candidates(words, beginning, deck) if word.startswith(beginning)})


def _candidates(words: Sequence[str], beginning: str, deck: Deck | None) -> Iterable[str]:
    _, name, _ = _split(hoist_root_options(words))
    command = commands().commands.get(name)
    params = [*commands().params, *(command.params if command is not None else ())]
    last = words[-1] if words else ""
    for param in params:
        if isinstance(param, TyperOption) and last in param.opts and not param.is_flag:
            return _values(max(param.opts, key=len), beginning)
    if beginning.startswith("-"):
        options = [param for param in params if isinstance(param, TyperOption)]
        return [name for option in options for name in (*option.opts, *option.secondary_opts)]
    if command is None:
        return commands().commands
    metavars = {str(param.metavar) for param in params if isinstance(param, TyperArgument)}
    if metavars & _FILES:
        return _files(beginning)
    return _named(metavars, deck) if deck is not None else ()


def _values(option: str, beginning: str) -> Iterable[str]:
    if option in _FILES:
        return _files(beginning)
    return _VALUES.get(option, tuple)()


def _files(beginning: str) -> Iterable[str]:
    found = glob.glob(glob.escape(beginning) + "*")
    return [f"{path}/" if Path(path).is_dir() else path for path in found]


def _named(metavars: set[str], deck: Deck) -> Iterable[str]:
    names: list[str] = []
    if metavars & {"JOB", "JOB_OR_BATCH"}:
        names += [name for job in deck.jobs() for name in (job.id, job.name)]
    if metavars & {"BATCH", "BATCH...", "JOB_OR_BATCH"}:
        names += [row.id for row in deck.batches() if row.id]
    return [shlex.quote(name) for name in names]
