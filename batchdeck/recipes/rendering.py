"""Rendering prompt templates: Jinja in a sandbox, strict about names, plain text out."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Mapping
from functools import lru_cache

import jinja2
from jinja2 import meta, nodes
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
_DEFAULTS = ("default", "d")
"""Filters that put something in the place of a name that is not given."""


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


def check_names(source: str, given: Collection[str], file: str) -> None:
    """Refuse a template that asks for what no request is given, or for another file.

    What is behind `is defined`, or has a `default`, may be missing.

    Raises:
        ConfigError: names the file and what is asked for; it cannot be compiled.
    """
    check_template(source, file)
    tree = _ENVIRONMENT.parse(source)
    if any(meta.find_referenced_templates(tree)):
        raise ConfigError(f"{file}: a prompt is one file; it cannot include or import another one.")
    guarded = {test.node.name for test in tree.find_all(nodes.Test) if isinstance(test.node, nodes.Name)}
    guarded |= {
        one.node.name
        for one in tree.find_all(nodes.Filter)
        if isinstance(one.node, nodes.Name) and one.name in _DEFAULTS
    }
    unknown = meta.find_undeclared_variables(tree) - set(given) - guarded - set(_ENVIRONMENT.globals)
    for name in sorted(unknown):
        near = difflib.get_close_matches(name, given, 1)
        guess = f"Did you mean “{near[0]}”? " if near else ""
        raise ConfigError(
            f"{file}: “{show(name, 80)}” is nothing that it is given.",
            hint=f"{guess}Given: {', '.join(sorted(given))}.",
        )


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
