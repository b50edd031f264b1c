"""The registry: one entry feeds everything, keys never clash, read-only strips, the docs do not drift."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.binding import Binding

from batchdeck.errors import ConfigError, UsageError
from batchdeck.tui.actions.bindings import bindings_of
from batchdeck.tui.actions.catalogue import ACTIONS
from batchdeck.tui.actions.commands import completions, read_command
from batchdeck.tui.actions.context import Context, Place
from batchdeck.tui.actions.document import document_keys
from batchdeck.tui.actions.keys import show_key
from batchdeck.tui.actions.registry import Action, Registry
from batchdeck.tui.widgets.key_bar import choose_hints

ROOT = Path(__file__).parents[2]
BUSY = Context(
    Place.BATCHES, rows=9, selected=1, marked=1, in_job=True, cancelable=1, retryable=1, good=1, exported=True
)


def test_every_action_is_named_described_and_reachable() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    for action in ACTIONS:
        assert action.description.endswith(".")
        assert action.keys or action.note, f"{action.id} has no key"
        assert action.command, f"{action.id} cannot be typed"
        assert len(action.title) <= 14


def test_commands_are_one_to_a_screen() -> None:
    registry = Registry(ACTIONS)
    for place in Place:
        names = [action.command for action in registry.at(place) if action.command]
        assert len(set(names)) == len(names)


def test_whatever_spends_or_destroys_asks_first_or_is_itself_a_proposal() -> None:
    for action in ACTIONS:
        if action.dangerous or action.spends:
            assert action.asks_first != action.proposes
    assert {action.id for action in ACTIONS if action.proposes} == {
        "deck.submit",
        "job.retry",
        "plan.confirm",
    }


def test_a_read_only_session_has_none_of_the_actions_that_change_anything() -> None:
    registry = Registry(ACTIONS, read_only=True)
    assert not any(action.dangerous or action.spends or action.writes for action in registry)
    assert registry.is_stripped("batch.cancel")
    assert not registry.is_stripped("list.down")
    assert "batch.cancel" not in {action.id for action in registry.footer(Place.BATCHES)}
    assert "cancel" not in registry.commands(Place.BATCHES)


def test_the_keys_of_a_screen_never_clash() -> None:
    Registry(ACTIONS)  # Refuses clashes.
    twice = [Action("a", "a", "A.", ("x",)), Action("b", "b", "B.", ("x",), frozenset({Place.LOG}))]
    with pytest.raises(ConfigError, match="both a and b"):
        Registry(twice)
    apart = [
        Action("a", "a", "A.", ("x",), frozenset({Place.PAGE})),
        Action("b", "b", "B.", ("x",), frozenset({Place.LOG})),
    ]
    assert len(Registry(apart)) == 2


def test_capital_letters_left_to_sorting_are_known() -> None:
    taken = {key for action in ACTIONS for key in action.keys if key.isupper()}
    assert taken == {"G", "N", "R", "F", "Y"}


def test_keys_can_be_changed_in_the_settings() -> None:
    registry = Registry(ACTIONS, keymap={"batch.cancel": "ctrl+x, K"})
    assert registry["batch.cancel"].keys == ("ctrl+x", "K")
    assert registry.keymap() == {"batch.cancel": "ctrl+x,K"}


@pytest.mark.parametrize(
    ("keymap", "complaint"),
    [
        ({"batch.explode": "x"}, "does not exist"),
        ({"batch.cancel": "hyper+x"}, "is not a key"),
        ({"batch.cancel": "ctrl+shift+x"}, "is not a key"),
        ({"batch.cancel": ""}, "no key"),
        ({"batch.cancel": "q"}, "given to both"),
    ],
)
def test_keys_that_cannot_work_are_refused_with_the_reason(keymap: dict[str, str], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        Registry(ACTIONS, keymap=keymap)


def test_bindings_all_lead_to_the_gate() -> None:
    bindings = bindings_of(ACTIONS, Place.BATCHES, Place.EVERYWHERE)
    assert bindings
    for binding in bindings:
        assert isinstance(binding, Binding)
        assert binding.action == f"screen.act('{binding.id}')"


@pytest.mark.parametrize("place", list(Place))
@pytest.mark.parametrize("width", [20, 40, 78, 118])
def test_the_footer_fits_and_always_offers_help_and_the_way_out(place: Place, width: int) -> None:
    hints = choose_hints(Registry(ACTIONS), Context(place), width)
    assert [action.id for action, _ in hints][-2:] == ["nav.help", "nav.quit"]
    assert sum(cell_len(f"{show_key(action.keys[0])} {action.title}  ") for action, _ in hints) - 2 <= max(
        width, 24
    )


def test_a_footer_of_80_columns_shows_the_whole_job() -> None:
    shown = [action.id for action, _ in choose_hints(Registry(ACTIONS), BUSY, 78)]
    assert shown[:4] == ["list.open", "deck.submit", "job.retry", "job.export"]


def test_what_cannot_be_done_stays_in_the_footer_and_says_why() -> None:
    registry = Registry(ACTIONS)
    idle = Context(Place.BATCHES)
    enabled = {action.id: can for action, can in choose_hints(registry, idle, 118)}
    assert enabled["job.retry"] is False
    assert enabled["deck.submit"] is True
    for action in ACTIONS:
        if action.why_disabled is not None:
            # Some cannot be done while nothing is there, the others while something is under way.
            reason = action.blocked(idle) or action.blocked(replace(idle, working="sending"))
            assert reason[-1] in ".s"


def test_where_there_is_no_batch_no_reason_speaks_of_one() -> None:
    chosen = {"retry", "export", "open", "cancel", "send", "delete"}
    actions = [
        action
        for action in Registry(ACTIONS).at(Place.BATCHES)
        if action.command in chosen and action.group == "Work"
    ]
    assert {action.command for action in actions} == chosen
    assert {action.blocked(Context(Place.BATCHES)) for action in actions} == {"There is no batch yet."}
    hidden = Context(Place.BATCHES, filtered=True)
    assert {action.blocked(hidden) for action in actions} == {"The filter hides every batch: Esc lifts it."}
    elsewhere = Context(Place.BATCHES, rows=1, selected=1)
    assert "made elsewhere" in Registry(ACTIONS)["job.open_export"].blocked(elsewhere)


def test_an_account_that_needs_its_operator_is_the_reason_given() -> None:
    retry = Registry(ACTIONS)["job.retry"]
    held = Context(Place.JOB, retryable=3, held="the credit balance is too low.")
    assert "credit balance" in retry.blocked(held)
    assert retry.blocked(Context(Place.JOB, retryable=3)) == ""


def test_a_command_is_read_by_its_name_or_an_unambiguous_beginning() -> None:
    commands = Registry(ACTIONS).commands(Place.BATCHES)
    assert read_command("sort pages", commands)[0].id == "list.sort"
    assert read_command("sort pages", commands)[1] == "pages"
    assert read_command("canc", commands)[0].id == "batch.cancel"
    assert completions("re", commands) == ["retry", "reconcile", "refresh"]
    assert completions("", commands) == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [("re", "retry, reconcile, refresh"), ("expotr", "no command"), ("cancel now", "takes nothing")],
)
def test_a_command_that_makes_no_sense_says_what_would(line: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as caught:
        read_command(line, Registry(ACTIONS).commands(Place.BATCHES))
    assert caught.value.hint
    if line == "expotr":
        assert caught.value.hint == "Did you mean export?"


def test_the_key_documentation_is_up_to_date() -> None:
    committed = (ROOT / "docs" / "keys.md").read_text(encoding="utf-8")
    assert committed == document_keys(), (
        "docs/keys.md is out of date: python -m batchdeck.tui.actions.document > docs/keys.md"
    )
