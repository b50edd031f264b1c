"""Messages from templates: plain text by Jinja in a sandbox, the first line the title."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from batchdeck.domain.letters import Message
from batchdeck.domain.resources import template_root
from batchdeck.domain.text import show
from batchdeck.errors import ConfigError

_LONGEST_TITLE = 200
_LONGEST_BODY = 20_000


def shipped_folder() -> Path:
    """Return the folder of the shipped message templates."""
    return template_root() / "notify"


def write_message(name: str, values: Mapping[str, object], folder: Path | None = None) -> Message:
    """Fill in the template of a kind of message.

    Args:
        name: the kind, or ``digest`` or ``test``.
        folder: templates that go before the shipped ones.

    Raises:
        ConfigError: the template cannot be read, or does what it may not; names it and the line.
    """
    own = folder / f"{name}.txt.jinja" if folder is not None else None
    path = own if own is not None and own.is_file() else shipped_folder() / f"{name}.txt.jinja"
    try:
        source = path.read_text(encoding="utf-8")
        text = _environment().from_string(source).render(values)
    except jinja2.TemplateSyntaxError as error:
        raise ConfigError(
            f"{show(str(path), 200)}, line {error.lineno}: {show(str(error.message), 200)}."
        ) from None
    except (
        *(OSError, UnicodeDecodeError, jinja2.TemplateError),
        *(TypeError, ValueError, ArithmeticError, LookupError, AttributeError),
    ) as error:
        raise ConfigError(f"{show(str(path), 200)}: {show(str(error), 200)}.") from None
    title, _, body = text.strip().partition("\n")
    if not title.strip():
        raise ConfigError(
            f"{show(str(path), 200)} makes no text.",
            hint="Its first line is the title, the rest the message.",
        )
    return Message(show(title.strip(), _LONGEST_TITLE), show(body.strip(), _LONGEST_BODY, newlines=True))


def _environment() -> ImmutableSandboxedEnvironment:
    # Plain text: each service escapes it as its own format needs.
    environment = ImmutableSandboxedEnvironment(
        autoescape=False, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["counted"] = _counted
    environment.filters["money"] = _money
    environment.filters["percent"] = _percent
    environment.filters["when"] = _when
    return environment


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _money(usd: float) -> str:
    return f"${usd:,.2f}" if usd >= 0.01 or usd == 0 else f"${usd:.4f}"


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _when(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}"
