"""The actions of the Page screen: from page to page, what of it is shown, and scrolling it."""

from __future__ import annotations

from batchdeck.tui.actions import context as why
from batchdeck.tui.actions.context import Place
from batchdeck.tui.actions.registry import Action

_PAGE = frozenset({Place.PAGE})

PAGE = (
    Action(
        "page.next",
        "next page",
        "Go to the next page of the job.",
        ("]",),
        _PAGE,
        "Looking",
        footer=3,
        command="next-page",
    ),
    Action(
        "page.previous",
        "page before",
        "Go to the page before.",
        ("[",),
        _PAGE,
        "Looking",
        command="page-before",
    ),
    Action(
        "page.next_failure",
        "next failure",
        "Go to the next page that has failed.",
        ("n",),
        _PAGE,
        "Looking",
        footer=4,
        why_disabled=why.nothing_failed,
        command="next-failure",
    ),
    Action(
        "page.previous_failure",
        "failure before",
        "Go to the failed page before.",
        ("N",),
        _PAGE,
        "Looking",
        why_disabled=why.nothing_failed,
        command="failure-before",
    ),
    Action(
        "page.picture",
        "picture",
        "Show the source page as a picture, or its text layer.",
        ("i",),
        _PAGE,
        "Looking",
        "picture",
        footer=5,
    ),
    Action("page.down", "down", "Scroll down by a line.", ("j", "down"), _PAGE, "Moving", command="down"),
    Action("page.up", "up", "Scroll up by a line.", ("k", "up"), _PAGE, "Moving", command="up"),
    Action(
        "page.page_down",
        "screen down",
        "Scroll down by a screenful.",
        ("space", "pagedown", "ctrl+d"),
        _PAGE,
        "Moving",
        command="page-down",
    ),
    Action(
        "page.page_up",
        "screen up",
        "Scroll up by a screenful.",
        ("pageup", "ctrl+u"),
        _PAGE,
        "Moving",
        command="page-up",
    ),
    Action("page.top", "top", "Scroll to the beginning.", ("g", "home"), _PAGE, "Moving", command="top"),
    Action("page.bottom", "bottom", "Scroll to the end.", ("G", "end"), _PAGE, "Moving", command="bottom"),
    Action(
        "page.side",
        "other side",
        "Scroll the other side from now on: source or answer.",
        ("h", "l", "left", "right"),
        _PAGE,
        "Moving",
        command="side",
    ),
    Action(
        "page.tab",
        "next view",
        "Show the answer, its HTML, the raw JSON, all attempts, or what is missing.",
        ("tab",),
        frozenset({Place.PAGE}),
        "Looking",
        footer=2,
        command="view",
    ),
    Action(
        "page.tab_back",
        "view before",
        "Show the view before.",
        ("shift+tab",),
        frozenset({Place.PAGE}),
        "Looking",
        command="view-before",
    ),
)
