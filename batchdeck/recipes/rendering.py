"""Rendering prompt templates: Jinja in a sandbox, strict about names, plain text out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from batchdeck.domain.text import show
from batchdeck.errors import ConfigError


def _quoted(text: str) -> str:
    """Put a text between double quotes that it cannot leave."""
    return json.dumps(text, ensure_ascii=False)


def _environment() -> ImmutableSandboxedEnvironment:
    # Prompts are plain text for a model: HTML escaping would change what it reads.
    environment = ImmutableSandboxedEnvironment(autoescape=False, undefined=jinja2.StrictUndefined)
    environment.filters["quoted"] = _quoted
    return environment


_ENVIRONMENT = _environment()


@lru_cache(maxsize=32)
def _compiled(source: str) -> jinja2.Template:
    return _ENVIRONMENT.from_string(source)


def check_template(source: str, file: str) -> None:
    """Refuse a template that cannot be compiled.

    Raises:
        ConfigError: names the file and the line.
    """
    try:
        _compiled(source)
    except jinja2.TemplateSyntaxError as error:
        raise ConfigError(f"{file}, line {error.lineno}: {show(str(error.message), 200)}.") from None


def render(source: str, values: Mapping[str, object], file: str) -> str:
    """Return a template filled in, without white space around it.

    Raises:
        ConfigError: it cannot be compiled, names something that does not exist, or does something forbidden.
    """
    check_template(source, file)
    try:
        return _compiled(source).render(values).strip()
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise ConfigError(f"{file}: {show(str(error), 200)}.") from None
