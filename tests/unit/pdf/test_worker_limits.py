"""Limits hold in the worker processes they are meant for, and the functions that run there travel there."""

from __future__ import annotations

import multiprocessing
import pickle
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from batchdeck.domain.documents import Document, UnusableFile
from batchdeck.pdf import images, limits, open, scan, text
from batchdeck.pdf.scan import ScanLimits, scan_file

Write = Callable[..., str]


def test_workers_are_limited_and_scan_all_the_same(
    write: Write, printed_pdf: Callable[..., bytes], tmp_path: Path
) -> None:
    spawning = multiprocessing.get_context("spawn")
    sound, broken = write(printed_pdf([b""] * 3)), write(b"%PDF-1.7\nnothing")
    with ProcessPoolExecutor(1, spawning, limits.limit_process, (700_000_000, 30)) as pool:
        document = pool.submit(scan_file, sound, passwords=("x",), limits=ScanLimits(max_pages=9)).result()
        unusable = pool.submit(scan_file, broken).result()
        held = pool.submit(resource.getrlimit, resource.RLIMIT_AS).result()
        files = pool.submit(resource.getrlimit, resource.RLIMIT_NOFILE).result()
        core = pool.submit(resource.getrlimit, resource.RLIMIT_CORE).result()
        seconds = pool.submit(resource.getrlimit, resource.RLIMIT_CPU).result()
        with pytest.raises(MemoryError):
            pool.submit(bytes, 800_000_000).result()
    assert isinstance(document, Document)
    assert document.page_count == 3
    assert isinstance(unusable, UnusableFile)
    assert (held, core, seconds) == ((700_000_000,) * 2, (0, 0), (30, 30))
    assert files == (limits.WORKER_OPEN_FILES,) * 2


def test_functions_for_workers_can_be_sent_there() -> None:
    for function in (
        limits.limit_process,
        scan.scan_file,
        text.read_text_layer,
        images.render_page,
        images.crop,
        open.readable_copy,
    ):
        assert pickle.loads(pickle.dumps(function)) is function


PARENT = """
import multiprocessing, time, sys
from batchdeck.pdf.limits import limit_process
def work():
    limit_process()
    print(__import__("os").getpid(), flush=True)
    time.sleep(60)
if __name__ == "__main__":
    multiprocessing.get_context("fork").Process(target=work).start()
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel does it on Linux only")
def test_a_worker_dies_with_its_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        deadline = time.monotonic() + 10
        while _is_running(worker) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not _is_running(worker)


def _is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
