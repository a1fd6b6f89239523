"""A whole stack of its own for one measurement, in a folder that is gone afterwards."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from dropship.runtime.testing import eventually

ROOMY = {
    "DROPSHIP_TENANT_REQUESTS_PER_MINUTE": "60000000",
    "DROPSHIP_TENANT_BURST": "1000000",
}
"""Limits that protect a real gateway are no part of what is measured."""

Stack = dict[str, Any]


class Failed(Exception):
    """A program that a measurement needs ended badly; the text is what it said."""


@asynccontextmanager
async def running_stack(settings: Mapping[str, str]) -> AsyncIterator[Stack]:
    """``dropship up --detach`` with more settings; yields what stack.json holds.

    It is brought down on SIGTERM too: what is detached would outlive us.
    """
    if (task := asyncio.current_task()) is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with TemporaryDirectory(prefix="dropship-bench-") as folder:
        home = f"--home={folder}/home"
        cli = (sys.executable, "-m", "dropship.cli")
        await _run((*cli, "up", "--detach", "--port=0", home), {**ROOMY, **settings})
        try:
            text = await asyncio.to_thread(Path(folder, "home", "stack.json").read_bytes)
            yield msgspec.json.decode(text)
        finally:
            await _run((*cli, "down", home), {})


@asynccontextmanager
async def running_suppliers(*arguments: str) -> AsyncIterator[str]:
    """The simulated suppliers as a program of their own; yields their address."""
    with TemporaryDirectory(prefix="dropship-bench-") as folder:
        port_file = Path(folder, "port")
        argv = (sys.executable, "-m", "dropship.simulators", f"--port-file={port_file}", *arguments)
        async with child(argv, {}):
            yield f"http://127.0.0.1:{await _content(port_file)}"


@asynccontextmanager
async def child(argv: Sequence[str], settings: Mapping[str, str]) -> AsyncIterator[int]:
    """A program that runs until the end of the block; yields its pid, its output is dropped."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _run(argv: Sequence[str], settings: Mapping[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *argv,
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise Failed(f"{' '.join(argv[2:4])}: {said.decode(errors='replace')}")


async def _content(file: Path) -> str:
    await eventually(file.exists, within_s=20)
    return (await asyncio.to_thread(file.read_text)).strip()
