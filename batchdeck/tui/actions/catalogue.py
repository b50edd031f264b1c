"""Every action of the dashboard: one entry here is seen in footer, palette, commands, help and docs."""

from __future__ import annotations

from batchdeck.tui.actions import context as why
from batchdeck.tui.actions.context import Place
from batchdeck.tui.actions.list_actions import FINDING, LIST, MARKING, MOVES
from batchdeck.tui.actions.registry import Action

_WORK = frozenset({Place.BATCHES, Place.JOB})
_LIVE = frozenset({Place.BATCHES, Place.JOB, Place.LOG})

WORK = (
    Action(
        "deck.submit",
        "submit",
        "Choose a folder of PDFs and submit its pages as batches.",
        ("s",),
        frozenset({Place.BATCHES}),
        "Work",
        "submit",
        "folder",
        footer=10,
        spends=True,
        proposes=True,
    ),
    Action(
        "job.retry",
        "retry",
        "Send failed pages again: the marked ones, or all, each with the change its failure calls for.",
        ("r",),
        frozenset({Place.BATCHES, Place.JOB, Place.PAGE}),
        "Work",
        "retry",
        footer=20,
        spends=True,
        proposes=True,
        why_disabled=why.nothing_to_retry,
    ),
    Action(
        "job.export",
        "export",
        "Write one HTML document for each PDF of the job.",
        ("x",),
        _WORK,
        "Work",
        "export",
        "folder",
        footer=30,
        why_disabled=why.nothing_to_export,
    ),
    Action(
        "job.open_export",
        "open export",
        "Open the exported document.",
        ("o",),
        frozenset({Place.BATCHES, Place.JOB, Place.EXPORT}),
        "Work",
        "open",
        why_disabled=why.not_exported,
    ),
    Action(
        "batch.cancel",
        "cancel",
        "Ask the API to stop working on the selected batches; finished pages are kept.",
        ("c",),
        _WORK,
        "Work",
        "cancel",
        footer=60,
        dangerous=True,
        why_disabled=why.nothing_to_cancel,
    ),
    Action(
        "batch.send",
        "send",
        "Send what was prepared and not sent.",
        places=_WORK,
        group="Work",
        command="send",
        spends=True,
        why_disabled=why.nothing_unsent,
    ),
    Action(
        "batch.reconcile",
        "reconcile",
        "Find out whether the API took the submissions that are in doubt.",
        ("i",),
        frozenset({Place.BATCHES}),
        "Work",
        "reconcile",
        writes=True,
        why_disabled=why.nothing_in_doubt,
    ),
    Action(
        "batch.adopt",
        "adopt",
        "Track a batch that was made elsewhere, or all of the workspace's.",
        ("a",),
        frozenset({Place.BATCHES}),
        "Work",
        "adopt",
        writes=True,
    ),
    Action(
        "batch.delete",
        "delete",
        "Delete the selected batches at the API; what is archived here stays.",
        places=frozenset({Place.BATCHES}),
        group="Work",
        command="delete",
        dangerous=True,
        why_disabled=why.nothing_to_delete,
    ),
)

PROPOSALS = (
    Action(
        "plan.confirm",
        "send",
        "Send what is proposed, at the cost shown.",
        ("y",),
        frozenset({Place.SUBMIT, Place.RETRY}),
        "Work",
        "confirm",
        footer=1,
        spends=True,
        proposes=True,
        why_disabled=why.not_ready,
    ),
    Action(
        "plan.edit",
        "edit",
        "Change what is proposed.",
        ("e",),
        frozenset({Place.SUBMIT, Place.RETRY, Place.EXPORT}),
        "Work",
        "edit",
        footer=2,
    ),
    Action(
        "export.start",
        "export",
        "Write the documents.",
        ("x",),
        frozenset({Place.EXPORT}),
        "Work",
        "export",
        footer=1,
        why_disabled=why.not_ready,
    ),
)

LOOKING = (
    Action(
        "view.failures",
        "failures",
        "Show failed pages only, or all.",
        ("e",),
        frozenset({Place.JOB}),
        "Looking",
        "failures",
        footer=40,
    ),
    Action(
        "view.documents",
        "documents",
        "Show the documents with their tallies, or the pages.",
        ("d",),
        frozenset({Place.JOB}),
        "Looking",
        "documents",
        footer=45,
    ),
    Action("view.refresh", "refresh", "Ask the API now.", ("R",), _LIVE, "Looking", "refresh"),
    Action(
        "view.pause", "pause", "Hold the display still, or let it go on.", ("p",), _LIVE, "Looking", "pause"
    ),
    Action(
        "view.follow",
        "follow",
        "Stay with the newest row, or stop.",
        ("F",),
        frozenset({Place.LOG, Place.JOB}),
        "Looking",
        "follow",
    ),
    Action(
        "page.next",
        "next page",
        "Go to the next page of the list.",
        ("]",),
        frozenset({Place.PAGE}),
        "Looking",
    ),
    Action(
        "page.previous", "page before", "Go to the page before.", ("[",), frozenset({Place.PAGE}), "Looking"
    ),
    Action(
        "page.tab",
        "next view",
        "Show the answer, its HTML, the raw JSON, all attempts, or what is missing.",
        ("tab",),
        frozenset({Place.PAGE}),
        "Looking",
        footer=2,
    ),
    Action(
        "page.tab_back",
        "view before",
        "Show the view before.",
        ("shift+tab",),
        frozenset({Place.PAGE}),
        "Looking",
    ),
    Action(
        "view.log",
        "log",
        "Show what was done and every call to the API.",
        ("@",),
        group="Looking",
        command="log",
    ),
    Action(
        "view.last", "last view", "Go to the screen you came from.", ("-",), group="Looking", command="last"
    ),
)

COPYING = (
    Action(
        "copy.id",
        "copy id",
        "Copy the id of what is under the cursor.",
        ("y",),
        frozenset({Place.BATCHES, Place.JOB, Place.PAGE, Place.LOG}),
        "Copying",
        "copy",
    ),
    Action(
        "copy.rows",
        "copy rows",
        "Copy the marked rows, or the row under the cursor, as text.",
        ("ctrl+y",),
        LIST,
        "Copying",
        "copy-rows",
        why_disabled=why.empty_list,
    ),
    Action(
        "copy.show",
        "show value",
        "Show what would be copied, for the terminal's own selection.",
        ("Y",),
        frozenset({Place.BATCHES, Place.JOB, Place.PAGE, Place.LOG}),
        "Copying",
        "show",
    ),
)

GENERAL = (
    Action(
        "nav.back",
        "back",
        "Undo the innermost state (input, range, filter, marks), then go back.",
        ("escape",),
        command="back",
    ),
    Action(
        "nav.stop",
        "stop",
        "Stop the work under way on this screen where it can go on later.",
        places=frozenset({Place.SUBMIT, Place.RETRY, Place.EXPORT}),
        command="stop",
        why_disabled=why.not_working,
    ),
    Action("nav.command", "command", "Type a command by its name.", (":",)),
    Action("nav.palette", "palette", "Search all actions.", ("ctrl+p",)),
    Action("nav.help", "help", "Show every key of this screen.", ("?",), command="help", footer=90),
    Action(
        "nav.quit",
        "quit",
        "Leave; work in flight goes on where it is.",
        ("q", "ctrl+q"),
        command="quit",
        footer=91,
    ),
)

ACTIONS: tuple[Action, ...] = (
    *WORK,
    *PROPOSALS,
    *MOVES,
    *FINDING,
    *MARKING,
    *LOOKING,
    *COPYING,
    *GENERAL,
)
