"""A catalog for those who don't see everything is that of a tree without the rest."""

import sqlite3
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from support.dump import dump
from support.made_up_files import (
    MUSIC,
    cover,
    film,
    lyrics,
    nfo,
    photo,
    playlist,
    subtitle,
    track,
)

from upnpserver.catalog.writer import Writer
from upnpserver.rules.ratings import age_of
from upnpserver.rules.visibility import EVERYTHING, NOTHING, Visibility
from upnpserver.scan.partial import PartialCatalog

HERE = {MUSIC: MUSIC}
ROOT = MUSIC.path

folders = st.sampled_from(["", "Films/", "Films/Alien/", "Kids/", "Kids/Up/", "Music/"])
names = st.sampled_from(["Alien", "Alien 2", "Up", "movie"])
ratings = st.sampled_from(["", "FSK 6", "R", "18", "G"])


def paths(*suffixes):
    return st.builds("{}{}{}".format, folders, names, st.sampled_from(suffixes))


media = (
    st.builds(film, paths(".mkv", ".avi"), content_rating=ratings)
    | st.builds(track, paths(".mp3"), artists=st.just(("Ann",)), album=names)
    | st.builds(photo, paths(".jpg", "-1.jpg"))
)
beside = (
    st.builds(nfo, paths(".nfo"), content_rating=ratings, title=names)
    | st.builds(cover, paths("-poster.jpg"))
    | st.builds(cover, st.builds("{}folder.jpg".format, folders))
    | st.builds(subtitle, paths(".srt", ".de.srt"))
    | st.builds(
        subtitle, st.builds("{}Subs/{}.srt".format, folders, names | st.just("English"))
    )
    | st.builds(lyrics, paths(".lrc"))
    | st.builds(
        lambda path, entries: playlist(path, *entries),
        paths(".m3u"),
        st.lists(paths(".mp3"), max_size=2),
    )
)
some_files = st.lists(
    media | beside, max_size=12, unique_by=lambda file: (file.directory, file.name)
)
shown_paths = st.lists(
    st.sampled_from(["Films", "Kids", "Films/Alien", "Kids/Up.mkv", "Music"]),
    max_size=2,
    unique=True,
).map(lambda found: tuple(ROOT + b"/" + path.encode() for path in found))
visibilities = st.builds(
    Visibility,
    libraries=st.sampled_from([None, None, ("Home",), ()]),
    only=shown_paths,
    hidden=shown_paths,
    kinds=st.sampled_from([("audio", "image", "video"), ("video",), ("audio",)]),
    age=st.sampled_from([None, 6, 12]),
    unrated=st.sampled_from([0, 18]),
)


def path_of(file):
    return b"/".join(filter(None, (ROOT, file.directory, file.name)))


def written(path, files, before=()):
    """Return a writer of a whole catalog that first had other files."""
    writer = Writer(path)
    writer.sync_roots([MUSIC])
    writer.apply(before, [])
    now = {path_of(file) for file in files}
    gone = [file for file in before if path_of(file) not in now]
    writer.apply(files, [(MUSIC, file.directory, file.name) for file in gone])
    writer.settle_lists()
    return writer


def roots_for(visibility):
    """Return the root with the kinds that are seen of it, as the server names it."""
    if not visibility.sees_some_of(MUSIC.library, MUSIC.path):
        return {}
    kinds = frozenset(kind for kind in MUSIC.kinds if kind in visibility.kinds)
    return {MUSIC: replace(MUSIC, kinds=kinds)}


def followed(path, whole, visibility, places=None):
    """Bring a partial catalog up to date."""
    catalog = PartialCatalog(path, visibility, "en")
    catalog.open(check=False)
    roots = roots_for(visibility)
    catalog.sync_roots(roots, [])
    for _ in catalog.follow(whole, roots, places, lambda: False):
        pass
    assert catalog.is_in_step(whole)
    catalog.close()


@given(some_files, some_files, visibilities)
@settings(max_examples=25, deadline=None)
def test_it_is_the_catalog_of_a_tree_without_what_is_hidden(
    tmp_path_factory, files, before, visibility
):
    folder = tmp_path_factory.mktemp("partial")
    whole = written(folder / "whole", files, before)
    followed(folder / "partial", whole, visibility)

    seen = paths_in(folder / "partial")
    roots = roots_for(visibility)
    left = [replace(file, root=roots[MUSIC]) for file in files if text_of(file) in seen]
    alone = Writer(folder / "alone")
    alone.sync_roots(roots.values())
    alone.apply(left, [])
    alone.settle_lists()
    alone.close()
    whole.close()

    assert dump(folder / "partial") == dump(folder / "alone")


def paths_in(path):
    """Return the paths of all files in a catalog, from its root on."""
    start = f"{ROOT.decode()}/"
    return {row[9].removeprefix(start) for row in dump(path)["files"]}


def text_of(file):
    return b"/".join(filter(None, (file.directory, file.name))).decode()


@given(some_files, some_files, visibilities)
@settings(max_examples=25, deadline=None)
def test_what_changed_in_some_folders_is_followed_there(
    tmp_path_factory, first, then, visibility
):
    folder = tmp_path_factory.mktemp("partial")
    whole = written(folder / "whole", first)
    followed(folder / "partial", whole, visibility)

    gone = [file for file in first if path_of(file) not in set(map(path_of, then))]
    whole.apply(then, [(MUSIC, file.directory, file.name) for file in gone])
    whole.settle_lists()
    places = {(MUSIC, file.directory) for file in (*then, *gone)}
    followed(folder / "partial", whole, visibility, places)
    followed(folder / "anew", whole, visibility)
    whole.close()

    assert dump(folder / "partial") == dump(folder / "anew")


@given(some_files, visibilities)
@settings(max_examples=25, deadline=None)
def test_no_media_file_is_in_it_that_may_not_be_seen(
    tmp_path_factory, files, visibility
):
    folder = tmp_path_factory.mktemp("partial")
    whole = written(folder / "whole", files)
    followed(folder / "partial", whole, visibility)
    rows = sqlite3.connect(folder / "whole")
    told = "select path, content_rating from films"
    ratings_told = dict(
        rows.execute(f"{told} union all {told.replace('films', 'episodes')}")
    )
    rows.close()
    whole.close()

    for path in paths_in(folder / "partial"):
        absolute = ROOT + b"/" + path.encode()
        assert visibility.sees_place("Home", absolute)
        rating = ratings_told.get(absolute.decode())
        if rating and visibility.age is not None:
            assert age_of(rating) <= visibility.age


def seen_of(tmp_path, visibility, *files):
    """Return the paths of those files that are in a partial catalog."""
    whole = written(tmp_path / "whole", files)
    followed(tmp_path / "partial", whole, visibility)
    whole.close()
    return paths_in(tmp_path / "partial")


def test_a_rating_in_an_nfo_file_hides_a_film_and_what_lies_beside_it(tmp_path):
    assert seen_of(
        tmp_path,
        Visibility(age=12, unrated=0),
        film("Alien.mkv"),
        nfo("Alien.nfo", content_rating="R"),
        cover("Alien-poster.jpg"),
        photo("Alien.jpg"),
        subtitle("Alien.de.srt"),
        film("Up.mkv"),
        cover("Up-poster.jpg"),
    ) == {"Up.mkv", "Up-poster.jpg"}


def test_a_folders_picture_goes_with_the_last_that_is_seen_in_it(tmp_path):
    assert seen_of(
        tmp_path,
        Visibility(age=12),
        film("Alien/Alien.mkv", content_rating="18"),
        cover("Alien/folder.jpg"),
        subtitle("Alien/Subs/English.srt"),
        film("Up/Up.mkv", content_rating="6"),
        cover("Up/folder.jpg"),
        subtitle("Up/Subs/English.srt"),
    ) == {"Up/Up.mkv", "Up/folder.jpg", "Up/Subs/English.srt"}


def test_everything_and_nothing(tmp_path):
    files = [film("Alien.mkv", content_rating="R"), track("a/1.mp3"), photo("p.jpg")]
    whole = written(tmp_path / "whole", files)
    followed(tmp_path / "all", whole, EVERYTHING)
    followed(tmp_path / "none", whole, NOTHING)
    whole.close()
    assert dump(tmp_path / "all") == dump(tmp_path / "whole")
    assert dump(tmp_path / "none")["files"] == []
    assert len(dump(tmp_path / "none")["objects"]) == 1


def test_a_catalog_that_was_built_anew_is_compared_as_a_whole(tmp_path):
    whole = written(tmp_path / "whole", [film("Up.mkv")])
    followed(tmp_path / "partial", whole, EVERYTHING)
    whole.close()
    again = written(tmp_path / "again", [film("Alien.mkv")])
    catalog = PartialCatalog(tmp_path / "partial", EVERYTHING, "en")
    catalog.open(check=False)
    assert not catalog.is_in_step(again)
    catalog.close()
    again.close()


def test_a_damaged_one_is_made_anew(tmp_path):
    whole = written(tmp_path / "whole", [film("Up.mkv")])
    (tmp_path / "partial").write_bytes(b"no database" * 100)
    followed(tmp_path / "partial", whole, EVERYTHING)
    assert dump(tmp_path / "partial") == dump(tmp_path / "whole")
    whole.close()


def test_names_tell_visibilities_apart():
    values = [
        EVERYTHING,
        NOTHING,
        Visibility(hidden=(b"/a",)),
        Visibility(only=(b"/a",)),
        Visibility(age=6),
        Visibility(age=6, unrated=0),
        Visibility(kinds=("audio",)),
    ]
    found = sorted(value.name for value in values)
    assert EVERYTHING.name == ""
    assert all(one != other for one, other in pairwise(found))
