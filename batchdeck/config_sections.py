"""The settings themselves: one frozen section per table of the settings file, each value with its meaning.

The text after each value is its documentation: docs/settings.md is made from it. How values are read, and
which source beats which, is in `batchdeck.config`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args

from batchdeck.domain.secret import Secret

T = TypeVar("T")


def setting(
    default: T,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    above: float | None = None,
) -> T:
    """Declare a value with its default and its allowed range; the range holds for numbers that are given."""
    limits = {"at_least": at_least, "at_most": at_most, "above": above}
    value: T = field(default=default, metadata={k: v for k, v in limits.items() if v is not None})
    return value


def table(factory: Callable[[], T]) -> T:
    """Declare a value that is a table or a list, with what makes its default."""
    value: T = field(default_factory=factory)
    return value


@dataclass(frozen=True, slots=True)
class Api:
    """Which endpoint is spoken to, and as whom. A key itself never stands in a settings file."""

    base_url: str | None = setting(None)
    """The API's address; by default `ANTHROPIC_BASE_URL`, else the official one."""
    key_file: str | None = setting(None)
    """A file that holds the key alone and that only you can read (mode 0600); goes before the keyring,
    which goes before the environment."""
    profile: str | None = setting(None)
    """A profile of the Anthropic configuration, for those who have several workspaces."""
    workspace_id: str | None = setting(None)
    """The workspace, for credentials that span several."""
    trusted_hosts: str | None = setting(None)
    """Public hosts, separated by commas, to which a key may go without TLS all the same."""


@dataclass(frozen=True, slots=True)
class Polling:
    """How often the API is asked whether batches have ended."""

    floor_seconds: float = setting(10.0, at_least=0.1, at_most=3600)
    """Shortest pause between two questions about one batch."""
    ceiling_seconds: float = setting(600.0, at_least=0.1, at_most=86_400)
    """Longest pause, once the first question has been asked."""
    jitter: float = setting(0.2, at_least=0, at_most=1)
    """Share by which pauses vary, so that several decks do not ask in step."""
    history: int = setting(200, at_least=0, at_most=10_000)
    """How many of the newest ended batches the first question and the estimated end are based on."""


@dataclass(frozen=True, slots=True)
class Reconcile:
    """How a submission is settled when it is not known whether the API took it."""

    quiet_seconds: float = setting(900.0, at_least=0, at_most=86_400)
    """How long after sending a batch may still turn up at the API before it is called absent."""
    exclusive_workspace: bool = setting(False)
    """Whether nobody but this deck makes batches in the workspace: then the only batch that could be it is
    adopted at once, instead of when it has ended."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one batch, one page and one worker process may take. Sizes are in bytes."""

    batch_requests: int = setting(100_000, at_least=1, at_most=100_000)
    """Most requests in one batch. The API allows 100,000."""
    batch_bytes: int = setting(256_000_000, at_least=1_000, at_most=268_435_456)
    """Largest body of one batch. The API allows 256 MB."""
    request_bytes: int = setting(32_000_000, at_least=1_000, at_most=33_554_432)
    """Largest single request. The API allows 32 MB."""
    queued_requests: int | None = setting(200_000, at_least=1)
    """Most requests that the workspace may have waiting at the API: a batch that would pass it waits. By
    the organisation's tier; `"none"` for no such wait."""
    stagger_seconds: float = setting(0.0, at_least=0, at_most=86_400)
    """Pause between two batches of one submission."""
    page_bytes: int = setting(8_000_000, at_least=1_000, at_most=25_165_824)
    """A page larger than this as a PDF of its own is sent as an image instead."""
    scan_seconds: float = setting(60.0, above=0, at_most=3600)
    """How long one source file may take to scan."""
    memory_bytes: int = setting(1_073_741_824, at_least=268_435_456)
    """Memory one worker process may use."""
    max_pages_per_document: int = setting(10_000, at_least=1)
    """A source file with more pages than this is left out, with that reason."""
    max_rows_per_file: int = setting(1_000_000, at_least=1)
    """A file of rows or requests with more of them than this is left out, with that reason."""


@dataclass(frozen=True, slots=True)
class Fidelity:
    """When an answer counts as failed, or as worth a look, by the words of the PDF's own text layer.
    Shares run from 0 to 1."""

    recall_fail: float = setting(0.80, at_least=0, at_most=1)
    """An answer with a smaller share of the page's words has failed."""
    precision_fail: float = setting(0.50, at_least=0, at_most=1)
    """An answer of whose words a smaller share is on the page has failed."""
    recall_warn: float = setting(0.90, at_least=0, at_most=1)
    """An answer with a smaller share of the page's words is worth a look."""
    precision_warn: float = setting(0.85, at_least=0, at_most=1)
    """An answer of whose words a smaller share is on the page is worth a look."""
    missing_run: int = setting(20, at_least=3)
    """From this many consecutive missing words on, an answer is worth a look."""
    trust_agreement: float = setting(0.85, at_least=0, at_most=1)
    """A text layer counts only where two independent readers of it agree on this share of its words."""
    trust_words: int = setting(30, at_least=1)
    """A text layer with fewer words proves nothing."""


@dataclass(frozen=True, slots=True)
class Money:
    """Caps on what may be spent, in US dollars by the estimate. `"none"` means no cap."""

    max_cost_per_submission: float | None = setting(None, at_least=0)
    """Refuse a submission or retry whose estimate is higher."""
    max_cost_per_day: float | None = setting(None, at_least=0)
    """Refuse what would bring this deck over it within a day (in UTC)."""
    max_cost_per_deck: float | None = setting(None, at_least=0)
    """Refuse what would bring all of this deck over it."""
    prices: str | None = setting(None)
    """A price list of your own instead of the shipped one: a TOML file of the same form. It goes before one
    that was installed with `batchdeck prices --replace`."""
    count_pages: int = setting(5, at_least=1, at_most=10)
    """How many pages are counted for an estimate (`--count`). Counting is free; each page is a call."""


@dataclass(frozen=True, slots=True)
class Realtime:
    """Pages that are answered at once, at the full price."""

    auto_pages: int = setting(10, at_least=0, at_most=10_000)
    """With `--mode auto`, a document of at most this many pages goes out in real time."""
    concurrency: int = setting(8, at_least=1, at_most=256)
    """Most requests under way at once. It begins with four, and follows what the API says of its limits."""
    fallback: bool = setting(False)
    """Whether pages go out in real time without asking when the API refuses their batch for a reason that is
    not the account's."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """Small first: when the next rung of a job is sent by itself."""

    most_failures: float = setting(0.1, at_least=0, at_most=1)
    """Share of a rung's pages that may have failed."""
    least_recall: float = setting(0.9, at_least=0, at_most=1)
    """Share of the text layers' words that a rung's answers have to hold on average."""
    most_cost: float = setting(2.0, above=0)
    """How many times the estimate a rung's pages may cost."""
    trial: bool = setting(True)
    """Whether one page is asked in real time before the first batch: the API checks the parameters of a
    batch's requests only while it runs. Its answer is kept like any other."""


@dataclass(frozen=True, slots=True)
class Workers:
    """The processes that scan, split and judge."""

    count: int | None = setting(None, at_least=1, at_most=1024)
    """How many; `"none"` means one per core."""


@dataclass(frozen=True, slots=True)
class Interface:
    """The dashboard."""

    colour: Literal["auto", "full", "ansi", "none"] = setting("auto")
    """`full` for 24-bit colour, `ansi` for the terminal's own 16, `none` for none. `auto` goes by the
    terminal, and by NO_COLOR where that is set and not empty."""
    pictures: Literal["auto", "kitty", "blocks"] = setting("auto")
    """How the page screen shows a page: `kitty` in its own pixels, `blocks` in half blocks. `auto` takes
    `kitty` where TERM says that the terminal is Kitty or Ghostty; inside tmux, `kitty` needs
    `allow-passthrough on`."""
    mouse: bool = setting(True)
    """Whether the mouse is used. Without it, the terminal selects text as usual."""
    bell: bool = setting(False)
    """Whether the terminal's bell rings when a job has ended or something needs a hand."""
    notify: bool = setting(True)
    """Whether the terminal is asked to show a notification on the same occasions."""
    keys: Mapping[str, str] = table(dict)
    """Other keys for actions: the action's name to its keys, separated by commas."""


@dataclass(frozen=True, slots=True)
class Export:
    """What an export looks like unless asked otherwise."""

    template: str = setting("document")
    """Name of a shipped template, or a folder with one of your own."""
    figures: Literal["embed", "files"] = setting("embed")
    """Whether figures are part of the HTML file or files beside it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is done without asking, by the process that polls, when all batches of a job have ended."""

    auto_retry: bool = setting(False)
    """Whether failed pages are sent again with the change their cause calls for. Never sent unasked: pages
    for which the account or the request has to be mended, canceled ones, and failures that are unknown."""
    auto_retry_attempts: int = setting(3, at_least=2, at_most=20)
    """How often a page is sent at most, its first time included."""
    auto_retry_usd: float = setting(5.0, at_least=0)
    """Most dollars that unasked retries may cost within a day (in UTC), and likewise for one job."""
    auto_export: str | None = setting(None)
    """A folder into which a job is exported when nothing of it is left to do, and again after changes; each
    job into a folder of its own. A relative path begins at the deck."""
    auto_export_template: str | None = setting(None)
    """The template for it, instead of `export.template`."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """A folder whose new PDFs are submitted without asking, by the process that polls."""

    folder: str | None = setting(None)
    """The folder. A relative path begins at the deck. Stands in the deck's own file: from the user's, every
    deck would serve it."""
    recipe: str = setting("pdf-to-html")
    """What to ask of each page."""
    model: str | None = setting(None)
    """The model, instead of the recipe's."""
    max_cost_per_file: float | None = setting(None, at_least=0)
    """A file whose estimate in dollars is higher is put with the problems."""
    max_cost_per_day: float = setting(20.0, at_least=0)
    """Most dollars that the inbox may spend within a day (in UTC); what does not fit waits."""
    done: Literal["move", "mark"] = setting("move")
    """`move` puts files into `done` and `problems` inside the folder; `mark` leaves the folder as it is."""
    settle_seconds: float = setting(5.0, at_least=0.1, at_most=86_400)
    """How long a file must have kept its size and time before it is taken."""
    rescan_seconds: float = setting(60.0, at_least=1, at_most=86_400)
    """How often the folder is looked over, besides when the system tells of a change."""


Told = Literal[
    "batch_ended",
    "job_complete",
    "failures_over_share",
    "results_at_risk",
    "account_held",
    "gate_failed",
    "submission_in_doubt",
    "inbox_problem",
    "standing_order_held",
]
"""What people can be told of."""


@dataclass(frozen=True, slots=True)
class Notify:
    """Telling people what happens while nobody looks: by mail, push, chat or webhook (docs/unattended.md)."""

    urls: tuple[Secret, ...] = setting(())
    """Where messages go: [Apprise](https://github.com/caronc/apprise/wiki) addresses. They hold passwords and
    tokens, and are better kept in `urls_file`, or in the environment, separated by spaces."""
    urls_file: str | None = setting(None)
    """A file with such addresses, one a line, that only you can read (mode 0600)."""
    on: tuple[Told, ...] = setting(get_args(Told))
    """Which of these things are told."""
    failure_share: float = setting(0.1, at_least=0, at_most=1)
    """A batch of whose pages a greater share has failed is told of as `failures_over_share`."""
    quiet_hours: str | None = setting(None)
    """When nobody is to be disturbed, like `22:00-07:00`: messages wait and come as one digest afterwards,
    but for `results_at_risk` and `account_held`."""
    time_zone: str | None = setting(None)
    """The time zone of `quiet_hours` and of times in messages, like `Europe/Berlin`; by default UTC."""
    templates: str | None = setting(None)
    """A folder with message templates of your own; those it lacks are the shipped ones."""
    link_base: str | None = setting(None)
    """The address under which those who get messages see the deck's `exports` folder, like
    `https://files.example.org/exports`. Without it, messages name host and path, and how to copy it."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Watching while nobody looks: what `batchdeck watch` writes down, and when it counts as gone."""

    log: str | None = setting(None)
    """A file to which `watch` writes what happens, one JSON object a line; `-` is its standard output."""
    log_bytes: int = setting(10_000_000, at_least=10_000)
    """A log that grows beyond this is put aside, and a new one begun."""
    log_files: int = setting(5, at_least=1, at_most=100)
    """How many logs put aside are kept."""
    stale_seconds: float = setting(1_800.0, at_least=10, at_most=604_800)
    """`watch --status` says that nobody polls when a round is later than this; with `watch --once` from cron,
    when the last one is longer ago."""


SECTIONS: Mapping[str, type[Any]] = {
    "api": Api,
    "polling": Polling,
    "reconcile": Reconcile,
    "limits": Limits,
    "fidelity": Fidelity,
    "money": Money,
    "realtime": Realtime,
    "ladder": Ladder,
    "workers": Workers,
    "interface": Interface,
    "export": Export,
    "standing": Standing,
    "inbox": Inbox,
    "notify": Notify,
    "watch": Watch,
}
"""The tables of a settings file, in the order in which they are documented."""
