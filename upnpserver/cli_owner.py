"""Commands for the running server: allow, block, forget, and the owner's others."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from upnpserver.config import Config
from upnpserver.errors import ConfigError
from upnpserver.model import MadeRule
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


@click.command(
    epilog="\b\nExamples:\n  upnpserver rules\n  upnpserver rules --remove Children"
)
@click.option("--remove", metavar="NAME", help="Remove what was made on the page.")
@owner_options
def rules(remove: str | None, file: Path | None, state_dir: str | None) -> None:
    """List the profiles and locks that were made on the owner's page.

    Those of the configuration are in its file. --remove also works while the server
    doesn't start because a rule no longer fits the configuration.
    """
    config = config_of(file, state_dir)
    made = household_of(config, lambda household: household.rules())
    if remove is None:
        for one in made:
            click.echo(f"{one.kind}  {one.name}  {one.told}".rstrip())
        return
    found = [one for one in made if one.name == remove]
    if not found:
        raise ConfigError(f"no rule {remove!r} was made on the owner's page")
    for one in found:
        _remove_rule(config, one)
    click.echo(f"{remove} is removed")


def _remove_rule(config: Config, rule: MadeRule) -> None:
    """Let the running server remove it; without one, change the file."""
    from upnpserver.errors import StateFolderError  # noqa: PLC0415
    from upnpserver.state import State  # noqa: PLC0415

    try:
        with State.open(config.state_dir):
            gone = rule._replace(told="")
            household_of(config, lambda household: household.write_rule(gone))
    except StateFolderError:  # in use
        asked(config, do="rule", kind=rule.kind, name=rule.name)


@click.command(
    epilog="\b\nExamples:\n  upnpserver password\n  sudo upnpserver password"
    " --config /etc/upnpserver/upnpserver.toml\n  upnpserver password --remove"
)
@click.option("--remove", is_flag=True, help="Open the page to this machine alone.")
@owner_options
def password(remove: bool, file: Path | None, state_dir: str | None) -> None:
    """Set the password of the owner's page, so that any browser may use it.

    On that page devices are let in, limited and blocked. It is asked for here, twice,
    or read from standard input. Kept is only what a password can be checked with.
    """
    config = config_of(file, state_dir)

    from upnpserver.owner.password import check_new, hashed  # noqa: PLC0415

    line = ""
    if not remove:
        given = _asked_password()
        check_new(given)
        line = hashed(given)
    port = _keep_password(config, line)
    click.echo("the password is removed" if remove else "the password is kept")
    if port and not remove:
        click.echo(_page_told(config, port))


def _asked_password() -> str:
    """Return what is typed twice on a terminal, or the first line of a pipe."""
    if sys.stdin.isatty():
        text: str = click.prompt(
            "New password", hide_input=True, confirmation_prompt=True
        )
        return text
    return sys.stdin.readline().rstrip("\n")


def _keep_password(config: Config, line: str) -> int:
    """Keep it; return the port of the page, 0 if there is none. Raises ConfigError."""
    from upnpserver.errors import StateFolderError  # noqa: PLC0415
    from upnpserver.state import State  # noqa: PLC0415

    try:
        with State.open(config.state_dir) as state:
            state.keep_password(line)
            return 0
    except StateFolderError:  # in use
        return int(asked(config, do="password", kept=line)["port"])


def _page_told(config: Config, port: int) -> str:
    from upnpserver.owner import certificate  # noqa: PLC0415

    if not certificate.is_possible():
        return (
            f"the page: http://ADDRESS:{port}/ (not encrypted: install upnpserver[tls])"
        )
    pair = certificate.kept_or_made(config.state_dir, os.uname().nodename, ())
    return (
        f"the page: https://ADDRESS:{port}/\n"
        "browsers ask once whether to trust it; its fingerprint (SHA-256) is\n"
        f"  {pair.fingerprint}"
    )


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


@click.command(
    epilog="\b\nExamples:\n  upnpserver privacy\n"
    "  upnpserver privacy --json > kept.json\n"
    "  upnpserver privacy --forget 192.168.1.20\n  upnpserver privacy --forget all"
)
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
@click.option(
    "--forget", "forgotten", metavar="DEVICE|all", help="Forget a device, or all."
)
@owner_options
def privacy(
    as_json: bool, forgotten: str | None, file: Path | None, state_dir: str | None
) -> None:
    """List all that is kept of devices and people: what, since when, and why.

    Also while the server runs. --forget takes a device by its address, MAC address
    or configured name; "all" forgets plays and decisions of the owner, too.
    """
    config = config_of(file, state_dir)

    from upnpserver import kept_data  # noqa: PLC0415

    if forgotten is not None:
        _forget_kept(config, forgotten)
        click.echo(f"nothing is kept of {forgotten} any more")
        return
    kept = household_of(config, lambda household: household.kept())
    if as_json:
        click.echo(kept_data.exported(kept))
    else:
        click.echo(kept_data.told(kept, str(config.state_dir)))


def _forget_kept(config: Config, device: str) -> None:
    """Let the running server forget, as it remembers; without one, change the file."""
    from upnpserver.errors import StateFolderError  # noqa: PLC0415
    from upnpserver.state import State  # noqa: PLC0415

    try:
        with State.open(config.state_dir):
            everything = device == "all"
            household_of(
                config,
                lambda household: household.forget(
                    None if everything else _places_in(household.kept(), device, config)
                ),
            )
    except StateFolderError:  # in use
        asked(config, do="privacy-forget", device=device)


def _places_in(kept: dict[str, Any], device: str, config: Config) -> list[str]:
    """Return by what a device is known: its address, and what was seen there."""
    names = {device.lower()}
    for named in config.devices:
        if named.name.casefold() == device.casefold():
            names |= named.macs | set(map(str, named.addresses))
    rows = kept.get("device", [])
    seen = {row["place"] for row in rows if {row["address"], row["mac"]} & names}
    return sorted(names | seen)


def household_of(config: Config, use: Callable[[Any], Any]) -> Any:
    """Return what use() makes of the household's file. Raises ConfigError."""
    from upnpserver.catalog.household import (  # noqa: PLC0415
        HOUSEHOLD_FILE,
        Household,
    )
    from upnpserver.errors import HouseholdUnusable  # noqa: PLC0415

    path = config.state_dir / HOUSEHOLD_FILE
    try:
        return use(Household(path))
    except HouseholdUnusable as error:
        raise ConfigError(
            f"cannot read {path}: {error}; restore it, or move it away to begin anew"
        ) from error


@click.command(
    epilog="\b\nExamples:\n  upnpserver status\n"
    "  sudo upnpserver status --config /etc/upnpserver/upnpserver.toml --json"
)
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
@owner_options
def status(as_json: bool, file: Path | None, state_dir: str | None) -> None:
    """Tell how the running server is: where, since when, what it holds and does.

    Exit with 0 if all is well, with 1 if a disk is away or folders can't be watched,
    with 2 if no server runs.
    """
    told = asked(config_of(file, state_dir), do="status")

    from upnpserver.status_report import is_well, report  # noqa: PLC0415

    click.echo(json.dumps(told, indent=2) if as_json else report(told))
    raise SystemExit(int(not is_well(told)))


@click.command(
    epilog="\b\nExamples:\n  upnpserver offline-report\n"
    "  upnpserver offline-report --json"
)
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
@owner_options
def offline_report(as_json: bool, file: Path | None, state_dir: str | None) -> None:
    """Try each layer that keeps everything in the house, and tell whether it holds.

    Exit with 1 if one doesn't. Nothing is sent for it. What the running server has
    stopped is counted, too.
    """
    config = config_of(file, state_dir)

    from upnpserver import offline_report as report  # noqa: PLC0415

    try:
        refused = asked(config, do="refused")["refused"]
    except ConfigError:
        refused = None
    found = report.findings()
    show = report.report_json if as_json else report.report
    click.echo(show(found, refused))
    raise SystemExit(int(any(one.holds is False for one in found)))


@click.command(
    epilog="\b\nExamples:\n  upnpserver doctor\n"
    "  sudo upnpserver doctor --config /etc/upnpserver/upnpserver.toml"
)
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
@owner_options
def doctor(as_json: bool, file: Path | None, state_dir: str | None) -> None:
    """Look for what goes wrong in real homes, and say what to do about it.

    Network, switches, firewall, ports, folders, disks, limits, clock. Exit with 1 if
    something is wrong. It sends searches to the home network, and nothing elsewhere.
    """
    config = config_of(file, state_dir)

    from upnpserver.doctor import findings  # noqa: PLC0415
    from upnpserver.doctor.machine import machine_findings  # noqa: PLC0415
    from upnpserver.doctor.network import PORTS, Server, network_findings  # noqa: PLC0415
    from upnpserver.state import kept_port, kept_uuid  # noqa: PLC0415

    try:
        asked(config, do="refused")
        is_running = True
    except ConfigError:
        is_running = False
    port = config.port or kept_port(config.state_dir) or PORTS[0]
    found = [
        *network_findings(
            config, Server(kept_uuid(config.state_dir), port, is_running)
        ),
        *machine_findings(config),
    ]
    click.echo((findings.report_json if as_json else findings.report)(found))
    raise SystemExit(int(any(one.state == "bad" for one in found)))
