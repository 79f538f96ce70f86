"""The command line: serve, scan, devices, explain, check-config and the like.

Each command imports what it needs when it runs.
"""

import shutil
import socket
import sys
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

import click

from upnpserver import __version__
from upnpserver.cli_devices import browse, play, search
from upnpserver.cli_owner import (
    allow,
    block,
    doctor,
    forget,
    household_of,
    offline_report,
    password,
    privacy,
    record_device,
    rules,
    status,
)
from upnpserver.config import ALL_KINDS, LOG_LEVELS, Config
from upnpserver.errors import (
    CatalogUnusable,
    ConfigError,
    StateFolderError,
)
from upnpserver.model import SeenDevice
from upnpserver.settings.load import Options, check_interfaces, load


def _examples(*lines: str) -> str:
    """Return the end of a help text; the backspace keeps click from refilling it."""
    return "\n  ".join(("\b\nExamples:", *lines))


_folders = click.argument("folders", metavar="[DIR]...", nargs=-1)
_config = click.option(
    "--config",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Read FILE (TOML); options given here win over it.",
)
_state_dir = click.option(
    "--state-dir",
    metavar="DIR",
    help="Keep UUID and databases in DIR [default: ~/.local/state/upnpserver].",
)


@click.group(
    epilog=_examples("upnpserver serve ~/Music ~/Videos"),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message="upnpserver %(version)s")
def commands() -> None:
    """Share music, films and pictures with the TVs and players of the house.

    Nothing leaves the house, and nothing is shared until a folder is named.
    """


@commands.command(
    epilog=_examples(
        "upnpserver serve ~/Music ~/Videos",
        'upnpserver serve --name "Living room" --interface eth0 /srv/media',
        "upnpserver serve --config /etc/upnpserver/upnpserver.toml",
    )
)
@_folders
@_config
@_state_dir
@click.option(
    "--port", type=int, help="TCP port [default: the last one, 8200, or free]."
)
@click.option(
    "--interface",
    "interfaces",
    metavar="NAME",
    multiple=True,
    help="Serve on this network interface only; may be repeated.",
)
@click.option("--name", "friendly_name", metavar="TEXT", help="What TVs show.")
@click.option(
    "--log-level",
    metavar="LEVEL",
    help=f"One of {', '.join(LOG_LEVELS)} [default: info].",
)
def serve(file: Path | None, **given: Any) -> None:
    """Share the folders DIR... until told to end.

    Each folder becomes a library with the folder's name; to name them
    otherwise, or to share one kind of media only, use a configuration file.
    """
    options = Options(**given)
    config = load(file, options)
    check_interfaces(options.interfaces, _present_interfaces())

    # Only now: a mistake is told at once, before Twisted is loaded.
    from upnpserver.net.process import run  # noqa: PLC0415

    sys.exit(run(config, partial(load, file, options)))


@commands.command(
    epilog=_examples(
        "upnpserver scan ~/Music",
        "upnpserver scan --problems ~/Music",
        "upnpserver scan --problems --config /etc/upnpserver/upnpserver.toml",
    )
)
@_folders
@_config
@_state_dir
@click.option(
    "--problems",
    is_flag=True,
    help="List the files that could not be read; exit with 1 if there are any.",
)
def scan(
    folders: tuple[str, ...], file: Path | None, state_dir: str | None, problems: bool
) -> None:
    """Bring the catalog up to date once, without serving."""
    config = load(file, Options(folders, state_dir))

    from upnpserver.progress import ProgressLine  # noqa: PLC0415
    from upnpserver.scan.once import run_once  # noqa: PLC0415

    sys.exit(run_once(config, ProgressLine(sys.stderr), list_problems=problems))


_of_the_owner = (allow, block, forget, rules, password, privacy, offline_report)
for _command in (*_of_the_owner, doctor, status, browse, search, play):
    commands.add_command(_command)


@commands.command(
    epilog=_examples(
        "upnpserver devices",
        "upnpserver devices --json",
        "upnpserver devices --rules",
        "upnpserver devices --record 192.168.1.20 > report.txt",
    )
)
@_config
@_state_dir
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
@click.option(
    "--rules", is_flag=True, help="List the devices that rules are known for, instead."
)
@click.option(
    "--record",
    metavar="ADDRESS",
    help="Print what the device at ADDRESS asks from now on, private names blanked.",
)
def devices(
    file: Path | None,
    state_dir: str | None,
    as_json: bool,
    rules: bool,
    record: str | None,
) -> None:
    """List the devices that were seen, how each was recognised, and its rule.

    It is kept in the state folder by the server, also while that runs.

    --record makes a report of a device that does something odd: use the device,
    then end with Ctrl-C; it ends by itself after 200 requests or ten minutes.
    """
    config = load(file, Options(state_dir=state_dir), needs_folders=False)
    if record is not None:
        record_device(config, record)
        return

    from upnpserver import reports  # noqa: PLC0415
    from upnpserver.settings.families import shipped_families  # noqa: PLC0415

    families = config.families or shipped_families()
    if rules:
        show = reports.families_json if as_json else reports.families_text
        click.echo(show(families))
        return
    show_seen = reports.devices_json if as_json else reports.devices_text
    click.echo(show_seen(_seen_devices(config), families, config.devices))


@commands.command(
    epilog=_examples(
        "upnpserver explain samsung-q ~/Videos/Film.mkv",
        "upnpserver explain 192.168.1.20 ~/Videos/Film.mkv",
    )
)
@click.argument("device", metavar="DEVICE")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@_config
@_state_dir
def explain(device: str, path: Path, file: Path | None, state_dir: str | None) -> None:
    """Tell in which forms a device gets a file, by which rule, or why it doesn't.

    DEVICE: a rule (upnpserver devices --rules), or the address, MAC address or
    configured name of a device. FILE is looked up in the catalog of the state
    folder, also while the server runs; exit with 1 if the device doesn't get it.
    """
    config = load(file, Options(state_dir=state_dir), needs_folders=False)

    from upnpserver.catalog.reader import Reader  # noqa: PLC0415
    from upnpserver.explain import able_to, rule_for  # noqa: PLC0415
    from upnpserver.explain import explain as explained  # noqa: PLC0415
    from upnpserver.rules.visibility import EVERYTHING, NOTHING  # noqa: PLC0415
    from upnpserver.scan.roots import CATALOG_FILE, catalog_file  # noqa: PLC0415
    from upnpserver.settings.families import shipped_families  # noqa: PLC0415
    from upnpserver.settings.rules import known_of, with_made  # noqa: PLC0415
    from upnpserver.who_sees import who_sees  # noqa: PLC0415

    families = config.families or shipped_families()
    seen = _seen_devices(config)
    rule = rule_for(device, seen, families, config.devices, config.letters_from)
    rule = able_to(rule, _encoders() if config.conversions else ())
    decisions = household_of(config, lambda household: household.decisions())
    made = household_of(config, lambda household: household.rules())
    rules = with_made(config.rules, made, known_of(config))
    visibility, line = who_sees(device, rules, config.devices, seen, decisions)
    wanted = bytes(path.absolute())
    try:
        whole = reader = Reader(config.state_dir / CATALOG_FILE)
        if visibility not in (EVERYTHING, NOTHING):
            reader = Reader(config.state_dir / catalog_file(visibility))
    except CatalogUnusable as error:
        raise StateFolderError(
            f"there is no catalog to look into ({error}): start the server, or run "
            "upnpserver scan"
        ) from error
    is_hidden = visibility == NOTHING or (
        whole.file_at(wanted) is not None and reader.file_at(wanted) is None
    )
    text, is_shown = explained(whole if is_hidden else reader, wanted, rule)
    if is_hidden:
        click.echo(f"{text.partition(chr(10) * 2)[0]}\n\nHidden: {line}.")
    else:
        click.echo(f"{text}\n\nRules   {line}" if line else text)
    sys.exit(is_hidden or not is_shown)


@commands.command(
    epilog=_examples("upnpserver check-config /etc/upnpserver/upnpserver.toml")
)
@click.argument(
    "named", metavar="[FILE]", required=False, type=click.Path(path_type=Path)
)
@click.option(
    "--config",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The same, as the other commands spell it.",
)
def check_config(named: Path | None, file: Path | None) -> None:
    """Tell whether the configuration in FILE is right, and what it means."""
    file = named or file
    if file is None:
        raise ConfigError('name the file, as in "upnpserver check-config FILE"')
    config = load(file, Options())
    check_interfaces(config.interfaces, _present_interfaces())
    click.echo(f"{file}: all is well\n{_described(config)}")


@commands.command(epilog=_examples("upnpserver version"))
def version() -> None:
    """Tell the version."""
    click.echo(f"upnpserver {__version__}")


@commands.command(
    epilog=_examples(
        "upnpserver completion bash > ~/.local/share/bash-completion/completions/"
        "upnpserver",
        "upnpserver completion fish > ~/.config/fish/completions/upnpserver.fish",
    )
)
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print what makes a shell complete commands and options."""
    from upnpserver import cli_pages  # noqa: PLC0415

    click.echo(cli_pages.completion(shell, commands))


@commands.command(epilog=_examples("upnpserver man | man -l -"))
def man() -> None:
    """Print the manual page."""
    from upnpserver import cli_pages  # noqa: PLC0415

    click.echo(cli_pages.manual(commands, __version__), nl=False)


def _seen_devices(config: Config) -> list[SeenDevice]:
    found: list[SeenDevice] = household_of(config, lambda kept: kept.devices())
    return found


def _encoders() -> Collection[str]:
    """Return what the ffmpeg that the server would find can code, nothing without."""
    import subprocess  # noqa: PLC0415

    from upnpserver.media.ffmpeg import LIST_ENCODERS, encoders_in  # noqa: PLC0415

    path = shutil.which("ffmpeg")
    if path is None:
        return ()
    command = [path, *LIST_ENCODERS]
    try:
        listed = subprocess.run(  # noqa: S603 - our own words to a program found by us
            command, capture_output=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return encoders_in(listed.stdout.decode("ascii", "replace"))


def _described(config: Config) -> str:
    lines = [
        ("friendly name", config.friendly_name),
        ("port", config.port or "the last one, 8200, or a free one"),
        ("interfaces", ", ".join(config.interfaces) or "every usable one"),
        ("other networks", ", ".join(map(str, config.networks)) or "none"),
        ("host names", ", ".join(config.names) or "none"),
        ("log level", config.log_level),
        ("state folder", config.state_dir),
    ]
    for library in config.libraries:
        folders = ", ".join(map(str, library.folders))
        only = "" if library.kinds == ALL_KINDS else f" ({', '.join(library.kinds)})"
        lines.append(("library", f"{library.name}: {folders}{only}"))
    return "\n".join(f"  {what:<15} {value}" for what, value in lines)


def _present_interfaces() -> list[str]:
    return [name for _, name in socket.if_nameindex()]
