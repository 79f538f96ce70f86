"""The same files make the same catalog, however they came into it."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from support.dump import dump
from support.made_up_files import (
    HOUSEHOLD,
    MUSIC,
    cover,
    cue,
    film,
    lyrics,
    nfo,
    photo,
    playlist,
    subtitle,
    track,
)

from upnpserver.catalog.writer import Writer
from upnpserver.model import Chapter


def changed(files):
    """Return other files in the place of these: retagged, some spelled otherwise."""
    return st.permutations(files).map(
        lambda others: [
            replace(file, facts=replace(other.facts, kind=file.facts.kind))
            for file, other in zip(files, others, strict=True)
            if file.facts and other.facts
        ]
    )


names = st.sampled_from(["Nina Simone", "nina simone", "NINA SIMONE", "Níña Simone"])
others = st.sampled_from(["Ann", "ann", "Beyoncé", "Beyonce", "Ann feat. Nina Simone"])
artists = st.lists(names | others, max_size=2).map(tuple)
albums = st.sampled_from(["", "First", "FIRST", "First (Disc 2)"])
genres = st.lists(st.sampled_from(["Jazz", "jazz", "Soul"]), max_size=2).map(tuple)
folders = st.sampled_from(["", "a/", "First/", "first/CD1/", "Various Artists/x/"])
numbers = st.integers(0, 9)

tracks = st.builds(
    track,
    st.builds("{}{}.mp3".format, folders, numbers),
    artists=artists,
    album_artists=artists,
    album=albums,
    artist_sort=st.sampled_from(["", "Simone, Nina"]),
    genres=genres,
    composers=st.lists(names, max_size=1).map(tuple),
    date=st.sampled_from(["", "1999", "2001-02-03"]),
    compilation=st.booleans(),
    art_length=st.sampled_from([0, 9]),
    content_id=st.sampled_from("abcdef").map(lambda letter: letter * 16),
    mtime_ns=st.sampled_from([1, 10**15]),
)
films = st.builds(
    film,
    st.builds("{}{}.mkv".format, folders, numbers),
    series=st.sampled_from(["", "Show", "SHOW"]),
    season=st.sampled_from([None, 0, 1]),
    episode=st.sampled_from([None, 1, 2]),
    extra=st.sampled_from(["", "", "trailer"]),
    directors=st.lists(names, max_size=1).map(tuple),
    date=st.sampled_from(["", "1999"]),
)
photos = st.builds(
    photo,
    st.builds("{}{}.jpg".format, folders, numbers),
    keywords=st.lists(st.sampled_from(["sea", "Sea"]), max_size=1).map(tuple),
    camera=st.sampled_from(["", "X100", "x100"]),
)
beside = st.builds(nfo, st.builds("{}{}.nfo".format, folders, numbers), title=names)
subtitles = st.builds(
    subtitle,
    st.builds(
        "{}{}{}.srt".format,
        folders,
        st.sampled_from(["", "Subs/", "Subs/1/"]),
        st.sampled_from(["1", "1.de", "2.en", "English", "German"]),
    ),
)
words = st.builds(
    lyrics,
    st.builds("{}{}.{}".format, folders, numbers, st.sampled_from(["lrc", "txt"])),
)
covers = st.builds(
    cover,
    st.builds(
        "{}{}.jpg".format,
        folders,
        st.sampled_from(["folder", "season01-poster", "season-specials-poster"]),
    ),
)
entries = st.builds(
    "{}{}{}.{}".format,
    st.sampled_from(["", "", "../", "/mnt/"]),
    *(folders, numbers, st.sampled_from(["mp3", "MP3", "mkv"])),
)
lists = st.lists(entries, max_size=4).flatmap(
    lambda named: st.builds(
        lambda path: playlist(path, *named),
        st.builds("{}{}.m3u".format, folders, numbers),
    )
)
sheets = st.builds(
    cue,
    st.builds("{}{}.cue".format, folders, numbers),
    album=st.sampled_from(["Night", "Day"]),
    entries=numbers.map(lambda number: (f"{number}.wav",)),
    chapters=st.sampled_from([(Chapter(0, "One", "Ann"),), (Chapter(0, "Two"),)]),
)
some_files = st.lists(
    tracks | films | photos | beside | covers | lists | sheets | subtitles | words,
    max_size=14,
    unique_by=lambda file: (file.directory, file.name),
)


def built(path, *batches):
    writer = Writer(path)
    writer.sync_roots([MUSIC])
    for read, gone in batches:
        writer.apply(read, [(MUSIC, file.directory, file.name) for file in gone])
        writer.settle_lists()
    writer.close()
    return dump(path)


@given(st.data(), some_files, some_files)
@settings(max_examples=30, deadline=None)
def test_the_same_whatever_the_order_and_what_was_there_before(
    tmp_path_factory, data, files, before
):
    folder = tmp_path_factory.mktemp("trees")
    at_once = built(folder / "at_once", (files, []))
    order = data.draw(st.permutations(files))
    cut = data.draw(st.integers(0, len(files)))
    kept = {(file.directory, file.name) for file in files}
    gone = [file for file in before if (file.directory, file.name) not in kept]
    in_steps = built(
        folder / "in_steps", (before, []), (order[:cut], []), (order[cut:], gone)
    )
    for name in at_once:
        assert in_steps[name] == at_once[name]


@given(st.data())
@settings(max_examples=10, deadline=None)
def test_retagged_files_are_as_if_they_had_always_been_so(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("trees")
    readable = [file for file in HOUSEHOLD if file.facts]
    after = data.draw(changed(readable))
    assert built(folder / "a", (HOUSEHOLD, []), (after, [])) == built(
        folder / "b", ([file for file in HOUSEHOLD if not file.facts] + after, [])
    )


def test_the_best_spelling_is_shown_as_long_as_a_file_has_it(tmp_path):
    path = tmp_path / "catalog.sqlite"
    worst, middle, best = (
        track(f"{name}.mp3", artists=(name,), album="A")
        for name in ("nina simone", "Nina Simone", "Níña Simone")
    )

    def shown():
        (title,) = (
            row[3]
            for row in dump(path)["objects"]
            if row[0].startswith("music$artist$") and row[0].count("$") == 2
        )
        return title

    writer = Writer(path)
    writer.sync_roots([MUSIC])
    for read, gone, title in (
        ([worst], [], "nina simone"),
        ([best], [], "Níña Simone"),
        ([middle], [], "Níña Simone"),
        ([], [best], "Nina Simone"),
        ([], [middle], "nina simone"),
    ):
        writer.apply(read, [(MUSIC, file.directory, file.name) for file in gone])
        assert shown() == title
    writer.close()
