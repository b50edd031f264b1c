"""Bindings made from the registry, in the terminal library's own form."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingType

from batchdeck.tui.actions.context import Place
from batchdeck.tui.actions.registry import Action


def bindings_of(actions: Iterable[Action], *places: Place) -> list[BindingType]:
    """Return the bindings of the actions that are at home in any of `places`.

    All of them run the screen's `action_act` with the action's id, so that every way to an action passes one
    gate.
    """
    return [
        Binding(key, f"screen.act('{action.id}')", action.title, show=False, id=action.id)
        for action in actions
        for key in action.keys
        if action.places & set(places)
    ]
