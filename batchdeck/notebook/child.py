"""The command line as a child on a pseudo-terminal of its own: ``python -m batchdeck.notebook.child WORDS…``.

It takes the terminal on its standard input as its controlling terminal. When the process that holds the other
end goes, however it goes, the kernel hangs the terminal up, and the dashboard ends as it does when an SSH
connection breaks.
"""

from __future__ import annotations

import fcntl
import os
import sys
import termios
import threading
import time

_GRACE_SECONDS = 5.0
_HUNG_UP = 129
"""What a shell reports for a process that SIGHUP has ended."""


def main() -> None:
    """Take the terminal, then run the command line on the words given."""
    fcntl.ioctl(sys.stdin.fileno(), termios.TIOCSCTTY, 0)
    threading.Thread(target=_end_after, args=(os.getppid(),), daemon=True).start()
    from batchdeck.__main__ import main as run_command_line

    run_command_line()


def _end_after(parent: int) -> None:
    """End this process when its parent has gone and it has had the time to leave by itself.

    A deck can be killed at any instant; a dashboard that waits for a lost terminal would stay for ever.
    """
    while os.getppid() == parent:
        time.sleep(1.0)
    time.sleep(_GRACE_SECONDS)
    os._exit(_HUNG_UP)


if __name__ == "__main__":
    main()
