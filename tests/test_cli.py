"""The commands, and the way from them to the server."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from upnpserver import __version__
from upnpserver.cli import commands

COMMANDS = ["serve", "scan", "devices", "check-config", "version"]


@pytest.fixture
def media(tmp_path, monkeypatch):
    (tmp_path / "music").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def help_of(*command):
    result = CliRunner().invoke(commands, [*command, "--help"])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_each_help_has_an_example_that_is_a_line_of_its_own(command):
    text = help_of(command)
    assert re.search(rf"Examples:\n    upnpserver {command}\b.*$", text, re.MULTILINE)
    assert all(len(line) < 80 for line in text.splitlines())


def test_the_help_names_every_command():
    assert all(command in help_of() for command in COMMANDS)


def run(*arguments, code="from upnpserver.__main__ import main; main()", **more):
    """Run the program as a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        **more,
    )


@pytest.mark.parametrize("arguments", [["version"], ["--version"]])
def test_tells_its_version(arguments):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (0, f"upnpserver {__version__}\n")


def test_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "upnpserver", "version"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert __version__ in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve"], "no folder to share"),
        (["serve", "musik"], "music?"),
        (["serve", "music", "--port", "70000"], "--port: must be a whole number"),
        (["serve", "music", "--interface", "none0"], "no network interface 'none0'"),
        (["serve", "--config", "none.toml"], "cannot read"),
        (["scan"], "no folder to share"),
        (["check-config"], "name the file"),
        (["check-config", "none.toml"], "cannot read"),
        (["check-config", "--config", "none.toml"], "cannot read"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(media, arguments, said):
    done = run(*arguments)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("upnpserver: ")
    assert said in done.stderr


def test_an_unknown_option_is_exit_code_2(media):
    done = run("serve", "music", "--prot", "1")
    assert done.returncode == 2
    assert "Did you mean '--port'?" in done.stderr


def test_check_config_says_what_a_file_means(media):
    (media / "up.toml").write_text(
        '[[library]]\nname = "Songs"\nfolders = ["music"]\nkinds = ["audio"]\n'
    )
    expected = f"library         Songs: {media / 'music'} (audio)"
    for arguments in (["up.toml"], ["--config", "up.toml"]):
        done = run("check-config", *arguments)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("up.toml: all is well\n")
        assert expected in done.stdout


def test_check_config_knows_the_interfaces(media):
    file = media / "up.toml"
    file.write_text('interfaces = ["none0"]\n[[library]]\nfolders = ["music"]\n')
    done = run("check-config", file)
    assert done.returncode == 2
    assert "no network interface 'none0'" in done.stderr


# The real daemon is put aside: what counts here is what reaches it, and how.
SERVE = """
    import sys, types
    daemon = types.ModuleType("upnpserver.net.process")
    def run(config, reread):
        import os, socket
        from upnpserver.errors import BeyondLocalNetwork, StateFolderError
        try:
            socket.create_connection(("name.example", 80))
        except BeyondLocalNetwork:
            print("guarded")
        print(config.friendly_name, config.port)
        for library in config.libraries:
            print(library.name, *map(os.fsencode, library.folders))
        if config.port == 81:
            raise StateFolderError("in use")
        return 3
    daemon.run = run
    sys.modules["upnpserver.net.process"] = daemon
    from upnpserver.__main__ import main
    main()
"""


def test_what_was_given_reaches_the_server(media):
    odd = os.fsdecode(b"odd-\xff")
    (media / odd).mkdir()
    server = subprocess.Popen(
        [
            *(sys.executable, "-c", textwrap.dedent(SERVE), "serve", "music", odd),
            *("--name", "Attic", "--port", "80"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    output, errors = server.communicate(timeout=60)
    assert output.splitlines() == [
        "guarded",
        "Attic 80",
        f"music {bytes(media / 'music')}",
        f"odd-\ufffd {bytes(media / odd)}",
    ], errors
    assert server.returncode == 3


def test_what_the_server_finds_wrong_is_told_in_the_same_way(media):
    done = run("serve", "music", "--port", "81", code=SERVE)
    assert (done.returncode, done.stderr) == (2, "upnpserver: in use\n")


def test_the_guard_is_there_before_anything_is_imported():
    code = """
    import sys
    before = set(sys.modules)
    order = []
    class Watch:
        def find_spec(self, name, path=None, target=None):
            order.append(name)
    from upnpserver.__main__ import main
    loaded = set(sys.modules) - before
    assert not {n.split(".")[0] for n in loaded} & {"click", "twisted", "lxml"}, loaded
    sys.meta_path.insert(0, Watch())
    from upnpserver.offline import guard
    install = guard.install
    def noted():
        order.append("INSTALLED")
        install()
    guard.install = noted
    try:
        main()
    finally:
        assert order[0] == "INSTALLED", order
        assert "click" in order
    """
    done = run("version", code=code)
    assert done.returncode == 0, done.stderr


def test_the_installed_command_starts_where_the_guard_is():
    setup = (Path(__file__).parents[1] / "setup.cfg").read_text()
    assert "upnpserver = upnpserver.__main__:main" in setup
