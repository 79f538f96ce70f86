"""Every parser stands its seeds, and being fuzzed for a while."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
SECONDS = 36  # for all together; two at a time, and some more to begin
# parse_* that is no target of its own, and through which one it is reached.
REACHED = {
    "parse_unsubscribe": "it reads one header, as parse_subscribe does",
    "parse_number": "search-criteria",
    "parse_comments": "file-flac",
    "parse_frame": "file-mp3",
}


@pytest.mark.parametrize("name", TARGETS)
def test_its_seeds_are_read_or_refused(name):
    target = TARGETS[name]
    for seed in target.seeds:
        for data in (seed, seed[: len(seed) // 2], seed + b"\0", seed[::-1]):
            run(target, data)


def run(target, data):
    try:
        target.run(data)
    except target.allowed:
        return


@pytest.mark.timeout(400)
def test_all_stand_being_fuzzed_for_a_while():
    pytest.importorskip("atheris", reason="atheris has no wheel for this Python")
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--all", "--seconds", str(SECONDS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=380,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(TARGETS)} of {len(TARGETS)} parsers hold" in done.stdout


def test_every_parser_of_what_comes_from_outside_is_there():
    named = set(ast.walk(ast.parse((ROOT / "tests/fuzz/targets.py").read_text())))
    used = {node.id for node in named if isinstance(node, ast.Name)}
    parsers = {
        node.name
        for room in ("upnp", "dlna", "net", "media", "scan", "devices")
        for path in (ROOT / "upnpserver" / room).glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("parse_")
    }
    assert parsers - used - set(REACHED) == set()
