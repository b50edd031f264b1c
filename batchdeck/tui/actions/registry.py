"""The registry of actions: one entry feeds bindings, footer, palette, command line, help and documentation.

It names actions and never knows who performs them. A performer has a method `act_<id>` (dots as underscores),
or, for an action that asks first, `ask_<id>`, which returns the question together with the deed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from batchdeck.errors import ConfigError
from batchdeck.tui.actions.context import Context, Place
from batchdeck.tui.actions.keys import read_keys, show_keys


@dataclass(frozen=True, slots=True)
class Action:
    """One thing an operator can do."""

    id: str
    title: str
    """One or two words, as the footer shows it."""
    description: str
    """One sentence, as help and the documentation show it."""
    keys: tuple[str, ...] = ()
    """Key names as the terminal library spells them; single characters as they are."""
    places: frozenset[Place] = frozenset({Place.EVERYWHERE})
    group: str = "General"
    """Its heading in help."""
    command: str = ""
    """Its name on the command line, without the colon."""
    takes: str = ""
    """What the command takes after its name, in a word; empty for nothing."""
    footer: int = 0
    """Its turn in the footer, 1 first; 0 keeps it out."""
    dangerous: bool = False
    """Destroys something: asks first."""
    spends: bool = False
    """Costs money: asks first, with the cost."""
    writes: bool = False
    """Changes the deck."""
    reaches_out: bool = False
    """Writes files or sends messages: a read-only session in a browser has to do without it."""
    proposes: bool = False
    """Its question is a screen of its own (what is sent, what it costs), so no dialog comes before it."""
    why_disabled: Callable[[Context], str] | None = None
    """Says why it cannot be done now; an empty text when it can."""
    note: str = ""
    """How it is reached where that is no single key ("Shift+letter")."""

    @property
    def performer(self) -> str:
        """Name of the method that performs it, or that says what to ask before."""
        return ("ask_" if self.asks_first else "act_") + self.id.replace(".", "_")

    @property
    def asks_first(self) -> bool:
        """Whether a dialog with counts and cost comes before it."""
        return (self.dangerous or self.spends) and not self.proposes

    @property
    def needs_write(self) -> bool:
        """Whether a read-only session has to do without it."""
        return self.dangerous or self.spends or self.writes

    @property
    def shown_keys(self) -> str:
        return self.note or show_keys(self.keys)

    def blocked(self, context: Context) -> str:
        """Return why it cannot be done now, or an empty text."""
        return self.why_disabled(context) if self.why_disabled is not None else ""

    def is_at(self, place: Place) -> bool:
        """Whether it can be done at `place`."""
        return not self.places.isdisjoint(place.wider)

    def meets(self, other: Action) -> bool:
        """Whether there is a screen on which both can be done."""
        return any(self.is_at(place) and other.is_at(place) for place in Place)


class Registry:
    """All actions of a session, with the operator's keys, and without those a read-only session has not."""

    def __init__(
        self,
        actions: Iterable[Action],
        *,
        keymap: Mapping[str, str] | None = None,
        read_only: bool = False,
        is_served: bool = False,
    ) -> None:
        """Take `actions`; `keymap` gives other keys by action id (``"batch.cancel": "ctrl+x,K"``).

        `is_served` says that the operator sits at a browser, perhaps on another machine: a read-only session
        does not reach out then.

        Raises:
            ConfigError: the keymap names an unknown action or key, or gives one key to two actions that can
                meet on one screen.
        """
        remapped = _with_keys(list(actions), keymap or {})
        _refuse_clashes(remapped)
        self.read_only = read_only
        self._remapped = {
            action.id: ",".join(action.keys) for action in remapped if action.id in (keymap or {})
        }
        self._stripped = {
            action.id: action
            for action in remapped
            if read_only and (action.needs_write or (is_served and action.reaches_out))
        }
        self._actions = {action.id: action for action in remapped if action.id not in self._stripped}

    def __iter__(self) -> Iterator[Action]:
        return iter(self._actions.values())

    def __len__(self) -> int:
        return len(self._actions)

    def __contains__(self, action_id: object) -> bool:
        return action_id in self._actions

    def __getitem__(self, action_id: str) -> Action:
        return self._actions[action_id]

    def is_stripped(self, action_id: str) -> bool:
        """Whether an action is missing only because the session is read-only."""
        return action_id in self._stripped

    def at(self, place: Place) -> list[Action]:
        """Return the actions of a place in the registry's order."""
        return [action for action in self if action.is_at(place)]

    def footer(self, place: Place) -> list[Action]:
        """Return the actions the footer of a place shows, the most wanted first."""
        return sorted((action for action in self.at(place) if action.footer), key=lambda item: item.footer)

    def commands(self, place: Place) -> dict[str, Action]:
        """Return the actions of a place by their name on the command line."""
        return {action.command: action for action in self.at(place) if action.command}

    def by_group(self, place: Place) -> dict[str, list[Action]]:
        """Return the actions of a place under their headings, both in the registry's order."""
        groups: dict[str, list[Action]] = {}
        for action in self.at(place):
            groups.setdefault(action.group, []).append(action)
        return groups

    def keymap(self) -> dict[str, str]:
        """Return the keys the operator changed, by action id, for the terminal library's own keymap."""
        return dict(self._remapped)


def _with_keys(actions: list[Action], keymap: Mapping[str, str]) -> list[Action]:
    known = {action.id for action in actions}
    for action_id in keymap:
        if action_id not in known:
            raise ConfigError(
                f"The key settings name an action “{action_id}” that does not exist.",
                hint="`batchdeck keys` and the help screen list all actions by name.",
            )
    return [
        replace(action, keys=read_keys(keymap[action.id], action.id)) if action.id in keymap else action
        for action in actions
    ]


def _refuse_clashes(actions: list[Action]) -> None:
    for number, one in enumerate(actions):
        for other in actions[number + 1 :]:
            shared = set(one.keys) & set(other.keys)
            if shared and one.meets(other):
                raise ConfigError(
                    f"The key “{show_keys(sorted(shared))}” is given to both {one.id} and {other.id}.",
                    hint="Give one of them another key in the settings.",
                )
