"""Runs the simulators of suppliers and shops as one process until it is told to stop."""

import argparse
import asyncio
import logging
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from dropship.simulators.clock import VirtualClock
from dropship.simulators.judge.control import Control
from dropship.simulators.pages.saved import SavedPages
from dropship.simulators.shopify.front import Front
from dropship.simulators.shopify.graph.documents import Documents
from dropship.simulators.shopify.graph.schema import schema_file
from dropship.simulators.shopify.judge.record import Recorder
from dropship.simulators.simulator import Simulator
from dropship.simulators.wire.server import HttpServer
from dropship.simulators.world.catalogue import make_products
from dropship.simulators.world.world import World

_SYNC_EVERY_S = 1.0
log = logging.getLogger("dropship.simulators")


def read_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line; every value has a default that suits a demo."""
    parser = argparse.ArgumentParser(prog="dropship.simulators", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--pages", type=Path, help="folder of saved real pages to serve as well")
    parser.add_argument("--port-file", type=Path, help="where to write the real port")
    parser.add_argument("--speed", type=float, default=60.0, help="virtual seconds per second")
    parser.add_argument("--products", type=int, default=40, help="how many shop products")
    parser.add_argument("--feed-rows", type=int, default=40, help="how many rows in the feed")
    parser.add_argument("--specs", type=Path, help="folder with Shopify's schema, to be held to")
    parser.add_argument("--record", type=Path, help="where to write every exchange with a shop")
    parser.add_argument("--page-kb", type=int, default=60, help="size of made pages")
    arguments = parser.parse_args(argv)
    if arguments.pages is not None and not arguments.pages.is_dir():
        parser.error(f"--pages: there is no folder {arguments.pages}")
    if arguments.specs is not None and not schema_file(arguments.specs).is_file():
        parser.error(f"--specs: there is no file {schema_file(arguments.specs)}")
    if arguments.speed <= 0:
        parser.error("--speed: more than zero; a stopped clock is ordered by POST /_sim/clock")
    return arguments


async def serve(arguments: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT; then drop what is in flight and return."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    saved = SavedPages(arguments.pages) if arguments.pages else None
    world = World(
        arguments.seed, make_products(arguments.seed, arguments.products, arguments.feed_rows)
    )
    simulator = Simulator(world, VirtualClock(arguments.speed), saved, arguments.page_kb * 1024)
    recorder = Recorder(arguments.record) if arguments.record else None
    control = Control(simulator, Front(Documents(arguments.specs), recorder))
    server = HttpServer(control.answer)
    port = await server.start(arguments.host, arguments.port)
    if arguments.port_file is not None:
        _write_port(arguments.port_file, port)
    log.info("simulators_listening url=http://%s:%d", arguments.host, port)
    moving = asyncio.create_task(_keep_moving(control))
    await stop.wait()
    moving.cancel()
    await server.stop()
    if recorder is not None:
        recorder.close()


async def _keep_moving(control: Control) -> None:
    """Step the world while nobody asks, so that the next request has little to catch up."""
    while True:
        await asyncio.sleep(_SYNC_EVERY_S)
        control.sync()


def _write_port(file: Path, port: int) -> None:
    """Whole or not at all: whoever waits for the file never reads half a number."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    fresh.write_text(f"{port}\n", encoding="ascii")
    fresh.replace(file)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    asyncio.run(serve(read_arguments()))


if __name__ == "__main__":
    main()
