"""The actions about money: what was paid, and a better estimate of what will be."""

from __future__ import annotations

from batchdeck.tui.actions import context as why
from batchdeck.tui.actions.context import Place
from batchdeck.tui.actions.registry import Action

MONEY = (
    Action(
        "view.costs",
        "costs",
        "Show what was paid, against the estimate and against real time; on a job, what that job has cost.",
        ("m",),
        group="Looking",
        command="costs",
    ),
    Action(
        "costs.by",
        "group by",
        "Group costs by the next of job, recipe, day and model; in a job by document, model and day.",
        ("b",),
        frozenset({Place.COSTS}),
        "Looking",
        "by",
        "what",
        footer=2,
        why_disabled=why.empty_list,
    ),
    Action(
        "plan.count",
        "count tokens",
        "Count the tokens of a few pages at the API for a better estimate; it costs nothing.",
        ("t",),
        frozenset({Place.SUBMIT}),
        "Work",
        "count",
        footer=5,
        why_disabled=why.not_ready,
    ),
)
