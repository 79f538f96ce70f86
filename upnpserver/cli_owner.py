"""Commands for the running server: allow, block, forget."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from upnpserver.config import Config
from upnpserver.settings.load import Options, load

F = TypeVar("F", bound=Callable[..., Any])


def owner_options(command: F) -> F:
    """Add the options that tell which server is meant."""
    file = click.option(
        "--config",
        "file",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="The configuration of that server.",
    )
    state_dir = click.option(
        "--state-dir", metavar="DIR", help="The state folder of that server."
    )
    return file(state_dir(command))


def config_of(file: Path | None, state_dir: str | None) -> Config:
    """Return the configuration of the server that is meant."""
    return load(file, Options(state_dir=state_dir), needs_folders=False)


def asked(config: Config, **question: object) -> dict[str, Any]:
    """Return the running server's answer. Raises ConfigError."""
    from upnpserver.owner_call import ask  # noqa: PLC0415

    return ask(config.state_dir, question)


@click.command(
    epilog="\b\nExamples:\n  upnpserver allow 4721\n"
    '  upnpserver allow 4721 --profile Children\n  upnpserver allow "Living room"'
)
@click.argument("device", metavar="CODE|DEVICE")
@click.option("--profile", metavar="NAME", default="", help="As what it is let in.")
@owner_options
def allow(device: str, profile: str, file: Path | None, state_dir: str | None) -> None:
    """Let a device in that has to ask, by the code that it shows.

    Or by its address, MAC address, or configured name. It is kept until
    "upnpserver forget".
    """
    config = config_of(file, state_dir)
    answer = asked(config, do="allow", device=device, profile=profile)
    as_what = f" as {profile!r}" if profile else ""
    click.echo(f"{', '.join(answer['places'])} is let in{as_what}")


@click.command(epilog="\b\nExamples:\n  upnpserver block 192.168.1.66")
@click.argument("device", metavar="DEVICE")
@owner_options
def block(device: str, file: Path | None, state_dir: str | None) -> None:
    """Give a device no answers any more.

    By its address, MAC address, or configured name; until "upnpserver forget".
    """
    answer = asked(config_of(file, state_dir), do="block", device=device)
    click.echo(f"{', '.join(answer['places'])} gets no answers any more")


@click.command(epilog="\b\nExamples:\n  upnpserver forget 192.168.1.66")
@click.argument("device", metavar="DEVICE")
@owner_options
def forget(device: str, file: Path | None, state_dir: str | None) -> None:
    """Undo what "allow" or "block" decided of a device."""
    answer = asked(config_of(file, state_dir), do="forget", device=device)
    click.echo(f"nothing is decided of {', '.join(answer['places'])} any more")


def record_device(config: Config, address: str) -> None:
    """Print the requests of a device as they come, until Ctrl-C or the limits."""
    from upnpserver.owner_call import ask_on  # noqa: PLC0415

    count = 0
    click.echo("recording; use the device now, and end with Ctrl-C", err=True)
    question = {"do": "record", "device": address}
    try:
        for answer in ask_on(config.state_dir, question):
            count += 1
            click.echo(f"{answer['request']}\n")
    except KeyboardInterrupt:
        pass
    click.echo(f"{count} requests recorded", err=True)
