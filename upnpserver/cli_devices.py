"""Commands that try other devices of the house: browse, search, play."""

import functools
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from upnpserver.cli_owner import asked, config_of, owner_options
from upnpserver.config import Config
from upnpserver.errors import CatalogUnusable, ConfigError

if TYPE_CHECKING:
    from upnpserver.control_point.described import Device
    from upnpserver.control_point.point import Point

F = TypeVar("F", bound=Callable[..., Any])
_SHOWN = 200


class House(NamedTuple):
    """The configuration that is meant, and who asks the devices of its networks."""

    config: Config
    point: "Point"


def _in_the_house(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that tell which networks are meant; the command gets a House."""

    @click.option(
        "--interface",
        "interfaces",
        metavar="NAME",
        multiple=True,
        help="Look on this network interface only; may be repeated.",
    )
    @owner_options
    @functools.wraps(command)
    def with_house(
        file: Path | None,
        state_dir: str | None,
        interfaces: tuple[str, ...],
        **given: Any,
    ) -> None:
        config = config_of(file, state_dir)
        command(House(config, _point(config, interfaces)), **given)

    return with_house


def _list_options(command: F) -> F:
    limit = click.option(
        "--limit",
        type=click.IntRange(1, 1_000_000),
        default=_SHOWN,
        show_default=True,
        help="Show so many at most.",
    )
    as_json = click.option(
        "--json", "as_json", is_flag=True, help="Print it for programs."
    )
    return limit(as_json(command))


@click.command(
    epilog='\b\nExamples:\n  upnpserver browse\n  upnpserver browse "Living room"\n'
    "  upnpserver browse 192.168.1.5 /Music/Albums"
)
@click.argument("server", metavar="[SERVER]", default="")
@click.argument("where", metavar="[PATH|ID]", default="/")
@_list_options
@_in_the_house
def browse(
    house: House,
    server: str,
    where: str,
    as_json: bool,
    limit: int,
) -> None:
    """Show what a media server of the house offers, or which there are.

    SERVER: its name or a part of it, its address, or its UUID. PATH: titles, each
    with a "/" before it; anything else is an ID, as the last column has it. Only the
    home network is asked; names are not looked up.
    """
    from upnpserver.control_point import told  # noqa: PLC0415
    from upnpserver.control_point.described import SERVER  # noqa: PLC0415

    servers = house.point.devices(SERVER)
    if not server:
        _show_devices(servers, as_json=as_json)
        return
    device = _chosen(servers, server, "media server")
    object_id = house.point.at_path(device, where) if where.startswith("/") else where
    found, _ = house.point.one_object(device, object_id)
    if not found.is_container:
        click.echo((told.object_json if as_json else told.object_text)(found))
        return
    page = house.point.children(device, object_id, limit)
    click.echo(told.page_json(page) if as_json else told.page_text(page, _columns()))


@click.command(
    epilog="\b\nExamples:\n  upnpserver search beatles\n"
    "  upnpserver search --on NAS 'upnp:class derivedfrom \"object.item.videoItem\"'"
)
@click.argument("text", metavar="TEXT|CRITERIA")
@click.option("--on", "server", metavar="SERVER", default="", help="Ask this server.")
@_list_options
@_in_the_house
def search(
    house: House,
    text: str,
    server: str,
    as_json: bool,
    limit: int,
) -> None:
    """Let a media server search for TEXT in the titles of all that it plays.

    SERVER as for browse; it may be left out where there is only one. What holds a
    quoted word is taken as criteria of UPnP. Exit with 1 if nothing is found.
    """
    from upnpserver.control_point import told  # noqa: PLC0415
    from upnpserver.control_point.calls import title_criteria  # noqa: PLC0415
    from upnpserver.control_point.described import SERVER  # noqa: PLC0415

    device = _chosen(house.point.devices(SERVER), server, "media server")
    page = house.point.search(device, title_criteria(text), limit)
    click.echo(told.page_json(page) if as_json else told.page_text(page, _columns()))
    raise SystemExit(int(not page.objects))


@click.command(
    epilog="\b\nExamples:\n  upnpserver play\n  upnpserver play ~/Music/song.mp3 on"
    ' Kitchen\n  upnpserver play --from NAS "/Music/All/Some song" on Kitchen\n'
    "  upnpserver play --stop on Kitchen"
)
@click.argument("words", metavar="[FILE|PATH|ID] on [RENDERER]", nargs=-1)
@click.option("--from", "server", metavar="SERVER", default="", help="Where it lies.")
@click.option("--stop", is_flag=True, help="End what is played there.")
@click.option("--volume", type=click.IntRange(0, 100), help="Set how loud it is.")
@_in_the_house
def play(
    house: House,
    words: tuple[str, ...],
    server: str,
    stop: bool,
    volume: int | None,
) -> None:
    """Let a renderer of the house play something, or show which there are.

    FILE is a file of this machine that its running server shares; PATH and ID are
    those of a server, as browse shows them. RENDERER: its name or a part of it, its
    address, or its UUID.
    """
    from upnpserver.control_point.described import RENDERER  # noqa: PLC0415
    from upnpserver.control_point.told import clean  # noqa: PLC0415

    renderers = house.point.devices(RENDERER)
    what, wanted = _said(words)
    if not (what or wanted):
        _show_devices(renderers, as_json=False)
        return
    renderer = _chosen(renderers, wanted, "renderer")
    if volume is not None:
        house.point.set_volume(renderer, volume)
    if stop:
        house.point.stop(renderer)
    if what:
        device, object_id = _meant(house, what, server)
        found, document = house.point.one_object(device, object_id)
        mime = house.point.play(renderer, found, document)
        click.echo(clean(f"{renderer.name} plays {found.title} ({mime})"))


def _said(words: tuple[str, ...]) -> tuple[str, str]:
    """Return what is to be played, and where; "" for what was not said."""
    before, after = words, words[:0]
    if "on" in words:
        at = len(words) - 1 - words[::-1].index("on")
        before, after = words[:at], words[at + 1 :]
    if len(before) > 1 or len(after) > 1:
        raise ConfigError("say it like this: upnpserver play WHAT on RENDERER")
    return "".join(before), "".join(after)


def _meant(house: House, what: str, server: str) -> tuple["Device", str]:
    """Return the server and the id of what is to be played. Raises ConfigError."""
    from upnpserver.control_point.described import SERVER  # noqa: PLC0415

    path = Path(what)
    if not server and path.is_file():
        return _own_server(house), _shared(house.config, path)
    device = _chosen(house.point.devices(SERVER), server, "media server")
    return device, house.point.at_path(device, what) if what.startswith("/") else what


def _own_server(house: House) -> "Device":
    for url in asked(house.config, do="status")["addresses"]:
        for device in house.point.at(f"{url.partition(' ')[0]}description.xml"):
            return device
    raise ConfigError("the server of this machine has no address yet")


def _shared(config: Config, path: Path) -> str:
    """Return the id of a file of this machine's server. Raises ConfigError."""
    from upnpserver.catalog.reader import Reader  # noqa: PLC0415
    from upnpserver.scan.roots import CATALOG_FILE  # noqa: PLC0415

    try:
        file = Reader(config.state_dir / CATALOG_FILE).file_at(
            os.fsencode(path.absolute())
        )
    except CatalogUnusable as error:
        raise ConfigError(f"there is no catalog to look into ({error})") from error
    if file is None or not file.object_id:
        raise ConfigError(f"the server of this machine doesn't share {path}")
    return str(file.object_id)


def _point(config: Config, interfaces: tuple[str, ...]) -> "Point":
    from upnpserver.control_point.point import Point  # noqa: PLC0415
    from upnpserver.net.interfaces import usable_interfaces  # noqa: PLC0415
    from upnpserver.offline import guard  # noqa: PLC0415
    from upnpserver.offline.addresses import Network, neighbour_networks  # noqa: PLC0415

    usable = usable_interfaces(interfaces or config.interfaces).usable
    with_ipv4 = [one for one in usable if one.ipv4]
    if not with_ipv4:
        raise ConfigError('no home network is there: see "upnpserver doctor"')
    own: list[Network] = [each.network for one in usable for each in one.ipv4]
    own += [each.network for one in usable for each in one.ipv6]
    guard.update(own, config.networks)
    return Point(with_ipv4, neighbour_networks(own, config.networks))


def _chosen(devices: list["Device"], wanted: str, what: str) -> "Device":
    from upnpserver.control_point.point import chosen  # noqa: PLC0415

    return chosen(devices, wanted, what)


def _show_devices(devices: list["Device"], *, as_json: bool) -> None:
    from upnpserver.control_point import told  # noqa: PLC0415

    if as_json:
        click.echo(told.devices_json(devices))
    else:
        click.echo(told.devices_text(devices, _columns()) or "no such device answers")
    raise SystemExit(int(not devices))


def _columns() -> int:
    return shutil.get_terminal_size().columns
