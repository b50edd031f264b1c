"""An app with good manners: what any Textual app of ours does for its terminal, whatever it shows."""

from __future__ import annotations

import asyncio
import datetime as dt
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from rich.console import RenderableType
from rich.segment import Segments
from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.filter import LineFilter, Monochrome, NoColor
from textual.notifications import SeverityLevel
from textual.screen import Screen

from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError, UsageError
from batchdeck.tui.manners.attention import attention_sequence
from batchdeck.tui.manners.clipboard import clipboard_sequence
from batchdeck.tui.manners.colour import Colourless, ColourMode, theme_name
from batchdeck.tui.manners.crash import crash_lines, save_crash
from batchdeck.tui.manners.outlet import OutletDriver
from batchdeck.tui.manners.pictures import PictureMode
from batchdeck.tui.manners.sinks import SafeLine
from batchdeck.tui.themes import THEMES

_ENDINGS = (signal.SIGTERM, signal.SIGHUP)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class TerminalApp(App[int], inherit_bindings=False):
    """Colours decided once, text made safe, nothing animated, the terminal given back whatever happens."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "help_quit", show=False, system=True)]
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        *,
        environ: Mapping[str, str],
        colours: ColourMode = ColourMode.FULL,
        pictures: PictureMode = PictureMode.BLOCKS,
        bell: bool = False,
        notify: bool = False,
        crash_folder: Path | None = None,
        clock: Callable[[], dt.datetime] = _now,
    ) -> None:
        """Take what was decided about the terminal that `environ` describes.

        `bell` and `notify` say how it may call the operator.
        """
        super().__init__(ansi_color=colours is not ColourMode.FULL)
        self.environ = environ
        self.colours = colours
        self.pictures = pictures
        self.no_color = colours is ColourMode.NONE
        self.animation_level = "none"
        self._may_ring = bell
        self._may_notify = notify
        self._crash_folder = crash_folder
        self._clock = clock
        self._last_words: list[str] = []
        self._safe_line = SafeLine()
        self._colourless = Colourless()
        self._wear(theme_name(colours, environ))

    def _wear(self, name: str) -> None:
        """Put a theme on before anything is drawn, so that the style sheet is worked out once."""
        for theme in THEMES:
            self.register_theme(theme)
        self.set_reactive(App.theme, name)
        self.stylesheet.set_variables(self.get_css_variables())
        dark = self.current_theme.dark
        self.set_class(dark, "-dark-mode", update=False)
        self.set_class(not dark, "-light-mode", update=False)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give our own variables to themes that are not ours."""
        return {
            "deck-muted": "ansi_default",
            "deck-cursor": "ansi_default",
            "deck-line": "ansi_default",
            "deck-box": "ansi_default",
        }

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Clean every line last. Whether colours are dropped is decided here, not by Textual's own reading of
        the environment."""
        kept = [
            line_filter
            for line_filter in super().get_line_filters()
            if not isinstance(line_filter, Monochrome | NoColor)
        ]
        dropping: list[LineFilter] = [self._colourless] if self.colours is ColourMode.NONE else []
        return [*kept, *dropping, self._safe_line]

    # Drawing

    def get_driver_class(self) -> type[Driver]:
        """Draw on a terminal with our own driver, wherever Textual would with its own."""
        chosen = super().get_driver_class()
        if sys.platform == "win32":
            return chosen
        from textual.drivers.linux_driver import LinuxDriver

        from batchdeck.tui.manners.terminal_driver import TerminalDriver

        return TerminalDriver if chosen is LinuxDriver else chosen

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Draw, unless the line has not kept up; then all of the screen is drawn once it has."""
        driver = self._driver
        if renderable is None or not isinstance(driver, OutletDriver) or driver.outlet.takes_frame():
            super()._display(screen, renderable)

    # Telling and copying

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a toast. Never as markup: what is told may hold names and messages from outside."""
        super().notify(
            show(message, 600, newlines=True),
            title=show(title, 100),
            severity=severity,
            timeout=timeout,
            markup=False,
        )

    def notify_error(self, error: BatchDeckError) -> None:
        """Show an error: what happened, why, and what to do next."""
        hint = f"\n{error.hint}" if error.hint else ""
        self.notify(f"{error.message}{hint}", title=error.title, severity="error", timeout=10)

    def copy_to_clipboard(self, text: str) -> None:
        """Offer `text` to the clipboard of the terminal the operator sits at.

        Raises:
            UsageError: it is too long to get there.
        """
        sequence = clipboard_sequence(text, self.environ)
        self._clipboard = text
        self.send(sequence)

    def send(self, sequence: str) -> None:
        """Send the terminal a sequence of our own making, in its turn among what is painted."""
        if sequence and self._driver is not None:
            self._driver.write(sequence)

    def offer(self, text: str, what: str) -> None:
        """Copy `text` and say so, claiming no more than is known: terminals do not answer."""
        try:
            self.copy_to_clipboard(text)
        except UsageError as error:
            self.notify_error(error)
        else:
            self.notify(f"{what}: sent to the terminal's clipboard. Should it not arrive, Y shows it.")

    def open_beside(self, address: str) -> None:
        """Have the browser that is the terminal open an address, relative to its page, in another tab."""
        self.open_url(address)
        self.notify(f"Opened beside this tab: {address}")

    def call_attention(self, title: str, body: str) -> None:
        """Call an operator who looks elsewhere, in the way the settings say."""
        self.send(
            attention_sequence(
                title, body, bell=self._may_ring, notify=self._may_notify, environ=self.environ
            )
        )

    # Leaving

    def on_mount(self) -> None:
        """Give the terminal back also when the process is told to end."""
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        for number in _ENDINGS:
            loop.add_signal_handler(number, self.exit, None, 128 + number)

    def action_help_quit(self) -> None:
        self.notify("q leaves; Esc goes back. Work in flight goes on where it is.")

    def _handle_exception(self, error: Exception) -> None:
        super()._handle_exception(error)
        if isinstance(error, BatchDeckError):
            self._return_code = error.exit_code

    def _fatal_error(self) -> None:
        """End after an error nobody caught, with neither variables nor secrets on the screen."""
        error = sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1]
        error = error or self._exception or RuntimeError("unknown error")
        is_ours = isinstance(error, BatchDeckError)
        report = None if is_ours else save_crash(error, self._clock(), self._crash_folder)
        self._last_words = self._last_words or crash_lines(error, report)
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        """Print what is left to say after the terminal has been given back: plain, safe lines."""
        lines = list(self._last_words)
        for renderable in self._exit_renderables:
            if isinstance(renderable, str):
                lines.append(show(renderable, newlines=True))
            elif isinstance(renderable, Segments):
                text = "".join(segment.text for segment in renderable.segments)
                lines.append(show(text, newlines=True))
        self._exit_renderables.clear()
        self._last_words = []
        text = "".join(f"{line}\n" for line in lines)
        if isinstance(self._driver, OutletDriver):
            self._driver.say_last(text)
        else:
            print(text, end="", file=sys.__stderr__)
