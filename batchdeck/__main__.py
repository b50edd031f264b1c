"""``python -m batchdeck``: the command line, or the dashboard when no command is given."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from batchdeck.cli.app import main as run

    run()


if __name__ == "__main__":
    main()
