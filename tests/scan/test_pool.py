import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
from support.hostile_media import make_hostile
from support.make_media import FIXTURES

from upnpserver.errors import ProbesUnavailable
from upnpserver.media.sidecars import role_of
from upnpserver.model import Role
from upnpserver.scan import pool as pool_module
from upnpserver.scan.pool import ProbeJob, ProbePool

ODD_CHILD = (sys.executable, str(Path(__file__).with_name("odd_child.py")))


def children_of(pid):
    """Return the pids of all processes below pid."""
    found = []
    try:
        listings = list(Path(f"/proc/{pid}/task").glob("*/children"))
        direct = [int(one) for path in listings for one in path.read_text().split()]
    except FileNotFoundError:
        return found
    for one in direct:
        found += [one, *children_of(one)]
    return found


def own_children():
    return children_of(os.getpid())


@pytest.fixture
def jobs(tmp_path):
    """Return a function: names -> jobs for files of these names."""

    def make(*names):
        for name in names:
            (tmp_path / name).touch()
        return [ProbeJob(bytes(tmp_path), os.fsencode(name), 0, 0) for name in names]

    return make


@pytest.fixture
def odd():
    """Return a function that makes a pool of odd children."""
    pools = []

    def make(workers=2, *, max_seconds=30.0, options=()):
        pool = ProbePool(workers, (*ODD_CHILD, *options), max_seconds)
        pools.append(pool)
        return pool

    yield make
    for pool in pools:
        pool.close()


@pytest.fixture
def real():
    pool = ProbePool(2)
    yield pool
    pool.close()


def named(results):
    """Return name -> result, and see that there is one for each name."""
    listed = [(os.fsdecode(one.job.relative_path), one) for one in results]
    assert len(dict(listed)) == len(listed)
    return dict(listed)


def test_reads_a_household(real):
    root = bytes(FIXTURES)
    paths = [
        p for p in FIXTURES.rglob("*.*") if role_of(os.fsencode(p.name)) is Role.MEDIA
    ]
    given = [
        ProbeJob(root, bytes(path.relative_to(FIXTURES)), path.stat().st_size, 0)
        for path in paths
    ]
    results = list(real.probe(given))
    assert {result.job for result in results} == set(given)
    assert [result.problem for result in results if not result.facts] == []
    assert all(holds for holds, _ in real.layers.values()), real.layers


def test_hostile_files_become_problems_and_the_others_are_read(real, tmp_path):
    bad = make_hostile(tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    given = [ProbeJob(bytes(tmp_path), name.encode(), 0, 0) for name in names]
    results = named(real.probe(given))
    assert {name for name, result in results.items() if not result.facts} == bad
    assert all(bool(r.problem) == (r.facts is None) for r in results.values())
    assert results["bomb.aiff"].problem == "needed too much memory"
    assert results["deep.mp4"].problem == "neither picture nor sound was found in it"
    assert results["film.mp4"].problem == "it is a text, not media"
    assert not any(str(tmp_path) in result.problem for result in results.values())


FILM = FIXTURES / "household" / "Videos" / "Films" / "The Harbour (2019).mp4"


def test_names_of_folders_tell_too_and_nfo_files_are_read(real, tmp_path):
    told = {
        "TV/The Wire/Season 1/02 - The Detail.mp4": ("The Wire", 1, 2, "The Detail"),
        # Only guessit knows this one: it is loaded within the sandbox.
        "TV/Ferry - Chapters 3,4.mp4": ("Ferry", None, 3, "The Harbour"),
        "/".join(["deep"] * 40) + "/Ferry/Season 2/5.mp4": (
            "Ferry",
            2,
            5,
            "The Harbour",
        ),
        "Heat/movie.nfo": ("", None, None, "Heat"),
    }
    for path in told:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(FILM.read_bytes())
    (tmp_path / "Heat/movie.nfo").write_text("<movie><title>Heat</title></movie>")
    given = [ProbeJob(bytes(tmp_path), path.encode(), 0, 0) for path in told]
    facts = {name: one.facts for name, one in named(real.probe(given)).items()}
    assert {
        path: (one.series, one.season, one.episode, one.title)
        for path, one in facts.items()
    } == told
    assert facts["Heat/movie.nfo"].content_id == facts["Heat/movie.nfo"].mime == ""


@pytest.mark.parametrize(
    ("charset", "title"),
    [
        *(
            ("cp932", "夜空ノムコウの歌"),
            ("gbk", "月亮代表我的心"),
            ("big5", "月亮代表我的心"),
        ),
        *(("cp949", "사랑했지만 그리움만"), ("cp1251", "Подмосковные вечера")),
        ("koi8-r", "Подмосковные вечера"),
    ],
)
def test_old_charsets_are_read_within_the_sandbox(real, tmp_path, charset, title):
    song = next(FIXTURES.rglob("*.mp3")).read_bytes()
    text = b"\0" + title.encode(charset)
    frame = b"TIT2" + len(text).to_bytes(4, "big") + b"\0\0" + text
    size = bytes((len(frame) >> 7, len(frame) & 0x7F))
    tagged = b"ID3\3\0\0\0\0" + size + frame + song
    (tmp_path / "song.mp3").write_bytes(tagged)
    (result,) = real.probe([ProbeJob(bytes(tmp_path), b"song.mp3", 0, 0)])
    assert result.problem == ""
    assert result.facts.title == title


def mutated(data, random):
    """Return data cut, overwritten, or with something put in or taken out."""
    at = random.randrange(len(data))
    many = b"".join(random.choice((b"\xff", b"\0", b"\x7f")) for _ in range(4))
    return random.choice(
        (
            data[: at + 1],
            data[:at] + many + data[at + 4 :],
            data[: at % 64] + many + data[at % 64 + 4 :],
            data[:at] + random.randbytes(300) + data[at:],
            data[:at] + data[at + 100 :] or b"x",
        )
    )


def test_damaged_files_are_read_or_named_and_no_child_dies_of_them(real, tmp_path):
    random = Random(20)
    paths = [
        p for p in FIXTURES.rglob("*.*") if role_of(os.fsencode(p.name)) is Role.MEDIA
    ]
    for number in range(4):
        for path in paths:
            target = tmp_path / f"{number}-{path.name}"
            target.write_bytes(mutated(path.read_bytes(), random))
    names = [os.fsencode(path.name) for path in tmp_path.iterdir()]
    given = [ProbeJob(bytes(tmp_path), name, 0, 0) for name in names]
    results = named(real.probe(given))
    problems = {result.problem for result in results.values()}
    assert len(results) == 4 * len(paths)
    assert not problems & {"the probe crashed", "took longer than 20 s"}
    assert sum(result.facts is not None for result in results.values()) > len(paths)


def test_nothing_runs_before_there_is_a_file(real):
    before = own_children()
    assert list(real.probe([])) == []
    assert own_children() == before


def test_jobs_are_drawn_only_so_far_ahead(odd, jobs, monkeypatch):
    monkeypatch.setattr(pool_module, "_AHEAD", 16)
    given = jobs(*(f"well-{number}" for number in range(200)))
    taken = []

    def coming():
        for job in given:
            taken.append(job)
            yield job

    done = 0
    for _ in odd(workers=2).probe(coming()):
        done += 1
        assert len(taken) - done < 16 + 2 * pool_module._QUEUE
    assert done == 200


def test_children_work_on_while_somebody_is_busy_with_a_result(odd, jobs):
    pool = odd(workers=2)
    count = 20 * pool_module._QUEUE
    results = pool.probe(jobs(*(f"well-{number}" for number in range(count))))
    for _ in range(3 * pool_module._QUEUE):  # by now it has drawn some ahead
        next(results)
    deadline = time.monotonic() + 30
    while len(pool._done) <= 2 * pool_module._QUEUE:  # more than was given before
        assert time.monotonic() < deadline
        pool.go_on()
    assert len(list(results)) == count - 3 * pool_module._QUEUE


def test_no_more_children_than_wanted(odd, jobs):
    results = odd(workers=3).probe(jobs(*(f"well-{number}" for number in range(60))))
    titles = {result.facts.title for result in results}
    assert 1 <= len(titles) <= 3


@pytest.mark.parametrize(
    ("deed", "problem"),
    [
        ("crash", "the probe crashed"),
        ("fault", "the probe crashed"),
        ("exit", "the probe crashed"),
        ("fail", "the probe crashed"),
        ("memory", "needed too much memory"),
        ("long", "the probe gave no sensible answer"),
        ("longer", "the probe gave no sensible answer"),
        ("lie", "the probe gave no sensible answer"),
        ("hang", "took longer than 1 s"),
    ],
)
def test_one_bad_file_among_others(odd, jobs, deed, problem):
    names = [f"well-{number}" for number in range(20)]
    names.insert(7, f"{deed}-1")
    pool = odd(workers=2, max_seconds=1.0)
    results = named(pool.probe(jobs(*names)))
    assert results.pop(f"{deed}-1").problem == problem
    assert [result.problem for result in results.values()] == [""] * 20


def test_only_bad_files(odd, jobs):
    names = [f"crash-{number}" for number in range(3)]
    results = named(odd(workers=2).probe(jobs(*names)))
    assert [one.problem for one in results.values()] == ["the probe crashed"] * 3


def test_one_more_try_is_in_a_fresh_child(odd, jobs):
    """A file that suffers from what an earlier one left behind is not to blame."""
    names = ["well-1", "well-2", "tired-1", "well-3", "tired-2", "tired-3", "well-4"]
    results = named(odd(workers=1).probe(jobs(*names)))
    assert [result.problem for result in results.values()] == [""] * 7
    assert results["tired-1"].facts.title == "fresh"


def test_a_child_that_grew_is_replaced(odd, jobs):
    names = [name for n in range(4) for name in (f"grow-{n}", f"well-{n}")]
    results = named(odd(workers=1).probe(jobs(*names)))
    assert [result.problem for result in results.values()] == [""] * 8
    assert len({result.facts.title for result in results.values()}) == 4 + 1


def test_children_that_are_killed_are_replaced(odd, jobs):
    pool = odd(workers=2)
    results = pool.probe(jobs(*(f"well-{number}" for number in range(50))))
    seen = [next(results)]
    for child in own_children():
        os.kill(child, signal.SIGKILL)
    seen += results
    assert len(named(seen)) == 50
    assert all(result.facts for result in seen)


def test_a_second_child_is_started_only_for_more_than_one_can_take(odd, jobs):
    pool = odd(workers=2)
    list(pool.probe(jobs("well-1", "well-2")))
    assert len(own_children()) == 1
    list(pool.probe(jobs(*(f"well-{number}" for number in range(40)))))
    assert len(own_children()) == 2


def test_a_child_that_ended_while_it_was_idle_is_replaced(odd, jobs):
    pool = odd(workers=1)
    (first,) = pool.probe(jobs("well-1"))
    child = int(first.facts.title)
    os.kill(child, signal.SIGKILL)
    while is_running(child):
        time.sleep(0.01)
    results = named(pool.probe(jobs("well-2", "well-3")))
    assert [result.problem for result in results.values()] == ["", ""]
    assert str(child) not in {result.facts.title for result in results.values()}


@pytest.mark.parametrize(
    "command", [("/no/such/program",), (sys.executable, "-c", "raise SystemExit(1)")]
)
def test_probes_that_cannot_run_are_no_fault_of_the_files(jobs, command):
    pool = ProbePool(2, command)
    with pytest.raises(ProbesUnavailable):
        list(pool.probe(jobs("well-1", "well-2")))
    pool.close()
    assert own_children() == []


def test_a_scan_that_is_given_up_leaves_a_pool_that_works(odd, jobs):
    pool = odd(workers=2)
    results = pool.probe(jobs(*(f"well-{number}" for number in range(30))))
    next(results)
    results.close()
    assert len(named(pool.probe(jobs("well-a", "well-b")))) == 2
    pool.close()
    assert own_children() == []
    assert len(named(pool.probe(jobs("well-c")))) == 1


def open_descriptors():
    return sorted(Path("/proc/self/fd").iterdir())


def test_no_descriptor_and_no_process_is_left(odd, jobs):
    before = open_descriptors()
    pool = odd(workers=2, max_seconds=0.5)
    list(pool.probe(jobs("well-1", "crash-1", "hang-1", "longer-1", "no\nnsense")))
    pool.close()
    assert open_descriptors() == before
    assert own_children() == []


def test_what_cannot_be_opened(real, tmp_path):
    os.mkfifo(tmp_path / "pipe.mp3")
    (tmp_path / "out.mp3").symlink_to("/etc/passwd")
    (tmp_path / "folder.mp3").mkdir()
    names = ("gone.mp3", "pipe.mp3", "out.mp3", "folder.mp3")
    given = [ProbeJob(bytes(tmp_path), name.encode(), 0, 0) for name in names]
    results = named(real.probe(given))
    assert results["gone.mp3"].problem == (
        "it cannot be opened: No such file or directory"
    )
    assert results["out.mp3"].problem == "it cannot be opened: leads out of its folder"
    assert all("it cannot be opened" in one.problem for one in results.values())


HANGING_SCANNER = """
import os, sys
from upnpserver.scan.pool import ProbeJob, ProbePool
root, child = sys.argv[1].encode(), sys.argv[2]
pool = ProbePool(2, (sys.executable, child))
names = (b"well-1", *(b"hang-%d" % number for number in range(8)))
jobs = [ProbeJob(root, name, 0, 0) for name in names]
for result in pool.probe(jobs):
    print(result.facts.title, flush=True)
"""


def test_children_end_with_the_scanner_however_it_ends(jobs, tmp_path):
    jobs("well-1", *(f"hang-{number}" for number in range(8)))
    command = [sys.executable, "-c", HANGING_SCANNER, str(tmp_path), ODD_CHILD[1]]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as scanner:
        scanner.stdout.readline()  # one child is at its hanging file
        children = children_of(scanner.pid)
        assert children
        scanner.kill()
    end = time.monotonic() + 10
    while any(is_running(pid) for pid in children):
        assert time.monotonic() < end, "children outlived their scanner"
        time.sleep(0.02)


def is_running(pid):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


# The sandbox as a whole, from within a child ------------------------------------

STOPPED = {
    "socket": "Operation not permitted",
    "unix": "Operation not permitted",
    "pair": "Operation not permitted",
    "passwd": "Permission denied",
    "own": "Permission denied",
    "parent": "Permission denied",
    "beside": "Permission denied",
    "create": "Operation not permitted",
    "write": "Bad file descriptor",
    "execute": "Operation not permitted",
    "fork": "Operation not permitted",
    "kill": "Operation not permitted",
    "run": "Operation not permitted",
}


def test_a_hijacked_child_can_do_nothing(odd, jobs):
    results = named(odd(workers=1).probe(jobs(*(f"{word}-" for word in STOPPED))))
    told = {name[:-1]: result.problem for name, result in results.items()}
    assert told == {word: f"stopped: {reason}" for word, reason in STOPPED.items()}


def test_without_the_layers_it_could(odd, jobs):
    layers = ("restrict_files", "confine_calls", "limit_resources")
    options = [part for layer in layers for part in ("--without", layer)]
    pool = odd(workers=1, options=options)
    words = ("socket", "pair", "passwd", "own", "parent", "run")
    results = named(pool.probe(jobs(*(f"{word}-" for word in words))))
    assert [one.facts and one.facts.title for one in results.values()] == (
        ["it worked"] * len(words)
    )


def test_a_child_holds_one_file_one_socket_and_nothing_else_of_use(odd, jobs):
    """Besides: three ends that lead nowhere, and the size of its own memory."""
    (result,) = odd(workers=1).probe(jobs("descriptors-1"))
    held = set(result.facts.title.split())
    assert held > {"0", "1", "2", "file"}
    assert len(held) == 6


def test_a_child_inherits_no_secrets(odd, jobs, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_SERVICE", "x")
    monkeypatch.setenv("PYTHONPATH", "")
    (result,) = odd(workers=1).probe(jobs("environment-1"))
    assert set(result.facts.title.split()) <= {
        *("LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "PYTHONHOME", "PYTHONPATH"),
    }


def test_a_child_goes_last(odd, jobs):
    (result,) = odd(workers=1).probe(jobs("well-1"))
    child = int(result.facts.title)
    assert os.getpriority(os.PRIO_PROCESS, child) > os.getpriority(os.PRIO_PROCESS, 0)


def test_one_child_for_each_processor_up_to_two(monkeypatch):
    for processors, workers in ((1, 1), (2, 2), (4, 2)):
        monkeypatch.setattr(
            os, "sched_getaffinity", lambda _, n=processors: set(range(n))
        )
        assert ProbePool()._workers == workers
