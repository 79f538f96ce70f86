"""The file and the command line, together."""

import json
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from upnpserver.config import ALL_KINDS, Config, Library
from upnpserver.errors import ConfigError
from upnpserver.model import Kind
from upnpserver.settings import load as load_module
from upnpserver.settings.load import Options, check_interfaces, load

NOTHING = Options()
SAMPLE = Path(__file__).parents[2] / "systemd" / "upnpserver.toml"


@pytest.fixture
def media(tmp_path, monkeypatch):
    """Return a folder with two folders of media; it is also the current one."""
    for name in ("music", "films", "deep/er"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, text):
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return file


def message_of(file, options=NOTHING):
    with pytest.raises(ConfigError) as caught:
        load(file, options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


FULL = """
friendly_name = "Attic"
port = 8201
interfaces = ["eth0"]
networks = ["192.0.2.0/24"]
names = ["media.home"]
language = "de"
log_level = "debug"
state_dir = "state"

[[library]]
name = "Songs"
folders = ["music", "deep/er"]
kinds = ["audio"]

[[library]]
folders = ["films"]
"""


def test_reads_every_key(media):
    assert load(write(media, FULL), Options()) == Config(
        libraries=(
            Library(
                "Songs",
                (media / "music", media / "deep" / "er"),
                frozenset({Kind.AUDIO}),
            ),
            Library("films", (media / "films",), ALL_KINDS),
        ),
        friendly_name="Attic",
        port=8201,
        interfaces=("eth0",),
        networks=(ip_network("192.0.2.0/24"),),
        names=("media.home",),
        language="de",
        log_level="debug",
        state_dir=media / "state",
    )


def test_only_the_folders_are_needed(media):
    one = (Library("music", (media / "music",)),)
    file = write(media, '[[library]]\nfolders = ["music"]\n')
    assert load(file, Options()) == Config(libraries=one)
    assert load(None, Options(folders=("music",))) == Config(libraries=one)


def test_paths_in_a_file_are_relative_to_the_file(media, monkeypatch):
    write(media, '[[library]]\nfolders = ["music"]\n')
    monkeypatch.chdir(media.parent)
    config = load(Path(media.name, "config.toml"), Options())
    assert config.libraries[0].folders == (media / "music",)


def test_the_command_line_wins_key_by_key(media):
    options = Options(
        folders=("films",),
        state_dir="other",
        port=9000,
        interfaces=("wlan0", "eth1"),
        friendly_name="Cellar",
        log_level="error",
    )
    got = load(write(media, FULL), options)
    assert got == Config(
        libraries=(Library("films", (media / "films",)),),
        friendly_name="Cellar",
        port=9000,
        interfaces=("wlan0", "eth1"),
        networks=(ip_network("192.0.2.0/24"),),
        names=("media.home",),
        language="de",
        log_level="error",
        state_dir=media / "other",
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (Options(), "no folder to share: nothing is shared until one is named"),
        (Options(folders=("musik",)), "no such folder"),
        (Options(folders=("",)), "DIR: must be text"),
        (Options(folders=("music", "music")), "name it once"),
        (Options(folders=(".", "music")), "lies inside"),
        (Options(folders=("music",), port=0), "--port: must be a whole number"),
        (Options(folders=("music",), friendly_name=""), "--name: must be text"),
        (Options(folders=("music",), interfaces=("a b",)), "--interface: "),
        (Options(folders=("music",), log_level="x"), "--log-level: must be one of"),
        (Options(folders=("music",), state_dir=""), "--state-dir: must be text"),
    ],
)
def test_mistakes_on_the_command_line_name_the_option(media, options, said):
    assert said in message_of(None, options)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "config.toml: no folder to share"),
        ("log_level = 5\nport = \n", "not TOML: Invalid value (at line 2"),
        ("port = 1\nport = 2", "not TOML: Cannot overwrite"),
        ("x = " + "[" * 3000 + "]" * 3000, "not TOML"),
        ("port = " + "9" * 5000, "config.toml: "),
        (
            "prot = 1",
            "unknown key 'prot': did you mean port?; allowed: blocked, conversions",
        ),
        ('port = "eighty"', "config.toml: port: must be a whole number"),
        ('library = "x"', "[[library]]"),
        ('library = ["x"]', "[[library]]"),
        ("[library]\nfolders=['music']", "[[library]]"),
        ("[[library]]", "config.toml: library 1: folders: name at least one"),
        ("[[library]]\nfolders = []", "library 1: folders: name at least one"),
        ("[[library]]\nfolders = 'music'", "library 1: folders: must be a list"),
        ("[[library]]\nfolders = [7]", "library 1: folders: must be text, not 7"),
        ("[[library]]\nfolder = ['music']", "did you mean folders?"),
        ("[[library]]\nfolders = ['music']\nkinds = ['films']", "audio, video, image"),
        ("[[library]]\nfolders = ['music']\nkinds = []", "at least one of audio"),
        ("[[library]]\nfolders = ['music']\nname = ' '", "library 1: name: must be 1"),
        ("[[library]]\nfolders = ['musik']", "did you mean"),
        (
            "[[library]]\nfolders=['music']\nname='A'\n"
            "[[library]]\nfolders=['films']\nname='a'",
            "library 2: name: 'a' is taken",
        ),
        ("[[library]]\nfolders = ['music', '.']", "lies inside"),
        ("state_dir = 5", "state_dir: must be text"),
    ],
)
def test_mistakes_in_the_file_name_file_and_key(media, text, said):
    message = message_of(write(media, text))
    assert message.startswith(f"{media / 'config.toml'}: ")
    assert said in message


def test_files_that_are_no_configuration(media):
    assert "cannot read" in message_of(media / "none.toml")
    assert "cannot read" in message_of(media)
    assert "cannot read" in message_of(Path("\0"))
    (media / "latin.toml").write_bytes(b'friendly_name = "K\xfcche"')
    assert "not UTF-8 text, at byte 18" in message_of(media / "latin.toml")
    (media / "big.toml").write_bytes(b"#" * ((1 << 20) + 1))
    assert "larger than 1 MiB" in message_of(media / "big.toml")


def test_an_editor_may_put_its_mark_before_the_text(media):
    file = write(media, '\ufeff[[library]]\nfolders = ["music"]\n')
    assert load(file, Options()).libraries[0].name == "music"


def test_typed_interfaces_must_be_there():
    check_interfaces((), ["lo"])
    check_interfaces(("eth0",), ["lo", "eth0"])
    with pytest.raises(ConfigError) as caught:
        check_interfaces(("eht0",), ["lo", "eth0", "docker0"])
    assert str(caught.value) == (
        "no network interface 'eht0': did you mean eth0?; there are: docker0, eth0, lo"
    )


def test_the_sample_shows_each_key_with_its_default(media):
    """Its comments are the documentation: every key is there, and is right."""
    text = SAMPLE.read_text(encoding="utf-8")
    for folder in ("music", "films", "pictures"):
        (media / "srv" / folder).mkdir(parents=True)
    here = text.replace("/srv/media/", f"{media}/srv/")
    sample = load(write(media, here), Options())
    assert [library.name for library in sample.libraries] == [
        "Music",
        "Films and pictures",
    ]
    uncommented = "\n".join(
        line.removeprefix("#") if line.startswith("#") and line[1:2].islower() else line
        for line in here.splitlines()
    )
    full = load(write(media, uncommented), Options())
    shown = {key for key in load_module._FILE_KEYS if f"\n{key} =" in uncommented}
    tables = {"library", "device", "profile", "lock"}
    assert shown | tables | {"only"} == load_module._FILE_KEYS
    default = Config()
    for key in ("interfaces", "networks", "names", "log_level"):
        assert getattr(full, key) == getattr(default, key), key


def test_the_sample_shows_what_can_be_said_of_a_device(media):
    text = SAMPLE.read_text(encoding="utf-8").partition("# [[device]]\n")[2]
    lines = [line.removeprefix("# ") for line in text.splitlines() if line]
    table = "\n".join(["[[device]]", *lines])
    (device,) = load(write(media, table), Options(folders=("music",))).devices
    assert (device.name, device.family) == ("Living room", "samsung-q")
    assert device.changes == {"dlna": False}


def test_the_sample_shows_what_can_be_said_of_profiles_and_locks(media):
    """Each key of both, with values that are right once the libraries are."""
    text = SAMPLE.read_text(encoding="utf-8").replace("/srv/media/", f"{media}/")
    tables = []
    for name in ("profile", "lock"):
        lines = text.partition(f"# [[{name}]]\n")[2].partition("\n\n")[0].splitlines()
        tables += [f"[[{name}]]", *(line.removeprefix("# ") for line in lines)]
    for folder in ("music", "films"):
        (media / folder).mkdir(exist_ok=True)
        tables += ["[[library]]", f'name = "{folder.title()}"', f"folders=['{folder}']"]
    tables += ["[[device]]", "name = 'Kids TV'", "mac = '00:11:22:33:44:55'"]
    rules = load(write(media, "\n".join(tables)), Options()).rules
    assert [one.name for one in (*rules.profiles, *rules.locks)] == [
        "Children",
        "Late films",
    ]


# Everything that TOML can say, a little richer in what our keys expect.
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["music", "films", ".", "eth0", "info", "audio", "10.0.0.0/8"])
    | st.dates()
    | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "folders", "kinds"]) | st.text(max_size=5),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(sorted(load_module._FILE_KEYS)) | st.text(max_size=5)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(KEYS, VALUES, max_size=4), st.booleans())
@example({"port": 8200, "library": [{"folders": ["music"]}]}, False)
def test_any_toml_gives_a_config_or_config_error(media, table, with_folder):
    options = Options(folders=("music",) if with_folder else ())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load_module, "read_toml", lambda file: table)
        try:
            got = load(media / "config.toml", options)
        except ConfigError as error:
            message = str(error)
            assert message.isprintable()
            return
    assert got.libraries
    assert got.port is None or 0 < got.port < 65536
    json.dumps(got.friendly_name)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_a_config_or_config_error(media, content):
    (media / "config.toml").write_bytes(content)
    message_of(media / "config.toml")
