"""Every action of the dashboard: one entry here is seen in footer, palette, commands, help and docs."""

from __future__ import annotations

from batchdeck.tui.actions import context as why
from batchdeck.tui.actions.context import Place
from batchdeck.tui.actions.list_actions import FINDING, LIST, MARKING, MOVES
from batchdeck.tui.actions.money_actions import MONEY
from batchdeck.tui.actions.page_actions import PAGE
from batchdeck.tui.actions.registry import Action

_WORK = frozenset({Place.BATCHES, Place.JOB})
_PAGE = frozenset({Place.PAGE})
_COPYABLE = frozenset({Place.BATCHES, Place.JOB, Place.PAGE, Place.EXPORT, Place.LOG, Place.COSTS})
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
        "Say where the exported documents are, and copy the path; in a browser, open them.",
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
        keys=("u",),
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
        keys=("d",),
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
        why_disabled=why.working,
    ),
    Action(
        "plan.folder",
        "folder",
        "Choose another folder or file to look at.",
        ("f",),
        frozenset({Place.SUBMIT}),
        "Work",
        "folder",
        "path",
        footer=3,
        why_disabled=why.working,
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
    Action(
        "view.calls",
        "calls",
        "Show the calls this process has made to the API, or the audit log.",
        ("tab", "shift+tab"),
        frozenset({Place.LOG}),
        "Looking",
        "calls",
        footer=2,
    ),
    Action(
        "deck.doctor",
        "check",
        "Check key, endpoint, clock, disk and the deck's files.",
        keys=("t",),
        places=frozenset({Place.BATCHES}),
        group="Looking",
        command="doctor",
    ),
    Action(
        "deck.tell",
        "test message",
        "Send a test message to everybody who is told of things.",
        keys=("b",),
        places=frozenset({Place.BATCHES}),
        group="Looking",
        command="notify-test",
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
        _COPYABLE,
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
        _COPYABLE,
        "Copying",
        "show",
    ),
)

GENERAL = (
    Action(
        "nav.back",
        "back",
        "Undo the innermost state (input, range, filter, marks), then go back. While the screen's own work "
        "is under way it asks first: y stops the work, Esc or n leaves it going on.",
        ("escape",),
        command="back",
    ),
    Action(
        "nav.stop",
        "stop",
        "Stop the work under way on this screen; what is done stays, and the same again goes on from there.",
        ("c",),
        frozenset({Place.SUBMIT, Place.RETRY, Place.EXPORT}),
        "Work",
        "stop",
        footer=4,
        why_disabled=why.not_working,
    ),
    Action("nav.command", "command", "Type a command by its name.", (":",), command="command"),
    Action("nav.palette", "palette", "Search all actions.", ("ctrl+p",), command="palette"),
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
    *PAGE,
    *MONEY,
    *COPYING,
    *GENERAL,
)
