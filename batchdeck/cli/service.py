"""The commands that have a deck watched without anybody: a systemd user service, or a line for cron."""

from __future__ import annotations

from collections.abc import Callable

import typer

from batchdeck.cli.app import app
from batchdeck.cli.options import Json, Yes
from batchdeck.cli.output import print_json
from batchdeck.cli.session import Session, confirm, narrate
from batchdeck.domain.service_unit import Service
from batchdeck.service import install_service, service_of, uninstall_service

service_app = typer.Typer(
    help="Watch the deck without anybody: a systemd user service, or a line for cron (docs/unattended.md).",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(service_app, name="service")


def _run(context: typer.Context, act: Callable[[Service], None]) -> None:
    session: Session = context.obj

    async def command() -> int:
        service = service_of(
            session.deck, base_url=session.base_url, profile=session.profile, sandbox=session.sandbox
        )
        act(service)
        for warning in service.warnings:
            narrate(f"! {warning}")
        return 0

    session.run_bare(command)


@service_app.command("print")
def print_unit(context: typer.Context, json: Json = False) -> None:
    """Print the systemd user unit; writes nothing."""

    def act(service: Service) -> None:
        if json:
            print_json(
                {
                    "name": service.unit.name,
                    "path": service.path,
                    "unit": service.unit.text,
                    "cron": service.unit.cron,
                    "installed": service.installed is not None,
                    "current": service.is_current,
                    "warnings": service.warnings,
                }
            )
        else:
            typer.echo(service.unit.text, nl=False)
            narrate(f"Belongs at {service.path}: batchdeck service install puts it there.")

    _run(context, act)


@service_app.command("install")
def install(context: typer.Context, yes: Yes = False) -> None:
    """Write the unit where the user's systemd finds it; asks before it replaces another one."""

    def act(service: Service) -> None:
        if service.is_current:
            narrate(f"{service.path} is installed as it should be.")
        else:
            if service.installed is not None:
                confirm(f"{service.path} is there and differs. Replace it?", yes=yes, otherwise="It stays.")
            install_service(service)
            narrate(f"Installed {service.path}. To start it now and at every boot:")
            narrate("  systemctl --user daemon-reload")
            narrate(f"  systemctl --user enable --now {service.unit.name}")
            narrate("  loginctl enable-linger    # so that it runs while you are not logged in")
        narrate(f"Its log: journalctl --user -u {service.unit.name}. Its health: batchdeck watch --status")

    _run(context, act)


@service_app.command("uninstall")
def uninstall(context: typer.Context, yes: Yes = False) -> None:
    """Remove the installed unit."""

    def act(service: Service) -> None:
        if service.installed is not None:
            confirm(f"Remove {service.path}?", yes=yes, otherwise="It stays.")
        uninstall_service(service)
        narrate(f"Removed {service.path}. If it runs, it goes on until stopped:")
        narrate(f"  systemctl --user disable --now {service.unit.name}; systemctl --user daemon-reload")

    _run(context, act)


@service_app.command("cron")
def cron(context: typer.Context) -> None:
    """Print a line for crontab that does a round every ten minutes; writes nothing."""
    _run(context, lambda service: typer.echo(service.unit.cron))
