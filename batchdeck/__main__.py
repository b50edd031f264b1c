"""``python -m batchdeck`` and the console script: the command line, or the dashboard without a command."""

from __future__ import annotations

import io
import os
import sys


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
    _open_streams()
    try:
        load_commands()
        from batchdeck.cli.app import run

        run()
    except KeyboardInterrupt:  # before a command could say so itself
        sys.stderr.write("Stopped.\n")
        sys.exit(130)


def _open_streams() -> None:
    """Have somewhere to write to even where it was closed, and an escape for what its encoding cannot say."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - it lives as long as the process
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
