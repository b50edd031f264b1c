"""The command line as a child on a pseudo-terminal of its own: ``python -m batchdeck.notebook.child WORDS…``.

It takes the terminal on its standard input as its controlling terminal. When the process that holds the other
end goes, however it goes, the kernel hangs the terminal up, and the dashboard ends as it does when an SSH
connection breaks.
"""

from __future__ import annotations

import fcntl
import sys
import termios


def main() -> None:
    """Take the terminal, then run the command line on the words given."""
    fcntl.ioctl(sys.stdin.fileno(), termios.TIOCSCTTY, 0)
    from batchdeck.__main__ import main as run_command_line

    run_command_line()


if __name__ == "__main__":
    main()
