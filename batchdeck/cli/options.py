"""The options that several commands share, and how their values are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from batchdeck.domain.batches import Mode
from batchdeck.domain.outcomes import Outcome
from batchdeck.domain.text import show
from batchdeck.errors import UsageError

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Recipe = Annotated[str, typer.Option("--recipe", "-r", help="What to ask: a recipe's name, or its folder.")]
Model = Annotated[str | None, typer.Option("--model", "-m", help="Model. [default: the recipe's]")]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", min=1, help="Longest answer, in tokens.")]
MaxCost = Annotated[float | None, typer.Option("--max-cost", min=0, help="Refuse to spend more, in dollars.")]
Password = Annotated[list[str] | None, typer.Option("--password", help="Password to try on encrypted files.")]
PasswordsFile = Annotated[
    Path | None, typer.Option("--passwords-file", help="File of passwords to try, one a line.")
]
Pages = Annotated[str | None, typer.Option("--pages", help="Pages of each document, like 1-5,8.")]
Count = Annotated[
    bool, typer.Option("--count", help="Count a few pages at the API (free) for a better estimate.")
]
Again = Annotated[bool, typer.Option("--again", help="Also documents that were submitted before.")]
Paths = Annotated[list[str], typer.Argument(help="Files and folders of them.", metavar="PATH...")]
SendMode = Annotated[
    Mode | None,
    typer.Option(
        "--mode",
        help="batch: half price. realtime: at once, full price. auto: short documents at once. "
        "[default: batch]",
    ),
]

Ladder = Annotated[
    str | None,
    typer.Option("--ladder", help="Small first: how many pages each rung samples, like 2,6,52,rest."),
]


def read_outcomes(names: list[str] | None) -> frozenset[Outcome]:
    """Read outcomes as typed.

    Raises:
        UsageError: one of them is none.
    """
    found = set()
    for name in names or []:
        try:
            found.add(Outcome(name.lower().replace("-", "_")))
        except ValueError:
            known = ", ".join(outcome.value for outcome in Outcome)
            raise UsageError(f"“{show(name, 40)}” is not an outcome.", hint=f"They are: {known}.") from None
    return frozenset(found)


def typed_in(context: typer.Context) -> frozenset[str]:
    """Return the names of a command's parameters that stand on its line; the others have their defaults."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return frozenset(name for name, source in sources.items() if source and source.name == "COMMANDLINE")
