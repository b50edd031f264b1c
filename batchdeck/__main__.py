"""``python -m batchdeck`` and the console script: the command line, or the dashboard without a command."""

from __future__ import annotations


def load_commands() -> None:
    """Load the commands, which register themselves with the root."""
    import batchdeck.cli.batches
    import batchdeck.cli.checks
    import batchdeck.cli.demo
    import batchdeck.cli.doctor
    import batchdeck.cli.inbox
    import batchdeck.cli.key
    import batchdeck.cli.lists
    import batchdeck.cli.main_job
    import batchdeck.cli.money
    import batchdeck.cli.notify
    import batchdeck.cli.recipes
    import batchdeck.cli.service
    import batchdeck.cli.serving
    import batchdeck.cli.submitting
    import batchdeck.cli.watching  # noqa: F401


def main() -> None:
    """Load the commands and run the command line."""
    load_commands()
    from batchdeck.cli.app import run

    run()


if __name__ == "__main__":
    main()
