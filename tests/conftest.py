"""Settings and checks for the whole suite."""

import gc
import os
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The first example of a test builds caches, and two cores are shared: no
# deadline for each example, the whole test has one (pytest-timeout).
settings.register_profile(
    "ci", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("deep", settings.get_profile("ci"), max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

ALL_MUST_RUN = os.environ.get("CI", "") not in {"", "0", "false"}


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "may_skip: counts as run in CI although it was skipped"
    )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """In CI a test that did not run has not passed."""
    outcome = yield
    report = outcome.get_result()
    expected = hasattr(report, "wasxfail") or item.get_closest_marker("may_skip")
    if ALL_MUST_RUN and report.skipped and not expected:
        _fail(report)


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report():
    """In CI a file of tests that was left out has not passed."""
    outcome = yield
    report = outcome.get_result()
    if ALL_MUST_RUN and report.skipped:
        _fail(report)


def _fail(report):
    report.outcome = "failed"
    report.longrepr = f"skipped, which counts as a failure in CI: {report.longrepr}"


@pytest.fixture(autouse=True, scope="module")
def nothing_left_behind():
    """After the last test of a file: no new thread, process or socket."""
    before = _threads(), _children(), _sockets()
    yield
    gc.collect()
    after = _threads(), _children(), _sockets()
    left = [now - then for now, then in zip(after, before, strict=True)]
    assert not any(left), f"left behind (threads, processes, sockets): {left}"


def _threads():
    return {thread.name for thread in threading.enumerate() if not thread.daemon}


def _children():
    """Return (pid, command) of each child process that is still there."""
    found = set()
    for listing in Path("/proc/self/task").glob("*/children"):
        for pid in listing.read_text().split():
            try:
                found.add((pid, Path(f"/proc/{pid}/comm").read_text().strip()))
            except FileNotFoundError:
                continue  # it ended meanwhile
    return found


def _sockets():
    """Return the sockets that this process holds."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except FileNotFoundError:
            continue  # the descriptor of the listing itself
        if target.startswith("socket:"):
            found.add(target)
    return found
