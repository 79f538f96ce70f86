"""A scanner that is killed at any moment: nothing is lost, and nothing differs."""

import random
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
from bench.library import make_library
from support.dump import dump
from support.scanner import COMMAND, order_line, scanned

ITEMS = 1500
KILLS = 8


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed") / "media"
    make_library(folder, ITEMS)
    return folder


@pytest.fixture(scope="module")
def undisturbed(media, tmp_path_factory):
    """Return the dump of a catalog built at once, and the seconds it took."""
    catalog = tmp_path_factory.mktemp("undisturbed") / "catalog.sqlite"
    began = time.monotonic()
    assert scanned(catalog, media).read == ITEMS
    return dump(catalog), time.monotonic() - began


def killed_after(seconds, catalog, media):
    """Start a scan, and end it by SIGKILL so much later."""
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as scanner:
        scanner.stdin.write(order_line(catalog, media))
        scanner.stdin.flush()
        time.sleep(seconds)
        scanner.send_signal(signal.SIGKILL)


def damage(catalog: Path) -> list[str]:
    """Return what SQLite finds wrong in it; a catalog not begun is whole."""
    if not catalog.exists():
        return []
    with closing(sqlite3.connect(catalog)) as rows:
        found = [row[0] for row in rows.execute("pragma integrity_check")]
        found += map(str, rows.execute("pragma foreign_key_check"))
    return [line for line in found if line != "ok"]


def test_killed_again_and_again_it_becomes_the_same_catalog(
    media, undisturbed, tmp_path
):
    expected, seconds = undisturbed
    catalog, chance = tmp_path / "catalog.sqlite", random.Random(3)
    for _ in range(KILLS):
        killed_after(chance.uniform(0, seconds), catalog, media)
        assert damage(catalog) == []
    scanned(catalog, media)
    assert dump(catalog) == expected
    assert not list(tmp_path.glob("*unusable*"))
    assert scanned(catalog, media).read == 0


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "TZ": "Pacific/Apia", "PYTHONHASHSEED": "1"},
        {"LC_ALL": "tr_TR.UTF-8", "TZ": "America/St_Johns", "PYTHONHASHSEED": "2"},
    ],
)
def test_the_same_in_any_locale_and_time_zone(
    media, undisturbed, tmp_path, environment
):
    catalog = tmp_path / "catalog.sqlite"
    scanned(catalog, media, **environment)
    assert dump(catalog) == undisturbed[0]
