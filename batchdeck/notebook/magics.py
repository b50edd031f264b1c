"""``%batchdeck``: the command line's words in a cell, for the objects behind them."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from batchdeck.config import deck_home
from batchdeck.deck import Deck
from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError, UsageError
from batchdeck.notebook.backstage import Backstage
from batchdeck.notebook.decks import decks_of
from batchdeck.notebook.verbs import find_verb
from batchdeck.notebook.words import Words, commands, complete_words, read_words


def register(shell: InteractiveShell) -> None:
    """Let a shell know ``%batchdeck`` and how to complete it. Doing it again changes nothing."""
    if "batchdeck" not in shell.magics_manager.magics["line"]:
        magic: Any = DeckMagic(shell).batchdeck
        shell.register_magic_function(magic, "line", "batchdeck")
        set_hook: Any = shell.set_hook
        set_hook("complete_command", _complete, str_key="%batchdeck")


class DeckMagic:
    """The magic of one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._backstage = Backstage()

    def batchdeck(self, line: str) -> object:
        """Run a command of BatchDeck and return its result: %batchdeck ls, %batchdeck submit papers --yes.

        The words are the command line's (%batchdeck --help). Without --deck it works on the deck that a
        variable of the notebook holds, else on the one of the command line. Whatever spends money or
        destroys takes --yes; without it, a plan is returned and nothing is sent. Without a command it shows
        the dashboard.
        """
        words = read_words(line)
        if words.help:
            print(words.help)
            return None
        verb = find_verb(words, line)
        opening = self._opening(words)

        async def work(deck: Deck) -> object:
            if verb is None:
                return None
            return await verb(deck, words.options, print)

        try:
            result = self._backstage.run(opening.name, opening, work)
        finally:
            self._refresh(opening.path)
        return result if verb is not None else self._backstage.deck(opening.name).dashboard()

    def _opening(self, words: Words) -> _Opening:
        """Return how to open the deck that is meant.

        Raises:
            UsageError: the notebook holds several, and none was named.
        """
        root = dict(words.root)
        environ: dict[str, str] = {}
        decks = decks_of(self._shell)
        paths = {deck.path for deck in decks}
        if root["deck"] is None and len(paths) > 1:
            named = ", ".join(sorted(show(str(path), 80) for path in paths))
            raise UsageError("The notebook holds several decks.", hint=f"Name one with --deck: {named}.")
        own = [deck for deck in decks if root["deck"] is None or deck.path == Path(root["deck"]).absolute()]
        if own:
            reopening, environ = own[0].reopening
            given = {name: value for name, value in root.items() if value}
            root |= read_words(shlex.join(reopening)).root
            root |= given
        return _Opening(root, environ)

    def _refresh(self, path: Path) -> None:
        for deck in decks_of(self._shell):
            if deck.path == path:
                deck.refresh()


class _Opening:
    """How one deck is opened, as often as it takes."""

    def __init__(self, root: dict[str, Any], environ: dict[str, str]) -> None:
        self._root = root
        self._environ = environ
        self.path = deck_home(root["deck"])

    @property
    def name(self) -> object:
        words = ("base_url", "profile", "sandbox", "read_only")
        return (self.path, *(self._root[word] for word in words))

    def __call__(self) -> Awaitable[Deck]:
        return Deck.open(
            self.path,
            sandbox=self._root["sandbox"],
            base_url=self._root["base_url"],
            api_key=self._environ.get("ANTHROPIC_API_KEY"),
            profile=self._root["profile"],
            read_only=self._root["read_only"],
        )


def _complete(shell: InteractiveShell, event: Any) -> list[str]:
    """Return what the word under the cursor may be (IPython's hook)."""
    *words, beginning = event.text_until_cursor.partition("%batchdeck")[2].split(" ")
    decks = decks_of(shell)
    try:
        return complete_words([word for word in words if word], beginning, decks[0] if decks else None)
    except (BatchDeckError, ValueError):
        return list(commands().commands)
