"""Opening the dashboard, or saying why this terminal cannot show it."""

from __future__ import annotations

from batchdeck.cli.session import Session


def open_dashboard(session: Session) -> None:
    """Run the dashboard until the operator quits, and exit with its code."""
    from batchdeck.tui.launch import run_dashboard

    run_dashboard(session)
