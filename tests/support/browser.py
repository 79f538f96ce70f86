"""A real browser without a screen: Chromium, as it comes with Debian."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from support.netns import Host

_ARGUMENTS = (
    *("chromium", "--headless=new", "--no-sandbox", "--disable-gpu"),
    *("--no-first-run", "--disable-sync", "--disable-component-update"),
    *("--disable-background-networking", "--disable-default-apps"),
    *("--virtual-time-budget=4000", "--enable-logging=stderr", "--v=0"),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of opening a page.

    document: the DOM as HTML, after scripts. requested: every address that it
    asked for. console: what it complained of. picture: PNG of the window.
    """

    document: str
    requested: list[str]
    console: list[str]
    picture: bytes


def visit(
    host: Host, url: str, folder: Path, *, width: int = 1280, is_dark: bool = False
) -> Visit:
    """Open a page on a host, in a new profile."""
    log, picture = folder / "net-log.json", folder / "page.png"
    common = (
        *_ARGUMENTS,
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={width},900",
        f"--blink-settings=preferredColorScheme={0 if is_dark else 1}",
    )
    dumped = _run(host, *common, f"--log-net-log={log}", "--dump-dom", url)
    _run(host, *common, f"--screenshot={picture}", url)
    console = re.findall(r"CONSOLE[^\n]*", dumped.stderr)
    return Visit(dumped.stdout, _requested(log), console, picture.read_bytes())


def _run(host: Host, *argv: str) -> subprocess.CompletedProcess[str]:
    return host.run(*argv, timeout_s=60)


def _requested(log: Path) -> list[str]:
    """Return the addresses in a network log; one that was cut short is mended."""
    text = log.read_text(errors="replace")
    try:
        events = json.loads(text)["events"]
    except ValueError:
        events = json.loads(text.rstrip().rstrip(",") + "]}")["events"]
    # The browser asks its maker for the time and the like, with no page behind it.
    asked = [event["params"] for event in events if "url" in event.get("params", {})]
    by_pages = [one for one in asked if one.get("initiator", "").startswith("http")]
    return list(dict.fromkeys(one["url"] for one in by_pages))
