"""What is neither a file nor a folder: passed by with its reason, whenever it comes."""

import os
import socket
from contextlib import closing

import pytest

from upnpserver.scan.messages import InRoot, Look, Scan, ScanRoot, Trouble
from upnpserver.scan.watches import Watches
from upnpserver.scan.worker import Session

KINDS = ("audio", "image", "video")


def pipe(folder):
    os.mkfifo(folder / "pipe.mp3")


def unix_socket(folder):
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(folder / "socket.mp3"))


def device(folder):
    try:
        os.mknod(folder / "device.mp3", 0o600 | 0o020000, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes device nodes")


def dead_link(folder):
    (folder / "link.mp3").symlink_to("nowhere.mp3")


def link_to_itself(folder):
    (folder / "loop.mp3").symlink_to("loop.mp3")


def link_out(folder):
    (folder / "out.mp3").symlink_to("/etc/hostname")


ODD = {
    pipe: "a pipe, socket or device",
    unix_socket: "a pipe, socket or device",
    device: "a pipe, socket or device",
    dead_link: "a link to nothing",
    link_to_itself: "a link to nothing",
    link_out: "leads out of the library's folder",
}


@pytest.fixture
def scanner(tmp_path, monkeypatch):
    """Return what carries out an order and returns its troubles."""
    # AF_UNIX has no room for long paths.
    monkeypatch.chdir(tmp_path)
    heard = []
    session = Session(heard.append, lambda: False, Watches(None, heard.append))

    def told(order):
        heard.clear()
        session.do(order)
        return [one.text for one in heard if isinstance(one, Trouble)]

    with closing(session):
        yield told


@pytest.mark.parametrize("make", ODD)
def test_it_is_told_by_a_scan_and_by_a_look_alike(scanner, tmp_path, make):
    folder = tmp_path / "media"
    folder.mkdir()
    catalog = os.fsencode(tmp_path / "catalog.sqlite")
    roots = (ScanRoot("Home", (), os.fsencode(folder), KINDS),)
    assert scanner(Scan(catalog, roots)) == []

    make(folder)
    look = Look(catalog, roots, folders=(InRoot(0, b""),))
    for order in (look, Scan(catalog, roots)):
        (line,) = scanner(order)
        assert line.startswith("library Home: passed by")
        assert ODD[make] in line
