"""The manual page and the completion of shells, made from the commands themselves."""

import re
from collections.abc import Iterator

import click
from click.shell_completion import get_completion_class

_PROGRAM = "upnpserver"
_COMPLETE = "_UPNPSERVER_COMPLETE"  # as click names it


def manual(commands: click.Group, version: str) -> str:
    """Return the manual page in roff. Source: man(7)."""
    context = click.Context(commands, info_name=_PROGRAM)
    summary = "share music, films and pictures with the devices of the house"
    lines = [
        f'.TH {_PROGRAM.upper()} 1 "" "{_PROGRAM} {version}" "User Commands"',
        ".SH NAME",
        rf"{_PROGRAM} \- {summary}",
        ".SH SYNOPSIS",
        f".B {_PROGRAM}",
        r".I COMMAND",
        r"[\fIOPTION\fR]...",
        ".SH DESCRIPTION",
        *_paragraphs(commands.help or ""),
        ".SH COMMANDS",
    ]
    for name in sorted(commands.list_commands(context)):
        command = commands.get_command(context, name)
        assert command is not None
        lines += _command(command, click.Context(command, context, info_name=name))
    lines += [
        ".SH FILES",
        ".TP",
        r".I /etc/upnpserver/upnpserver.toml",
        "the configuration of the service; each key is explained in it.",
        ".TP",
        r".I ~/.local/state/upnpserver",
        "UUID and databases, if no other folder is named.",
        ".SH EXIT STATUS",
        "0 if all is well, 1 if something was found that is not, 2 if the owner must"
        " change something: the message says what.",
    ]
    return "\n".join(lines) + "\n"


def completion(shell: str, commands: click.Group) -> str:
    """Return what a shell reads to complete commands and options."""
    made = get_completion_class(shell)
    assert made is not None
    return made(commands, {}, _PROGRAM, _COMPLETE).source()


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    yield f".SS {_escaped(f'{_PROGRAM} {context.info_name} {usage}')}"
    yield from _paragraphs(command.help or "")
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None or parameter.name == "help" or not record[1]:
            continue
        yield ".TP"
        yield rf"\fB{_escaped(record[0])}\fR"
        yield _escaped(record[1])
    if command.epilog:
        yield from _examples(command.epilog)


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of a help text."""
    for paragraph in re.split(r"\n\s*\n", text.replace("\b", "").strip()):
        yield ".PP"
        yield _escaped(" ".join(paragraph.split()))


def _examples(epilog: str) -> Iterator[str]:
    title, *lines = epilog.replace("\b", "").strip().splitlines()
    yield ".PP"
    yield _escaped(title)
    yield ".nf"
    yield from (f"  {_escaped(line.strip())}" for line in lines)
    yield ".fi"


def _escaped(text: str) -> str:
    """Return text in which roff finds nothing to do. Source: groff(7)."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{text}" if text.startswith((".", "'")) else text
