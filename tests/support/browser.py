"""A real browser without a screen: Chromium, as it comes with Debian.

It is told what to do over pipes, in the DevTools protocol: one JSON message after the
other, each ended by a NUL.
"""

import base64
import contextlib
import itertools
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.netns import Host

_ARGUMENTS = (
    *("chromium", "--headless=new", "--no-sandbox", "--disable-gpu"),
    *("--no-first-run", "--disable-sync", "--disable-component-update"),
    *("--disable-background-networking", "--disable-default-apps"),
    *("--remote-debugging-pipe", "--autoplay-policy=no-user-gesture-required"),
)
LIMIT_S = 30
QUIET_S = 0.4  # without a request under way, a page has all it wants
_DOMAINS = ("Page", "Network", "Runtime", "Log")


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
    with open_page(host, url, folder, width=width, is_dark=is_dark) as page:
        document, picture = page.document(), page.picture()
    return Visit(document, _requested(folder / "net-log.json"), page.console, picture)


@contextlib.contextmanager
def open_page(
    host: Host, url: str, folder: Path, *, width: int = 1280, is_dark: bool = False
) -> Iterator["Page"]:
    """Yield a page that was opened on a host, in a new profile."""
    commands, answers = os.pipe(), os.pipe()
    own_ends, its_ends = (commands[1], answers[0]), (commands[0], answers[1])
    arguments = (
        *_ARGUMENTS,
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={width},900",
        f"--log-net-log={folder / 'net-log.json'}",
    )
    # It reads descriptor 3 and writes to 4.
    joined = f'exec "$@" 3<&{its_ends[0]} 4>&{its_ends[1]}'
    process = subprocess.Popen(
        host.command("bash", "-c", joined, "bash", *arguments),
        pass_fds=its_ends,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for end in its_ends:
            os.close(end)
        page = Page(*own_ends)
        page.show_as(width, is_dark=is_dark)
        page.go(url)
        yield page
        page.ask("Browser.close", session=False)
        process.wait(LIMIT_S)
    finally:
        process.kill()
        process.wait()
        for end in own_ends:
            os.close(end)


class Page:
    """The one page of a browser.

    console: what it complained of so far.
    """

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._numbers, self._rest = itertools.count(1), b""
        self._session = ""
        self._under_way: set[str] = set()
        self._moved_s, self._is_loaded = time.monotonic(), False
        self.console: list[str] = []
        targets = self.ask("Target.getTargets", session=False)["targetInfos"]
        target = next(one["targetId"] for one in targets if one["type"] == "page")
        self._session = self.ask(
            "Target.attachToTarget", session=False, targetId=target, flatten=True
        )["sessionId"]
        for domain in _DOMAINS:
            self.ask(f"{domain}.enable")

    def show_as(self, width: int, *, is_dark: bool) -> None:
        """Be as wide as a device, in light or dark."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1}
        self.ask("Emulation.setDeviceMetricsOverride", **size, mobile=width < 600)
        scheme = {
            "name": "prefers-color-scheme",
            "value": "dark" if is_dark else "light",
        }
        self.ask("Emulation.setEmulatedMedia", features=[scheme])

    def go(self, url: str) -> None:
        """Open an address, and wait until the page has all it wants."""
        self._is_loaded = False
        self.ask("Page.navigate", url=url)
        self.wait("loaded", lambda: self._is_loaded)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is under way but what has no end."""
        self.wait(
            "quiet",
            lambda: not self._under_way and time.monotonic() - self._moved_s >= QUIET_S,
        )

    def wait(self, what: str, check: Any) -> None:
        """Wait until check() is true."""
        end = time.monotonic() + LIMIT_S
        while not check():
            if time.monotonic() > end:
                raise TimeoutError(f"the page is not {what}; {self._under_way}")
            self._read(0.05)

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression in the page."""
        told = self.ask(
            "Runtime.evaluate",
            expression=script,
            returnByValue=True,
            awaitPromise=True,
        )
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """Press a key, by its name and its number."""
        for kind in ("keyDown", "keyUp"):
            self.ask(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
            )

    def document(self) -> str:
        """Return the DOM as HTML."""
        return str(self.evaluate("document.documentElement.outerHTML"))

    def picture(self) -> bytes:
        """Return a PNG of the window."""
        return base64.b64decode(self.ask("Page.captureScreenshot")["data"])

    def ask(self, method: str, *, session: bool = True, **parameters: Any) -> Any:
        """Return the answer to a command."""
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": parameters}
        if session:
            command["sessionId"] = self._session
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            for message in self._read(0.2):
                if message.get("id") == number:
                    assert "error" not in message, (method, message)
                    return message["result"]
        raise TimeoutError(f"no answer to {method}")

    def _read(self, wait_s: float) -> list[dict[str, Any]]:
        """Take what has arrived; return the answers in it."""
        if not select.select([self._answers], [], [], wait_s)[0]:
            return []
        *messages, self._rest = (self._rest + os.read(self._answers, 1 << 20)).split(
            b"\0"
        )
        told = [json.loads(message) for message in messages]
        for message in told:
            if "method" in message:
                self._heard(message["method"], message["params"])
        return [message for message in told if "id" in message]

    def _heard(self, event: str, told: dict[str, Any]) -> None:
        match event:
            case "Page.loadEventFired":
                self._is_loaded = True
            case "Network.requestWillBeSent":
                # What plays is loaded as it is played, and events have no end.
                if told.get("type") not in {"EventSource", "Media"}:
                    self._under_way.add(told["requestId"])
            case "Network.loadingFinished" | "Network.loadingFailed":
                self._under_way.discard(told["requestId"])
            case "Runtime.exceptionThrown":
                self.console.append(json.dumps(told["exceptionDetails"]))
            case "Runtime.consoleAPICalled":
                self.console.append(json.dumps(told["args"]))
            case "Log.entryAdded":
                self.console.append(told["entry"]["text"])
        if event.startswith("Network."):
            self._moved_s = time.monotonic()


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
