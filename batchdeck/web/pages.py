"""The server's own pages, from `templates/web`, and the files they are made with: all of this machine."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Mapping
from pathlib import Path

import jinja2

from batchdeck.domain.resources import template_root
from batchdeck.errors import UsageError

_FRONT_END = "textual_serve"
MISSING = "The browser needs two more libraries, which are not installed."
INSTALL = "Run: pip install 'batchdeck[web]'"


def render(name: str, **values: object) -> str:
    """Return a page of `templates/web`, everything in it escaped."""
    return _templates().get_template(f"{name}.html.jinja").render(**values)


@functools.cache
def _templates() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(template_root() / "web")
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)


@functools.cache
def assets() -> Mapping[str, tuple[Path, str]]:
    """Return the files the dashboard's page asks for, by name: where each lies, and its type.

    The terminal in the browser is that of the installed textual-serve.

    Raises:
        UsageError: it is not installed.
    """
    found = importlib.util.find_spec(_FRONT_END)
    if found is None or found.origin is None:
        raise UsageError(MISSING, hint=INSTALL)
    static, own = Path(found.origin).parent / "static", template_root() / "web"
    fonts = static / "fonts"
    return {
        "textual.js": (static / "js" / "textual.js", "text/javascript; charset=utf-8"),
        "xterm.css": (static / "css" / "xterm.css", "text/css; charset=utf-8"),
        "upright.ttf": (fonts / "RobotoMono-VariableFont_wght.ttf", "font/ttf"),
        "italic.ttf": (fonts / "RobotoMono-Italic-VariableFont_wght.ttf", "font/ttf"),
        "web.js": (own / "web.js", "text/javascript; charset=utf-8"),
        "web.css": (own / "web.css", "text/css; charset=utf-8"),
    }
