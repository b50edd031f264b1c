"""The registry in the command palette (Ctrl+P): every action of the screen, found by any of its words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from batchdeck.tui.actions.gate import Gate
from batchdeck.tui.actions.registry import Action


class ActionProvider(Provider):
    """Finds the actions of the screen the palette was opened on."""

    async def discover(self) -> Hits:
        for action, _ in self._actions():
            yield DiscoveryHit(_name(action), self._command(action), help=self._help(action))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action, words in self._actions():
            score = matcher.match(words)
            if score > 0:
                yield Hit(
                    score, matcher.highlight(_name(action)), self._command(action), words, self._help(action)
                )

    def _actions(self) -> Iterator[tuple[Action, str]]:
        gate = self.screen
        if isinstance(gate, Gate):
            for action in gate.registry.at(gate.place):
                if action.command or action.keys:
                    yield action, f"{_name(action)} {action.id} {action.description}"

    def _command(self, action: Action) -> partial[None]:
        gate = self.screen
        assert isinstance(gate, Gate)
        return partial(gate.perform, action.id)

    def _help(self, action: Action) -> str:
        gate = self.screen
        reason = action.blocked(gate.context()) if isinstance(gate, Gate) else ""
        return f"Not now: {reason}" if reason else action.description


def _name(action: Action) -> str:
    return f"{action.title}   {action.shown_keys}" if action.shown_keys else action.title
