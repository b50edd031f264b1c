"""The error tree: every failure an operator can meet, with its title, its hint and its exit code.

::

    BatchDeckError
    ├── UsageError              2    a command, setting or filter that makes no sense
    │   ├── ConfigError         2    a settings file names an unknown or impossible value
    │   ├── FilterError         2    a filter that cannot be read
    │   └── ReadOnlyError       2    the deck was opened read-only
    ├── InputError              3    the source files have problems; nothing was submitted
    │   └── NothingToSubmit     3    no usable page is left after the scan
    ├── DeckError               3    the deck on disk cannot be used as it is
    │   ├── DeckLocked          3    another process holds the lock and did not let go in time
    │   ├── DeckTooNew          3    written by a newer BatchDeck
    │   ├── DeckDamaged         3    a file of the deck does not say what it must
    │   ├── NetworkFileSystem   3    locks cannot be trusted there
    │   ├── StorageFailed       3    disk full or I/O error; the old state still holds
    │   ├── SandboxFailed       3    the sandbox of a sandbox deck did not start, or does not stop
    │   ├── Conflict            3    somebody else has changed or claimed it meanwhile
    │   └── NotFound            3    no such job, batch, page or recipe in this deck
    ├── ApiRefused              4    the API said no, and the same call would be refused again
    │   ├── RequestRefused      4    the request itself is wrong
    │   ├── ApiNotFound         4    404: unknown there, or not yet (new ids answer 404 for a while)
    │   └── AccountHeld         4    credentials, permission, billing or spend limit: the operator acts first
    ├── ApiUnreachable          5    no answer, or none that could be believed
    │   ├── NotSent             5    the request provably never arrived whole: nothing was done
    │   ├── RateLimited         5    429: wait and go on
    │   ├── AcceptanceUnknown   5    a batch may or may not have been made: reconcile before anything else
    │   └── ResultsIncomplete   5    the results stream was cut, torn or does not match; download again
    ├── NotTold                 5    a notification service did not take a message
    └── Interrupted           130    stopped by the operator; goes on where it was

Exit codes are part of the command line's stable contract.
"""

from __future__ import annotations


class BatchDeckError(Exception):
    """A failure with a title (what happened), a message (why) and a hint (what to do next)."""

    title = "BatchDeck could not go on"
    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows instead of a traceback: what happened, why, what to do next."""
        return [f"{self.title}.", f"  {self.message}", *([f"  → {self.hint}"] if self.hint else [])]


class UsageError(BatchDeckError):
    title = "That cannot be done this way"
    exit_code = 2


class ConfigError(UsageError):
    title = "The settings cannot be read"


class FilterError(UsageError):
    """A filter that cannot be read. `position` is where in its text, 0-based."""

    title = "The filter cannot be read"

    def __init__(self, message: str, *, hint: str = "", position: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.position = position


class ReadOnlyError(UsageError):
    title = "This deck was opened read-only"


class InputError(BatchDeckError):
    title = "The input has problems"
    exit_code = 3


class NothingToSubmit(InputError):
    title = "There is nothing to submit"


class DeckError(BatchDeckError):
    title = "The deck cannot be used as it is"
    exit_code = 3


class DeckLocked(DeckError):
    title = "Another process is using the deck"


class DeckTooNew(DeckError):
    title = "The deck was written by a newer BatchDeck"


class DeckDamaged(DeckError):
    title = "A file of the deck is damaged"


class NetworkFileSystem(DeckError):
    title = "The deck lies on a network file system"


class StorageFailed(DeckError):
    title = "The disk did not take the write"


class SandboxFailed(DeckError):
    title = "The sandbox is not there"


class Conflict(DeckError):
    title = "Somebody else was faster"


class NotFound(DeckError):
    title = "There is no such thing in this deck"


class ApiRefused(BatchDeckError):
    """The API's refusal. `status` is the HTTP status, `error_type` the API's own error type, where known.
    `job` is the job whose pages it refused, if any: it is on disk, and they are free again."""

    title = "The API refused"
    exit_code = 4

    def __init__(
        self, message: str, *, hint: str = "", status: int | None = None, error_type: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.error_type = error_type
        self.job = ""


class RequestRefused(ApiRefused):
    title = "The API refused the request"


class ApiNotFound(ApiRefused):
    """404. For an id this deck tracks it may be transient: valid ids have answered 404 for a while."""

    title = "The API does not know it"


class AccountHeld(ApiRefused):
    title = "The account needs you first"


class ApiUnreachable(BatchDeckError):
    """No believable answer. `status` is the HTTP status where one came at all."""

    title = "The API could not be reached"
    exit_code = 5

    def __init__(self, message: str, *, hint: str = "", status: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class NotSent(ApiUnreachable):
    """The last byte of the request never left this process, so the API cannot have acted on it."""

    title = "The request was not sent"


class RateLimited(ApiUnreachable):
    """429. `retry_after` is in seconds, already capped at an hour."""

    title = "The API asks to wait"

    def __init__(
        self, message: str, *, hint: str = "", status: int | None = 429, retry_after: float = 60.0
    ) -> None:
        super().__init__(message, hint=hint, status=status)
        self.retry_after = retry_after


class AcceptanceUnknown(ApiUnreachable):
    title = "It is not known whether the API took the batch"


class ResultsIncomplete(ApiUnreachable):
    title = "The results did not arrive whole"


class NotTold(BatchDeckError):
    title = "A message was not taken"
    exit_code = 5


class Interrupted(BatchDeckError):
    title = "Stopped"
    exit_code = 130
