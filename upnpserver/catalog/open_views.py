"""The catalog for people: SQL views that sqlite-utils, Datasette and others read.

README.md documents each view and column; a test keeps both equal. They are
views over the tables as they are, so they cost nothing until they are read.
"""

_SEPARATOR = "; "  # between several values of one column
_FILES = (
    " from file join directory on directory.id = file.directory"
    " join root on root.id = directory.root"
)
_ITEMS = (
    f"{_FILES} join item on item.file = file.id join object on object.id = item.object"
)
_FOLDER = (
    "coalesce(root.odd_path, cast(root.path as text))"
    " || iif(directory.path = x'', '',"
    " '/' || coalesce(directory.odd_path, cast(directory.path as text)))"
)
_NAME = "coalesce(file.odd_name, cast(file.name as text))"
_PATH = f"{_FOLDER} || '/' || {_NAME} as path"
_MODIFIED = "datetime(file.mtime_ns / 1000000000, 'unixepoch') as modified"
_DURATION = "item.duration_ms / 1000.0 as duration_s"
_URL = "'/media/' || substr(object.object_id, 3) || '/' || item.kind as url_path"
_FACTS = "coalesce(item.facts, file.facts)"
_END = f"file.size_bytes, {_MODIFIED}, root.library, {_PATH}, {_URL}"
_TOP = "(select id from object where object_id = '{}')"
_BELOW = (
    " from child as listed join object as shown on shown.id = listed.object"
    " {joins} where listed.parent = " + _TOP + " group by shown.id"
)


def odd(name: bytes) -> str | None:
    """Return a name as text can show it where it is not UTF-8, else None."""
    try:
        name.decode()
    except UnicodeDecodeError:
        return name.decode("utf-8", "replace")
    return None


def _told(name: str) -> str:
    # SQLite 3.40 refuses json_extract() in a view where trusted_schema is off, as
    # its own shell has it; the table that json_each() is is allowed.
    return f"(select value from json_each({_FACTS}, '$.{name}'))"


def _fact(name: str, column: str = "") -> str:
    return f"{_told(name)} as {column or name}"


def _listed(name: str) -> str:
    """Return a fact of a playlist file, which has no item."""
    return f"(select value from json_each(file.facts, '$.{name}'))"


def _joined(name: str, column: str) -> str:
    return f"{_all(name)} as {column}"


def _all(name: str) -> str:
    values = f"select group_concat(value, '{_SEPARATOR}')"
    return f"({values} from json_each({_FACTS}, '$.{name}'))"


def _year(*names: str) -> str:
    dates = ", ".join(map(_told, names))
    date = f"coalesce({dates})" if len(names) > 1 else dates
    return f"cast(substr({date}, 1, 4) as integer) as year"


def _select(*columns: str, source: str = _ITEMS, where: str = "") -> str:
    return f"select {', '.join(columns)}{source}{' where ' if where else ''}{where}"


_PICTURE_SIZE = (_fact("width"), _fact("height"))
_FILM = (
    _joined("genres", "genre"),
    _joined("directors", "director"),
    _joined("actors", "actor"),
    _fact("content_rating"),
    _fact("description"),
    _DURATION,
    *_PICTURE_SIZE,
    _fact("video_codec"),
    _fact("audio_codec"),
)

OPEN_VIEWS: dict[str, str] = {
    "files": _select(
        "file.role",
        "item.kind",
        "item.mime",
        "object.title",
        _DURATION,
        "file.size_bytes",
        _MODIFIED,
        "file.problem",
        "root.library",
        _PATH,
        _URL,
        source=f"{_FILES} left join item on item.file = file.id"
        " left join object on object.id = item.object",
    ),
    "playlists": _select(
        f"coalesce({_listed('title')}, {_NAME}) as title",
        "(select count(*) from json_each(file.facts, '$.entries')) as entries",
        f"ifnull({_listed('skipped_remote')}, 0) as left_out",
        _MODIFIED,
        "root.library",
        _PATH,
        source=_FILES,
        where="file.role = 'playlist' and file.facts is not null",
    ),
    "problems": _select(
        "root.library",
        _PATH,
        "file.problem as reason",
        "file.size_bytes",
        _MODIFIED,
        source=_FILES,
        where="file.problem is not null",
    ),
    "tracks": _select(
        "object.title",
        _joined("artists", "artist"),
        _joined("album_artists", "album_artist"),
        _fact("album"),
        _fact("disc"),
        _fact("track"),
        _joined("genres", "genre"),
        _joined("composers", "composer"),
        _year("original_date", "date"),
        f"ifnull({_told('compilation')}, 0) as compilation",
        f"ifnull({_told('audiobook')}, 0) as audiobook",
        _fact("rating_percent"),
        _DURATION,
        _fact("audio_codec", "codec"),
        _fact("bitrate_bps"),
        _fact("sample_rate_hz"),
        _fact("bits_per_sample"),
        _fact("channels"),
        _END,
        where="item.kind = 'audio'",
    ),
    "albums": (
        "select shown.title as album,"
        f" max({_all('album_artists')}) as album_artist,"
        f" min(cast(substr(coalesce({_told('original_date')},"
        f"  {_told('date')}), 1, 4) as integer)) as year,"
        f" count(distinct ifnull({_told('disc')}, 1)) as discs,"
        " count(*) as tracks, sum(item.duration_ms) / 1000.0 as duration_s,"
        " sum(file.size_bytes) as size_bytes, shown.object_id as id"
        + _BELOW.format(
            "music$albums",
            joins="join child on child.parent = shown.id"
            " join item on item.object = child.object"
            " join file on file.id = item.file",
        )
    ),
    "artists": (
        "select shown.title as artist, shown.child_count as albums,"
        " count(*) as tracks, sum(item.duration_ms) / 1000.0 as duration_s,"
        " shown.object_id as id"
        + _BELOW.format(
            "music$artists",
            joins="join child as album on album.parent = shown.id"
            " join child on child.parent = album.object"
            " join item on item.object = child.object",
        )
    ),
    "films": _select(
        "object.title",
        _year("date"),
        *_FILM,
        _fact("film_set"),
        _fact("edition"),
        _fact("part"),
        _END,
        where="object.class = 'object.item.videoItem.movie'",
    ),
    "series": (
        f"select {_told('series')} as series,"
        f" count(distinct {_told('season')}) as seasons,"
        " count(*) as episodes, sum(item.duration_ms) / 1000.0 as duration_s,"
        " sum(file.size_bytes) as size_bytes"
        " from item join file on file.id = item.file where item.kind = 'video'"
        f" and {_told('series')} is not null"
        f" and {_told('extra')} is null group by 1"
    ),
    "episodes": _select(
        _fact("series"),
        _fact("season"),
        _fact("episode"),
        _fact("last_episode"),
        _fact("title"),
        f"substr({_told('date')}, 1, 10) as date",
        *_FILM,
        _END,
        where=f"item.kind = 'video' and {_told('series')} is not null"
        f" and {_told('extra')} is null",
    ),
    "photos": _select(
        "object.title",
        _fact("date", "taken"),
        _fact("camera"),
        _fact("lens"),
        _joined("keywords", "keyword"),
        _fact("rating_percent"),
        *_PICTURE_SIZE,
        _END,
        where="item.kind = 'image'",
    ),
}
