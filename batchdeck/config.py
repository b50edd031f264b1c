"""Settings: the environment beats settings files, those beat the defaults.

A deck's own ``config.toml`` beats the user's, and what was typed on the command line beats them all where it
is used. What the settings are is in `batchdeck.config_sections`.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchdeck.config_files import is_anything_at, read_toml
from batchdeck.config_reading import (
    OTHER_VARIABLES,
    PREFIX,
    catalogue,
    read_value,
    unknown_name,
)
from batchdeck.config_sections import (
    SECTIONS,
    Api,
    Export,
    Fidelity,
    Inbox,
    Interface,
    Ladder,
    Limits,
    Money,
    Notify,
    Polling,
    Realtime,
    Reconcile,
    Standing,
    Watch,
    Workers,
)
from batchdeck.domain.text import show
from batchdeck.errors import ConfigError

if TYPE_CHECKING:
    from batchdeck.domain.costs import PriceList

__all__ = [
    "Settings",
    "deck_home",
    "load_prices",
    "load_settings",
    "user_settings_file",
    "user_settings_folder",
]

_APP = "batchdeck"
FILE_NAME = "config.toml"
_INBOX = "inbox.folder"
SHIPPED_PRICES = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, from its best source."""

    api: Api = field(default_factory=Api)
    polling: Polling = field(default_factory=Polling)
    reconcile: Reconcile = field(default_factory=Reconcile)
    limits: Limits = field(default_factory=Limits)
    fidelity: Fidelity = field(default_factory=Fidelity)
    money: Money = field(default_factory=Money)
    realtime: Realtime = field(default_factory=Realtime)
    ladder: Ladder = field(default_factory=Ladder)
    workers: Workers = field(default_factory=Workers)
    interface: Interface = field(default_factory=Interface)
    export: Export = field(default_factory=Export)
    standing: Standing = field(default_factory=Standing)
    inbox: Inbox = field(default_factory=Inbox)
    notify: Notify = field(default_factory=Notify)
    watch: Watch = field(default_factory=Watch)
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Where each value that is not a default comes from, by dotted name: a file or a variable."""


_Values = Mapping[str, tuple[Any, str]]
"""Dotted name to (value, origin)."""


def load_settings(deck: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings files and the environment.

    Args:
        deck: the deck's folder, whose own ``config.toml`` counts when there is one.
        environ: the process environment by default.

    Raises:
        ConfigError: a file cannot be read, or names an unknown or impossible value, or the user's own names
            an inbox.
    """
    environ = os.environ if environ is None else environ
    settings = Settings()
    user_file = user_settings_file(environ)
    if user_file is not None:
        settings = _overlay(settings, _for_every_deck(_read_file(user_file)))
    if deck is not None and is_anything_at(deck / FILE_NAME):
        settings = _overlay(settings, _read_file(deck / FILE_NAME))
    return _checked(_overlay(settings, _read_environment(environ)))


def user_settings_file(environ: Mapping[str, str]) -> Path | None:
    """Return the user's settings file, or None where there is none.

    Raises:
        ConfigError: `$BATCHDECK_CONFIG` names a file that is not there.
    """
    named = environ.get("BATCHDECK_CONFIG")
    if named:
        path = Path(named).expanduser()
        if not path.is_file():
            raise ConfigError(
                f"There is no settings file at {show(named, 200)}.", hint="Correct or unset BATCHDECK_CONFIG."
            )
        return path
    path = user_settings_folder() / FILE_NAME
    return path if is_anything_at(path) else None


def user_settings_folder() -> Path:
    """Return the folder for the user's own settings and prices; it need not exist."""
    import platformdirs

    return platformdirs.user_config_path(_APP, appauthor=False)


def deck_home(flag: str | os.PathLike[str] | None, environ: Mapping[str, str] | None = None) -> Path:
    """Return the deck's folder: as typed, else `$BATCHDECK_HOME`, else in the platform's user data folder."""
    environ = os.environ if environ is None else environ
    named = flag if flag is not None else environ.get("BATCHDECK_HOME") or None
    if named is not None:
        return Path(named).expanduser().absolute()
    import platformdirs

    return platformdirs.user_data_path(_APP, appauthor=False)


def demo_home() -> Path:
    """Return the demo's folder: beside the deck's own, so that neither is ever taken for the other."""
    home = deck_home(None)
    return home.with_name(f"{home.name}-demo")


def load_prices(path: Path | None = None) -> PriceList:
    """Read a price list, the shipped one by default.

    Raises:
        ConfigError: it cannot be read or is not a price list.
    """
    from batchdeck.domain.costs import read_price_list

    chosen = SHIPPED_PRICES if path is None else path.expanduser()
    hint = "money.prices names it; one that was installed, `batchdeck prices --reset` takes away."
    file = read_toml(chosen, hint=hint)
    return read_price_list(file.values, name=file.where)


def _read_file(path: Path) -> _Values:
    file = read_toml(path, hint="Mend it, or take it away: without it the defaults count.")
    values: dict[str, tuple[Any, str]] = {}
    known = catalogue()
    for section, table in file.values.items():
        if section not in SECTIONS:
            where = file.place(section)
            raise unknown_name(section, SECTIONS, where=where, what="table of settings")
        if not isinstance(table, dict):
            raise ConfigError(
                f"{file.place(section)}: {section} is a table of settings, not one value.",
                hint=f"Write [{section}] and its values below.",
            )
        for key, value in table.items():
            setting = known.get(f"{section}.{key}")
            if setting is None:
                keys = [s.key for s in known.values() if s.section == section]
                where = f"{file.place(section, key)}, [{section}]"
                raise unknown_name(key, keys, where=where, what="setting there")
            try:
                read = read_value(setting, value, where=file.where)
            except ConfigError:
                read = read_value(setting, value, where=file.place(section, key))
            values[setting.name] = (read, file.where)
    return values


def _for_every_deck(values: _Values) -> _Values:
    """Return values of the user's own file, unless one of them can only be meant for one deck."""
    if _INBOX in values:
        raise ConfigError(
            f"{values[_INBOX][1]}: from here, every deck would serve the inbox and pay for its files.",
            hint=f"Put [inbox] into the {FILE_NAME} of the one deck that is to serve it.",
        )
    return values


def _read_environment(environ: Mapping[str, str]) -> _Values:
    by_variable = {setting.variable: setting for setting in catalogue().values()}
    values: dict[str, tuple[Any, str]] = {}
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in OTHER_VARIABLES:
            continue
        setting = by_variable.get(variable)
        if setting is None:
            raise unknown_name(
                variable, [*by_variable, *OTHER_VARIABLES], where="environment", what="variable of BatchDeck"
            )
        values[setting.name] = (read_value(setting, environ[variable], where=variable), variable)
    return values


def _overlay(settings: Settings, values: _Values) -> Settings:
    """Return `settings` with `values` put over them."""
    changes: dict[str, dict[str, Any]] = {}
    for name, (value, _) in values.items():
        section, _, key = name.partition(".")
        changes.setdefault(section, {})[key] = value
    sections = {
        section: dataclasses.replace(getattr(settings, section), **changed)
        for section, changed in changes.items()
    }
    origins = {**settings.origins, **{name: origin for name, (_, origin) in values.items()}}
    return dataclasses.replace(settings, **sections, origins=origins)


_ORDERED = (
    ("polling.floor_seconds", "polling.ceiling_seconds"),
    ("limits.page_bytes", "limits.request_bytes"),
    ("limits.request_bytes", "limits.batch_bytes"),
    ("fidelity.recall_fail", "fidelity.recall_warn"),
    ("fidelity.precision_fail", "fidelity.precision_warn"),
)
"""Pairs of settings of which the first may not be greater than the second."""


def _checked(settings: Settings) -> Settings:
    """Return `settings` if they make sense together. Asked when all sources are in: one may mend one."""
    for smaller, greater in _ORDERED:
        low, high = _value(settings, smaller), _value(settings, greater)
        if low > high:
            origin = settings.origins.get(smaller) or settings.origins.get(greater, "default")
            raise ConfigError(
                f"{origin}: {smaller} is {low:,}, more than {greater}, which is {high:,}.",
                hint=f"Lower {smaller} or raise {greater}.",
            )
    _check_times(settings)
    return settings


def _check_times(settings: Settings) -> None:
    notify = settings.notify
    if notify.quiet_hours is None and notify.time_zone is None:
        return
    from batchdeck.domain.quiet import read_quiet_hours, read_zone

    for name, read, text in (
        ("notify.time_zone", read_zone, notify.time_zone),
        ("notify.quiet_hours", read_quiet_hours, notify.quiet_hours),
    ):
        try:
            read(text)
        except ValueError as error:
            raise ConfigError(
                f"{settings.origins.get(name, 'default')}: {name}: {error}.",
                hint="Quiet hours look like 22:00-07:00, time zones like Europe/Berlin.",
            ) from None


def _value(settings: Settings, name: str) -> float:
    section, _, key = name.partition(".")
    value: float = getattr(getattr(settings, section), key)
    return value
