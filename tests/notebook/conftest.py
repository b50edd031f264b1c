"""A real kernel, spoken to as a front end speaks to it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][A-Z0-9]|[=>])")
SECONDS = 90


@dataclass
class Ran:
    """What running a cell brought."""

    outputs: list[dict[str, Any]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    """Outputs that replaced others."""
    printed: str = ""
    error: list[str] = field(default_factory=list)
    """The traceback as it was shown; empty where nothing failed."""
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def html(self) -> str:
        return "\n".join(str(output.get("text/html", "")) for output in self.outputs)

    @property
    def text(self) -> str:
        """The last output as text: the cell's value, where it has one."""
        return str(self.outputs[-1].get("text/plain", "")) if self.outputs else ""


class Kernel:
    """One kernel. Messages that no cell is waiting for are kept for `wait_for`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._manager = KernelManager(kernel_name="python3")
        places = {f"JUPYTER_{name}_DIR": str(folder / ".jupyter") for name in ("CONFIG", "DATA", "RUNTIME")}
        environ = os.environ | {
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "IPYTHONDIR": str(folder / ".i"),
        }
        self._manager.start_kernel(cwd=str(folder), env=environ | places)
        self.client: BlockingKernelClient = self._manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(SECONDS)

    def start(self, code: str) -> str:
        """Begin to run a cell; return the id of the request."""
        return str(self.client.execute(code))

    def finish(self, request: str, *, until: Callable[[Ran], bool] | None = None) -> Ran:
        """Collect what a cell brings, to its end or until something has come."""
        ran = Ran()
        while True:
            message = self.client.get_iopub_msg(timeout=SECONDS)
            ran.messages.append(message)
            if message["parent_header"].get("msg_id") == request:
                content = message["content"]
                match message["msg_type"]:
                    case "display_data" | "execute_result":
                        ran.outputs.append(content["data"])
                    case "update_display_data":
                        ran.updates.append(content["data"])
                    case "stream":
                        ran.printed += content["text"]
                    case "error":
                        ran.error = content["traceback"]
                    case "status" if content["execution_state"] == "idle":
                        return ran
            if until is not None and until(ran):
                return ran

    def run(self, code: str) -> Ran:
        """Run a cell to its end."""
        return self.finish(self.start(code))

    def interrupt(self) -> None:
        self._manager.interrupt_kernel()

    def tell_widget(self, comm: str, **content: object) -> None:
        """Say something to a widget as its view would."""
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        self.client.shell_channel.send(message)

    def shown_by_widget(self, comm: str, wanted: str) -> str:
        """Wait until a widget's terminal has been sent some text; return all that it was sent."""
        sent = b""
        deadline = time.monotonic() + SECONDS
        while wanted not in (text := _ESCAPES.sub(b"", sent).decode("utf-8", "replace")):
            try:
                message = self.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            except Empty:
                raise AssertionError(f"“{wanted}” did not come:\n{text}") from None
            if message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == comm:
                sent += b"".join(bytes(buffer) for buffer in message["buffers"])
        return text

    def complete(self, line: str) -> list[str]:
        """Return what Tab offers at the end of a line."""
        reply = self.client.complete(line, reply=True, timeout=SECONDS)
        return list(reply["content"]["matches"])

    def kill(self) -> None:
        """End it as a crash would."""
        self._manager.shutdown_kernel(now=True)

    def close(self) -> None:
        self.client.stop_channels()
        if self._manager.is_alive():
            self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()


OPENED = """
from pathlib import Path
import batchdeck.sandbox
from batchdeck import Deck
from batchdeck.sandbox.samples import write_samples

faults = Path(batchdeck.sandbox.__file__).with_name("demo_faults.toml")
deck = await Deck.open("deck", sandbox=True, faults=faults)
write_samples(Path("papers"), "accounts", "newsletter", "damaged")
"""


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    """A kernel with an open sandbox deck and two papers."""
    kernel = Kernel(tmp_path)
    try:
        opened = kernel.run(OPENED)
        assert not opened.error, opened.error
        yield kernel
    finally:
        kernel.close()
