"""Files of one's own about devices: read strictly, merged, and never slow."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.devices.recognise import MAX_VALUE, recognise
from upnpserver.errors import ConfigError
from upnpserver.settings.families import families_with, shipped_families
from upnpserver.settings.patterns import check_speed, read_pattern


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def read(folder, text):
    (folder / "mine.toml").write_text(text, "utf-8")
    return {family.id: family for family in families_with(folder)}


def test_without_a_folder_there_is_what_comes_along(folder):
    assert families_with(folder / "none") is shipped_families()
    assert families_with(folder) is shipped_families()


def test_a_family_of_ones_own_goes_first(folder):
    families = read(
        folder,
        """
        [den-tv]
        name = "The TV in the den"
        match = [{ ua = 'SEC_HHP_Den' }]
        like = "samsung-q"
        [den-tv.use]
        dlna = false
        mimes = { "video/quicktime" = "video/mp4" }
        xml = ["ascii"]
        kinds = ["video", "audio"]
        image_max = [1280, 720]
        """,
    )
    found = recognise(families.values(), {"ua": "SEC_HHP_Den/1.0"}).family
    assert found is families["den-tv"]
    assert (found.name, found.kind, found.sure) == ("The TV in the den", "tv", "low")
    needs = found.needs
    assert (needs.dlna, needs.bookmark, needs.xml) == (False, "ms", {"ascii"})
    assert needs.mimes == {
        "video/x-matroska": "video/x-mkv",
        "video/quicktime": "video/mp4",
    }
    assert (needs.kinds, needs.image_max) == ({"video", "audio"}, (1280, 720))


def test_one_with_the_same_id_replaces_what_comes_along(folder):
    families = read(folder, "[kodi]\nmatch = [{ ua = 'Kodi' }]\npriority = 5")
    assert len(families) == len(shipped_families())
    assert families["kodi"].needs.seek == ""  # the general rule
    assert families["kodi"].needs.mimes == {}


def test_without_a_match_it_is_for_devices_that_are_named(folder):
    assert read(folder, "[mine]")["mine"].matches == ()


WRONG = [
    ("[tv", "not TOML"),
    ("tv = 1", "each device is a table whose name has small letters"),
    ("[TV]", "small letters"),
    ("[tv]\nmach = []", "[tv]: unknown key 'mach': did you mean match?"),
    ("[tv]\nname = 5", "[tv]: name: must be text"),
    ('[tv]\nname = "a\\nb"', "[tv]: name: must be one line"),
    ('[tv]\nkind = "telly"', "[tv]: kind: must be one of tv, bdp"),
    ('[tv]\nsure = "yes"', "[tv]: sure: must be one of high"),
    ('[tv]\npriority = "high"', "[tv]: priority: must be a whole number"),
    ("[tv]\nshared = 1", "[tv]: shared: must be true or false"),
    ('[tv]\nmatch = "Kodi"', "[tv]: match: must be a list of tables"),
    ("[tv]\nmatch = [{}]", "[tv]: match: an empty one would match every device"),
    ('[tv]\nmatch = [{ agent = "x" }]', "match: unknown key 'agent'"),
    ("[tv]\nmatch = [{ ua = 7 }]", "match: ua: must be text"),
    ('[tv]\nmatch = [{ ua = "[TV" }]', "is no regular expression"),
    ('[tv]\nmatch = [{ ua = "[[TV]]" }]', "is no regular expression"),
    ('[tv]\nmatch = [{ ua = "(a+)+b" }]', "could take too long"),
    (f'[tv]\nmatch = [{{ ua = "{"x" * 501}" }}]', "1 to 500 characters"),
    ('[tv]\nlike = "samsung-k"', "no device 'samsung-k' is known: did you mean"),
    ('[a]\nlike = "b"\n[b]\nlike = "a"', "is like this one itself"),
    ('[a]\nlike = "a"', "is like this one itself"),
    ("[tv]\nuse = 1", "[tv]: use: must be a table"),
    ("[tv.use]\ndlnaa = true", "use: unknown key 'dlnaa': did you mean dlna?"),
    ("[tv.use]\ndlna = 0", "use.dlna: must be true or false"),
    ("[tv.use]\nmax_page = -1", "use.max_page: must be a whole number"),
    ("[tv.use]\nmax_page = true", "use.max_page: must be a whole number"),
    ('[tv.use]\nseek = "time"', "use.seek: must be one of bytes, time-exclusive, both"),
    ('[tv.use]\nsubtitles = ["srt"]', "use.subtitles: must be one of sec-caption"),
    ('[tv.use]\nkinds = ["music"]', "use.kinds: must be one of audio, video, image"),
    ('[tv.use]\nsort = "title"', "use.sort: must be SortCriteria"),
    ("[tv.use]\nimage_max = [1]", "use.image_max: must be [width, height]"),
    ('[tv.use]\nmimes = ["a"]', "use.mimes: must be a table"),
    ('[tv.use.mimes]\nmkv = "video/x-mkv"', "use.mimes: must be MIME names"),
    ('[tv.use]\nburn = "German"', "use.burn: must be a language"),
    ('[tv.use.instead]\nflac = "lpcm"', "begins with one of music, film"),
    ('[tv.use.instead]\n"music flac" = "ac3"', "use.instead: 'music flac'"),
    ('[tv.use.instead]\n"sound dts" = 3', "use.instead: must be text"),
    ('[tv.use.mimes]\n"video/mp4" = "a\\r\\nb"', "printable"),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_a_mistake_is_told_in_one_line(folder, text, said):
    with pytest.raises(ConfigError) as error:
        read(folder, text)
    assert str(folder / "mine.toml") in str(error.value)
    assert said in str(error.value)
    assert str(error.value).isprintable()


def test_a_family_stands_in_one_file_only(folder):
    (folder / "a.toml").write_text("[tv]")
    with pytest.raises(ConfigError, match=r"\[tv\]: stands in .*a\.toml"):
        read(folder, "[tv]")


SLOW = [
    *("(a+)+$", "(a|a)*b", "(.*)*x", ".*.*x", "(a?){30}b", "(ab*){2,}"),
    *(r"(a)\1", "(?=a)b", "a?" * 20 + "a" * 20, "(a|b|ab)" * 10, ".{0,99}.*"),
]
QUICK = [
    *("Kodi", "^KnOS/3", r"\[TV\] ?Q[0-9]+", "A.*B", "(A|B).*C", "a{2,3}b?"),
    *(r"\bx\b", "[^a]+", "(?:a|b)?c"),
]


@pytest.mark.parametrize("text", SLOW)
def test_what_could_be_slow_is_refused(text):
    with pytest.raises(ConfigError, match="too long"):
        check_speed("here", text)


@pytest.mark.parametrize("text", QUICK)
def test_what_is_quick_is_taken(text):
    check_speed("here", text)


@given(
    st.text("ab.*+?{}()[]|\\^$1,", max_size=25),
    st.text("ab", max_size=4).map(lambda text: (text * 512)[:MAX_VALUE]),
)
def test_whatever_is_taken_is_quick(text, value):
    try:
        pattern = read_pattern("here", text)
        check_speed("here", text)
    except ConfigError:
        return
    begin = time.process_time()
    pattern.search(value + "\n")
    assert time.process_time() - begin < 0.2
    assert isinstance(pattern, re.Pattern)
