"""The dashboard's colours: a dark and a light theme, and one of each for terminals with 16 colours.

Every colour of the first two is one of the 256 of xterm, so it looks the same with 256 colours and with 16
million; on its background and on the cursor's it has a contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3).
"""

from __future__ import annotations

from textual.theme import Theme


def _full(name: str, *, dark: bool, colours: dict[str, str]) -> Theme:
    return Theme(
        name=name,
        dark=dark,
        primary=colours["accent"],
        secondary=colours["accent"],
        accent=colours["accent"],
        success=colours["good"],
        warning=colours["warn"],
        error=colours["bad"],
        foreground=colours["text"],
        background=colours["ground"],
        surface=colours["ground"],
        panel=colours["raised"],
        boost=colours["raised"],
        variables={
            "deck-muted": colours["muted"],
            "deck-cursor": colours["raised"],
            "deck-line": colours["line"],
            "deck-box": colours["ground"],
            "input-cursor-background": colours["text"],
            "input-cursor-foreground": colours["ground"],
            "input-selection-background": colours["line"],
            "block-cursor-background": colours["raised"],
            "block-cursor-foreground": colours["text"],
            "border": colours["line"],
            "border-blurred": colours["line"],
        },
    )


DARK_COLOURS = {
    "ground": "#121212",
    "raised": "#303030",
    "line": "#585858",
    "text": "#d0d0d0",
    "muted": "#9e9e9e",
    "accent": "#5fafd7",
    "good": "#87af5f",
    "warn": "#d7af5f",
    "bad": "#ff8787",
}
LIGHT_COLOURS = {
    "ground": "#eeeeee",
    "raised": "#dadada",
    "line": "#9e9e9e",
    "text": "#262626",
    "muted": "#585858",
    "accent": "#005f87",
    "good": "#005f00",
    "warn": "#5f5f00",
    "bad": "#870000",
}


def _sixteen(name: str, *, dark: bool, warning: str) -> Theme:
    return Theme(
        name=name,
        dark=dark,
        ansi=True,
        primary="ansi_blue",
        secondary="ansi_cyan",
        accent="ansi_cyan" if dark else "ansi_blue",
        success="ansi_green",
        warning=warning,
        error="ansi_bright_red" if dark else "ansi_red",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        variables={
            "deck-muted": "ansi_default",
            "deck-cursor": "ansi_default",
            "deck-line": "ansi_default",
            "deck-box": "ansi_default",
            "ansi-background": "ansi_black" if dark else "ansi_white",
            "ansi-foreground": "ansi_white" if dark else "ansi_black",
            "input-cursor-background": "ansi_default",
            "input-cursor-foreground": "ansi_default",
            "input-cursor-text-style": "reverse",
            "border": "ansi_default",
            "border-blurred": "ansi_default",
        },
    )


THEMES = (
    _full("batchdeck-dark", dark=True, colours=DARK_COLOURS),
    _full("batchdeck-light", dark=False, colours=LIGHT_COLOURS),
    _sixteen("batchdeck-ansi-dark", dark=True, warning="ansi_yellow"),
    _sixteen("batchdeck-ansi-light", dark=False, warning="ansi_magenta"),
)
