"""The manual page and the completion say what the commands are."""

import os
import subprocess
import sys

import click
import pytest

from upnpserver.cli import commands
from upnpserver.cli_pages import completion, manual

PAGE = manual(commands, "1.0")


def test_every_command_and_option_is_in_the_manual():
    plain = PAGE.replace(r"\-", "-")
    for name, command in commands.commands.items():
        assert f".SS upnpserver {name}" in plain
        for one in command.params:
            if isinstance(one, click.Option) and one.help:
                assert one.opts[0] in plain


def test_it_is_a_page_without_a_fault():
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-z"],
        input=PAGE,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_completion(shell):
    assert "_UPNPSERVER_COMPLETE" in completion(shell, commands)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("upnpserver sta", "plain,status"),
        ("upnpserver devices --re", "plain,--record"),
        ("upnpserver completion f", "plain,fish"),
    ],
)
def test_what_was_begun_is_completed(words, offered):
    done = subprocess.run(
        [sys.executable, "-m", "upnpserver"],
        env=os.environ
        | {
            "_UPNPSERVER_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [offered]


def test_the_commands_print_them():
    done = subprocess.run(
        [sys.executable, "-m", "upnpserver", "man"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(".TH UPNPSERVER 1")
