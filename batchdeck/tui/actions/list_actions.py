"""The actions that every list has: moving, finding, marking."""

from __future__ import annotations

from batchdeck.tui.actions import context as why
from batchdeck.tui.actions.context import Place
from batchdeck.tui.actions.registry import Action

LIST = frozenset({Place.LIST})

MOVES = (
    Action("list.down", "down", "Go to the next row.", ("j", "down"), LIST, "Moving", command="down"),
    Action("list.up", "up", "Go to the row before.", ("k", "up"), LIST, "Moving", command="up"),
    Action("list.top", "top", "Go to the first row.", ("g", "home"), LIST, "Moving", "top"),
    Action("list.bottom", "bottom", "Go to the last row.", ("G", "end"), LIST, "Moving", "bottom"),
    Action(
        "list.page_down",
        "page down",
        "Go one page down.",
        ("pagedown", "ctrl+d"),
        LIST,
        "Moving",
        command="page-down",
    ),
    Action(
        "list.page_up", "page up", "Go one page up.", ("pageup", "ctrl+u"), LIST, "Moving", command="page-up"
    ),
    Action(
        "list.left", "left", "Scroll the columns to the left.", ("h", "left"), LIST, "Moving", command="left"
    ),
    Action(
        "list.right",
        "right",
        "Scroll the columns to the right.",
        ("l", "right"),
        LIST,
        "Moving",
        command="right",
    ),
    Action(
        "list.open",
        "open",
        "Go into the row under the cursor.",
        ("enter",),
        LIST,
        "Moving",
        footer=1,
        why_disabled=why.empty_list,
        command="enter",
    ),
)

FINDING = (
    Action(
        "list.filter",
        "filter",
        "Show only rows that hold a text; begin it with ! for those that do not.",
        ("/",),
        LIST,
        "Finding",
        command="filter",
        takes="text",
        footer=50,
    ),
    Action(
        "list.next_match",
        "next match",
        "Go to the next row that holds the text searched for.",
        ("n",),
        LIST,
        "Finding",
        why_disabled=why.no_pattern,
        command="next-match",
    ),
    Action(
        "list.previous_match",
        "previous match",
        "Go to the row before that holds the text searched for.",
        ("N",),
        LIST,
        "Finding",
        why_disabled=why.no_pattern,
        command="previous-match",
    ),
    Action(
        "list.sort",
        "sort",
        "Sort by the column whose underlined letter is typed with Shift, or whose heading is clicked; again "
        "turns the order round.",
        places=LIST,
        group="Finding",
        command="sort",
        takes="column",
        note="Shift+letter",
    ),
    Action("list.unsort", "unsort", "Go back to the order of the list.", ("=",), LIST, "Finding", "unsort"),
    Action(
        "list.wide",
        "all columns",
        "Show all columns, or only those that fit.",
        ("w",),
        LIST,
        "Finding",
        "wide",
    ),
)

MARKING = (
    Action(
        "list.mark",
        "mark",
        "Mark or unmark the row.",
        ("space",),
        LIST,
        "Marking",
        why_disabled=why.empty_list,
        command="mark",
    ),
    Action(
        "list.range",
        "range",
        "Begin a range at the row; again marks all rows up to the cursor.",
        ("v",),
        LIST,
        "Marking",
        why_disabled=why.empty_list,
        command="range",
    ),
    Action(
        "list.mark_all",
        "mark all",
        "Mark all rows shown.",
        ("*",),
        LIST,
        "Marking",
        "mark-all",
        why_disabled=why.empty_list,
    ),
    Action(
        "list.clear_marks",
        "clear marks",
        "Unmark all rows.",
        ("\\",),
        LIST,
        "Marking",
        "clear-marks",
        why_disabled=why.no_marks,
    ),
)
