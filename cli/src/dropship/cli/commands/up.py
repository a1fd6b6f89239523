"""``dropship up``: everything on this machine, in this terminal or in the background."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from dropship.cli.faults import Fault
from dropship.cli.options import home_option
from dropship.cli.stack.home import Home
from dropship.cli.stack.permissions import SERVICES
from dropship.cli.stack.plan import Plan, Wish
from dropship.cli.stack.running import Running
from dropship.cli.supervision.rendering import colour_of, prefixed
from dropship.runtime.embedded import free_port, is_free, open_private

PORT = 8000
ONE_ONLY = frozenset({"gateway"})
MOST_REPLICAS = 16
SUPERVISOR = "supervisor"


def _replicas(_ctx: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> Any:
    chosen: dict[str, int] = {}
    for text in given:
        service, _, count = text.partition("=")
        if service not in SERVICES or not count.isdigit() or not 1 <= int(count) <= MOST_REPLICAS:
            raise click.BadParameter(
                f"{text!r} is not SERVICE=COUNT, such as scraper=2; "
                f"services are {', '.join(SERVICES)}, the count is 1 to {MOST_REPLICAS}"
            )
        if service in ONE_ONLY and int(count) > 1:
            raise click.BadParameter(f"{service} listens on one port here, so it cannot have two")
        chosen[service] = int(count)
    return chosen


@click.command("up")
@click.option("--detach", "-d", is_flag=True, help="Return when everything is ready.")
@click.option("--simulators", is_flag=True, help="Run simulated suppliers and use them.")
@click.option(
    "--pages",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Saved supplier pages that the simulator serves as well.",
)
@click.option("--seed", type=int, default=7, show_default=True, help="Seed of the simulated world.")
@click.option(
    "--replicas",
    multiple=True,
    callback=_replicas,
    metavar="SERVICE=N",
    help="How many processes of a service; repeatable.",
)
@click.option("--port", type=click.IntRange(0, 65535), help=f"HTTP port of the API ({PORT}).")
@home_option
@click.option("--report-fd", type=int, hidden=True)
def command(
    detach: bool,
    simulators: bool,
    pages: Path | None,
    seed: int,
    replicas: dict[str, int],
    port: int | None,
    home: Home,
    report_fd: int | None,
) -> None:
    """Start everything on this machine and keep it running.

    Starts NATS and PostgreSQL from the installed wheels, brings their schemas and streams up to
    date, then starts the services. What crashes is started again. Ctrl-C stops all, services first;
    a second Ctrl-C kills. Nothing outlives this command. Files go to .data, logs to .data/logs.

    \b
    Examples:
      dropship up --simulators
      dropship up --detach --simulators --replicas scraper=2 --replicas tracker=2
      dropship up --home /srv/shop --port 8080
    """
    if pages is not None and not simulators:
        raise Fault("--pages is served by the simulator: add --simulators")
    home.make()
    if home.holder() is not None:
        raise home.already_running()
    if detach:
        _detach(home, _arguments(simulators, pages, seed, replicas, port))
        return
    with home.held():
        _tidy(home)
        wish = Wish(
            gateway_port=gateway_port(port),
            simulators=simulators,
            pages=pages.absolute() if pages else None,
            seed=seed,
            replicas=replicas,
        )
        reporter = _Reporter(report_fd)
        sys.exit(_run(home, wish, reporter))


def _arguments(
    simulators: bool, pages: Path | None, seed: int, replicas: dict[str, int], port: int | None
) -> list[str]:
    """The same wish as a command line."""
    return [
        f"--seed={seed}",
        *(["--simulators"] if simulators else []),
        *([f"--pages={pages.absolute()}"] if pages else []),
        *([f"--port={port}"] if port is not None else []),
        *(f"--replicas={service}={count}" for service, count in replicas.items()),
    ]


def _run(home: Home, wish: Wish, reporter: "_Reporter") -> int:
    try:
        running = Running(home, wish, reporter.say)
        reporter.names = [part.name for stage in running.plan.stages() for part in stage.parts]
        return asyncio.run(running.run(reporter.progress, reporter.stay))
    except Fault as fault:
        reporter.failed(fault)
        raise


def gateway_port(asked: int | None) -> int:
    if asked == 0:
        return free_port()
    if is_free(asked or PORT):
        return asked or PORT
    if asked is None:
        return free_port()
    raise Fault(
        f"port {asked} is taken by another program.\n"
        "Choose another with --port N, or --port 0 for any free one."
    )


def _tidy(home: Home) -> None:
    """What a killed supervisor left: its programs died with it, its files did not."""
    if home.stack_file.exists() or home.programs_file.exists():
        click.echo(
            f"{home.folder}: the last run was killed; starting from what is on disk", err=True
        )
    home.forget()


class _Reporter:
    """Tells a terminal, or the command that detached us, how things go."""

    def __init__(self, report_fd: int | None) -> None:
        self._out = None if report_fd is None else os.fdopen(report_fd, "w", encoding="utf-8")
        self.names: list[str] = []

    def say(self, name: str, line: bytes) -> None:
        if self._out is not None and name != SUPERVISOR:
            return  # in the background each program's own log is enough
        width = max(map(len, (SUPERVISOR, *self.names)))
        with suppress(OSError):
            click.echo(prefixed(name, line, colour=colour_of(name, self.names), width=width))

    def progress(self, title: str) -> None:
        self._report({"starting": title})
        self.say(SUPERVISOR, f"starting {title}".encode())

    async def stay(self, plan: Plan) -> None:
        """Say that all is ready, then stay until somebody says stop."""
        lines = _where(plan)
        self._report({"ready": "\n".join(lines)})
        for line in lines:
            self.say(SUPERVISOR, line.encode())
        await asyncio.Event().wait()

    def failed(self, fault: Fault) -> None:
        self._report({"failed": fault.message})

    def _report(self, report: dict[str, str]) -> None:
        if self._out is not None:
            with suppress(OSError):
                self._out.write(f"{json.dumps(report)}\n")
                self._out.flush()


def _where(plan: Plan) -> list[str]:
    url, postgres = plan.gateway_url, plan.postgres
    lines = [
        f"ready: {url} (described in {url}/v1/openapi.json)",
        f"what runs where: {plan.home.stack_file}",
    ]
    if postgres.place != postgres.home:
        lines.append(
            f"the database's files are in {postgres.place}: "
            f"it does not run as root, and no other user may go to {postgres.home}"
        )
    return lines


def _detach(home: Home, arguments: list[str]) -> None:
    """Start ourselves again in a session of its own, and wait for its report."""
    ours, theirs = os.pipe()
    with open_private(home.logs / "supervisor.log", append=True) as log:
        child = subprocess.Popen(  # noqa: S603 - this very program
            [
                *(sys.executable, "-m", "dropship.cli", "up", f"--home={home.folder}"),
                *arguments,
                f"--report-fd={theirs}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(theirs,),
            start_new_session=True,
        )
    os.close(theirs)
    try:
        click.echo(_await_report(ours, home))
    except KeyboardInterrupt:
        child.send_signal(signal.SIGTERM)
        child.wait()
        raise
    click.echo(f"stop it with: dropship down --home {home.folder}")


def _await_report(source: int, home: Home) -> str:
    with os.fdopen(source, encoding="utf-8") as reports:
        for line in reports:
            report = json.loads(line)
            if "ready" in report:
                return str(report["ready"])
            if "failed" in report:
                raise Fault(str(report["failed"]))
            click.echo(f"starting {report['starting']} …", err=True)
    raise Fault(f"the supervisor ended without a word; see {home.logs / 'supervisor.log'}")
