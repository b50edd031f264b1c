"""The price list in use: which file it is, and replacing it. What is in one: `batchdeck.domain.costs`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from batchdeck.config import SHIPPED_PRICES, Settings, load_prices, user_settings_folder
from batchdeck.config_files import is_anything_at
from batchdeck.domain.costs import PriceList
from batchdeck.domain.price_changes import PriceChange, compare_prices
from batchdeck.domain.text import show
from batchdeck.errors import ConfigError, StorageFailed, UsageError

FILE_NAME = "prices.toml"


@dataclass(frozen=True, slots=True)
class PricesReplaced:
    """What replacing the price list came to."""

    file: Path
    """The list in use now."""
    backup: Path | None
    """Where the one before is kept; None where that was the shipped one."""
    changes: tuple[PriceChange, ...]
    is_older: bool
    """Whether the new list was looked up earlier than the one before."""


def price_file(settings: Settings) -> Path:
    """Return the price list in use: the settings' own, else the installed one, else the shipped one."""
    if settings.money.prices:
        return Path(settings.money.prices).expanduser()
    installed = user_settings_folder() / FILE_NAME
    return installed if is_anything_at(installed) else SHIPPED_PRICES


def replace_prices(settings: Settings, file: Path) -> PricesReplaced:
    """Check a price list, install it for all decks of this user, and keep the one before beside it.

    Raises:
        ConfigError: it cannot be read, is no price list, or has no model; nothing was changed.
        UsageError: the settings name a price list of their own, which would go first.
        StorageFailed: the disk did not take it; the one before still holds.
    """
    _refuse_named(settings)
    after = load_prices(file)
    if not after.models:
        raise ConfigError(
            f"{show(str(file), 200)} has prices for no model.", hint="Run `batchdeck prices` to see a list."
        )
    before = _readable(price_file(settings), after)
    installed = user_settings_folder() / FILE_NAME
    try:
        content = file.expanduser().read_bytes()
        installed.parent.mkdir(parents=True, exist_ok=True)
        backup = _keep(installed)
        _write(installed, content)
    except OSError as error:
        raise _not_taken(installed, error) from error
    return PricesReplaced(installed, backup, compare_prices(before, after), after.as_of < before.as_of)


def reset_prices(settings: Settings) -> PricesReplaced:
    """Go back to the shipped price list; an installed one is kept beside it under its date.

    Raises:
        UsageError: the settings name a price list of their own, which would go first.
        StorageFailed: the installed one could not be moved.
    """
    _refuse_named(settings)
    installed = user_settings_folder() / FILE_NAME
    after = load_prices()
    before = _readable(installed, after)
    try:
        backup = _keep(installed)
        installed.unlink(missing_ok=True)
    except OSError as error:
        raise _not_taken(installed, error) from error
    return PricesReplaced(SHIPPED_PRICES, backup, compare_prices(before, after), after.as_of < before.as_of)


def _readable(path: Path, otherwise: PriceList) -> PriceList:
    """Return the list to compare with: one that cannot be read, or is not there, has to go all the same."""
    try:
        return load_prices(path)
    except ConfigError:
        return otherwise


def _refuse_named(settings: Settings) -> None:
    if settings.money.prices:
        origin = settings.origins.get("money.prices", "the settings")
        raise UsageError(
            f"{origin} names {show(settings.money.prices, 200)} as the price list, and that goes first.",
            hint="Edit that file, or take money.prices out of the settings.",
        )


def _keep(installed: Path) -> Path | None:
    """Copy the installed list to a name with its date that no other has."""
    if not installed.is_file():
        return None
    content = installed.read_bytes()
    try:
        stem = f"prices-{load_prices(installed).as_of.isoformat()}"
    except ConfigError:
        stem = "prices-unreadable"
    number = 1
    while True:
        name = f"{stem}.toml" if number == 1 else f"{stem}-{number}.toml"
        backup = installed.with_name(name)
        try:
            with backup.open("xb") as kept:
                kept.write(content)
        except FileExistsError:
            if backup.read_bytes() == content:
                return backup
            number += 1
        else:
            return backup


def _write(path: Path, content: bytes) -> None:
    """Put a file in place whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _not_taken(path: Path, error: OSError) -> StorageFailed:
    return StorageFailed(
        f"{show(str(path), 200)} could not be replaced: {error.strerror}.", hint="The old prices still hold."
    )
