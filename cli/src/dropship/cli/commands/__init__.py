"""The commands of ``dropship``, each in a file of its own, imported only when it is called."""

from importlib import import_module

import click

COMMANDS = {
    "up": "Start everything on this machine and keep it running.",
    "down": "Stop what `up` has started.",
    "status": "Show what runs, and whether it is ready.",
    "demo": "Sell in a simulated shop, and watch it follow its suppliers.",
    "migrate": "Make roles, schemas, streams and queues, or bring them up to date.",
    "why": "Explain why a listing is as it is, or why it has not changed.",
    "events": "Show the life of one thing with its causes, or the latest events.",
    "log": "Prove that the log, the journals and what is remembered agree.",
    "dead": "List, retry or drop what could not be done.",
    "plugins": "Show who is plugged in, and who is refused.",
    "parse": "Read supplier pages from files.",
}


class Lazy(click.Group):
    """Knows the commands by name; imports one when it is needed, so that each starts quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"{__name__}.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dropship-cli", prog_name="dropship")
def dropship() -> None:
    """Watches suppliers, keeps listings true to them, and can explain every decision.

    \b
    Examples:
      dropship demo                            see it work, with simulated suppliers
      dropship up --detach --simulators        start everything in the background
      dropship events product:2b1c…            the life of one product
      dropship COMMAND --help                  more about one command
    """
