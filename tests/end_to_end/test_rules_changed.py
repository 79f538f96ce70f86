"""Rules that change while the real server runs: on the page, and by SIGHUP."""

import re
import shutil
import signal

import pytest
from support.daemon import NO_CATALOG_YET, running_daemon, wait_for
from support.make_media import FIXTURES
from support.owner_browser import OwnerBrowser
from support.upnp_client import Fault, fetch

pytestmark = pytest.mark.end_to_end

CONFIG = """
[[library]]
name = "Home"
folders = ["media"]
"""
KIDS = """
[[profile]]
name = "Kids"
devices = ["{address}"]
kinds = ["image"]
"""


@pytest.fixture
def house(home, tmp_path):
    shutil.copytree(FIXTURES / "household", tmp_path / "media")
    config = tmp_path / "upnpserver.toml"
    config.write_text(CONFIG)
    with running_daemon(home.server, tmp_path / "state", config=config) as daemon:
        server = daemon.seen_by(home.client)
        wait_for("the library", lambda: "scan:" in daemon.output())
        yield daemon, server, config


def tops(server):
    return {one.title for one in server.children("0")}


def is_limited(server):
    try:
        return tops(server) & {"Music", "Videos", "Pictures"} == {"Pictures"}
    except Fault as fault:
        if fault.code != NO_CATALOG_YET:
            raise
        return False


def test_a_profile_made_on_the_page_holds_at_once_everywhere(home, house):
    _, server, _ = house
    assert {"Music", "Videos", "Pictures"} <= tops(server)
    films = [
        one.resources[0].url
        for one in server.walk()
        if one.resources and one.resources[0].mime.startswith("video/")
    ]
    assert fetch(home.client, films[0], "HEAD").status == 200
    owner = OwnerBrowser(home.server, "127.0.0.1")
    status, page = owner.post(
        "/rules",
        form=owner.form_token(),
        kind="profile",
        name="Kids",
        devices=home.client.ipv4,
        libraries="Home",
        kinds="image",
        may_unlock="yes",
    )
    assert (status, "Done." in page) == (200, True)
    wait_for("the rule", lambda: is_limited(server))
    assert fetch(home.client, films[0], "HEAD").status == 404
    owner.post(
        "/rules", form=owner.form_token(), kind="profile", name="Kids", do="remove"
    )
    wait_for("everything", lambda: {"Music", "Videos"} <= tops(server))
    assert fetch(home.client, films[0], "HEAD").status == 200


def test_a_rule_made_on_the_page_is_there_after_a_restart(home, house, tmp_path):
    daemon, server, config = house
    owner = OwnerBrowser(home.server, "127.0.0.1")
    owner.post(
        "/rules",
        form=owner.form_token(),
        kind="profile",
        name="Kids",
        devices=home.client.ipv4,
        libraries="Home",
        kinds="image",
    )
    wait_for("the rule", lambda: is_limited(server))
    assert daemon.end() == 0
    with running_daemon(home.server, tmp_path / "state", config=config) as again:
        assert is_limited(again.seen_by(home.client))


def test_a_configuration_read_again_holds_at_once(home, house):
    daemon, server, config = house
    config.write_text(CONFIG + KIDS.format(address=home.client.ipv4))
    daemon.process.send_signal(signal.SIGHUP)
    wait_for("the rule", lambda: is_limited(server))
    assert "its rules and devices hold" in daemon.output()
    config.write_text(CONFIG)
    daemon.process.send_signal(signal.SIGHUP)
    wait_for("everything", lambda: {"Music", "Videos"} <= tops(server))


def test_secret_addresses_work_for_who_was_told_them_only(home, house):
    daemon, server, config = house
    guessed = [one.resources[0].url for one in server.walk() if one.resources]
    secret = KIDS.format(address=home.client.ipv4).replace(
        'kinds = ["image"]', "secret_addresses = true"
    )
    config.write_text(CONFIG + secret)
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(
        "secrets",
        lambda: all(
            "/s/" in one.resources[0].url for one in server.walk() if one.resources
        ),
    )
    every = [
        resource.url
        for one in server.walk()
        for resource in one.resources
        if "http-get" in resource.protocol_info
    ]
    assert len(every) > len(guessed)
    assert {fetch(home.client, url, "HEAD").status for url in every} == {200}
    assert {fetch(home.client, url, "HEAD").status for url in guessed} == {404}
    page = fetch(home.client, f"http://{home.server.ipv4}:{daemon.port}/")
    paths = re.findall(r'src="(/s/[^"]+)"', page.body.decode())
    assert paths
    assert not re.findall(r'src="/(picture|media)/', page.body.decode())
    url = f"http://{home.server.ipv4}:{daemon.port}{paths[0]}"
    assert fetch(home.client, url).status == 200
    assert fetch(home.server, url).status == 404


def test_a_mistake_in_it_changes_nothing_and_is_told(home, house):
    daemon, server, config = house
    config.write_text(CONFIG + KIDS.format(address=home.client.ipv4))
    daemon.process.send_signal(signal.SIGHUP)
    wait_for("the rule", lambda: is_limited(server))
    config.write_text(CONFIG + "[[profile]]\nname = 'Kids'\nages = 6\n")
    daemon.process.send_signal(signal.SIGHUP)
    said = "the configuration is not changed: "
    wait_for("the reason", lambda: said in daemon.output())
    assert "ages" in daemon.output().partition(said)[2]
    assert is_limited(server)


def test_what_needs_a_restart_is_told(home, house):
    daemon, _, config = house
    config.write_text("friendly_name = 'Another'\n" + CONFIG)
    daemon.process.send_signal(signal.SIGHUP)
    wait_for("it", lambda: "changes of friendly_name need a restart" in daemon.output())


def test_many_changes_leave_nothing_behind(home, house):
    daemon, server, config = house
    fds = home.server.run("ls", f"/proc/{daemon.process.pid}/fd").stdout.split()
    for number in range(6):
        config.write_text(
            CONFIG
            + KIDS.format(address=home.client.ipv4)
            + f"hidden = ['media/{number}']\n"
        )
        before = daemon.output().count("its rules and devices hold")
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(
            "the rules",
            lambda before=before: daemon.output().count("devices hold") > before,
        )
        wait_for("the catalog", lambda: is_limited(server))
    config.write_text(CONFIG)
    daemon.process.send_signal(signal.SIGHUP)
    wait_for("everything", lambda: {"Music", "Videos"} <= tops(server))
    kept = list((daemon.state_dir).glob("catalog-*.sqlite"))
    wait_for("the end", lambda: not list(daemon.state_dir.glob("catalog-*.sqlite")))
    assert len(kept) <= 1
    now = home.server.run("ls", f"/proc/{daemon.process.pid}/fd").stdout.split()
    assert len(now) <= len(fds) + 4
