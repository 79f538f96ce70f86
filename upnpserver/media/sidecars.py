"""Which files beside media belong to it, told by their names. Pure.

Names as Kodi, Jellyfin, Plex, MiniDLNA and Windows write them, without regard
to case.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from upnpserver.dlna.mimes import usual_type
from upnpserver.media.formats import is_disc_menu
from upnpserver.media.languages import language_tag
from upnpserver.model import Kind, Role

_BY_EXTENSION = {
    **dict.fromkeys((b"nfo",), Role.NFO),
    **dict.fromkeys(
        (
            *(b"srt", b"ass", b"ssa", b"sub", b"idx", b"vtt", b"smi", b"ttml"),
            *(b"mpl", b"mpl2", b"sup"),
        ),
        Role.SUBTITLE,
    ),
    **dict.fromkeys((b"lrc",), Role.LYRICS),
    **dict.fromkeys((b"cue",), Role.CUE),
    **dict.fromkeys((b"m3u", b"m3u8", b"pls", b"xspf", b"wpl", b"asx"), Role.PLAYLIST),
}
# Pictures that stand for their folder, the best first.
_FOLDER_ART = (
    *(b"poster", b"cover", b"folder", b"front", b"albumart", b"album"),
    *(b"thumb", b"artist", b"fanart", b"backdrop", b"banner"),
    *(b"landscape", b"background", b"albumartsmall", b"logo", b"clearlogo", b"disc"),
)
_WINDOWS_ART = b"albumart_{"  # AlbumArt_{GUID}_Large.jpg
_POSTERS = (b"poster", b"cover", b"folder", b"movie", b"show", b"front", b"albumart")
_FANART = (b"fanart", b"backdrop", b"background", b"art", b"landscape", b"banner")
_THUMBS = (b"thumb", b"landscape")
# After the stem of a film, or of "season01" and "season-specials".
_ART_ENDS = (b"-poster", b"-cover", b"-thumb", b"-fanart", b"-banner", b"-landscape")
_LAST = len(_FOLDER_ART)


def role_of(name: bytes) -> Role | None:
    """Return what a file of this name is to the catalog, None if nothing.

    Hidden files are nothing, and so is what is no media and belongs to none.
    """
    stem, dot, extension = name.lower().rpartition(b".")
    if not dot or not stem or name.startswith(b"."):
        return None
    usual = usual_type(extension.decode("ascii", "replace"))
    if is_disc_menu(name):
        return None
    if usual is None:
        return _BY_EXTENSION.get(extension)
    return Role.ART if usual.kind is Kind.IMAGE and _is_art(stem) else Role.MEDIA


def _is_art(stem: bytes) -> bool:
    return (
        stem in _FOLDER_ART or stem.startswith(_WINDOWS_ART) or stem.endswith(_ART_ENDS)
    )


def art_for(name: bytes, pictures: Collection[bytes]) -> bytes | None:
    """Return which of a folder's art stands best for a file in it, None if none.

    name: the file's own; empty asks for the art of the folder itself.
    """
    stem = _stem(name)
    suiting = [
        (rank, picture)
        for picture in pictures
        if (rank := _rank(stem, _stem(picture))) is not None
    ]
    return min(suiting)[1] if suiting else None


def _rank(stem: bytes, picture: bytes) -> int | None:
    """Return how well a picture suits, the least best; None: it is another's."""
    if picture in _FOLDER_ART:
        return _FOLDER_ART.index(picture)
    if picture.startswith(_WINDOWS_ART):
        return _LAST + picture.endswith(b"_small")
    for rank, end in enumerate(_ART_ENDS):
        if stem and picture == stem + end:
            return rank - len(_ART_ENDS)
    return None


def nfo_for(name: bytes, files: Collection[bytes]) -> bytes | None:
    """Return which of a folder's NFO files tells of a film in it, None if none."""
    stem = _stem(name)
    for wanted in (stem, b"movie"):
        for nfo in sorted(files):
            if _stem(nfo) == wanted:
                return nfo
    return None


@dataclass(frozen=True, slots=True)
class Subtitle:
    """A subtitle file beside a film, by its path from the film's folder."""

    path: bytes
    language: str = ""  # BCP 47 in lower case; empty: not told
    forced: bool = False  # only what is not in the film's main language
    hearing_impaired: bool = False
    default: bool = False


@dataclass(frozen=True, slots=True)
class Beside:
    """What lies beside one media file, the best of each sort."""

    nfo: bytes | None = None
    poster: bytes | None = None
    fanart: bytes | None = None
    thumb: bytes | None = None
    lyrics: bytes | None = None
    subtitles: tuple[Subtitle, ...] = ()


def beside(name: bytes, paths: Iterable[bytes]) -> Beside:
    """Return which of the files in its folder belong to a media file.

    name: the media file's own. paths: all that lies in its folder, as paths
    from there; of folders in it those for subtitles count ("Subs/2_English.srt",
    "Subs/Film/2_English.srt").
    """
    listed = sorted(paths)
    here = [path for path in listed if b"/" not in path]
    stem = _stem(name)
    pictures = [path for path in here if _is_picture(path)]
    return Beside(
        nfo=nfo_for(name, [path for path in here if role_of(path) is Role.NFO]),
        poster=_picture(stem, pictures, _POSTERS, bare=True),
        fanart=_picture(stem, pictures, _FANART),
        thumb=_picture(stem, pictures, _THUMBS),
        lyrics=_first(here, [stem + b".lrc"]),
        subtitles=_subtitles(stem, listed),
    )


def season_poster(season: int, paths: Iterable[bytes]) -> bytes | None:
    """Return the poster of a season in its series' folder, None if there is none."""
    of_specials = b"season-specials" if season == 0 else b""
    stems = [b"season%02d" % season, b"season%d" % season, of_specials]
    pictures = sorted(path for path in paths if _is_picture(path))
    wanted = [stem + end for stem in stems if stem for end in (b"-poster", b"")]
    return _first_of_stem(pictures, wanted)


def _is_picture(path: bytes) -> bool:
    usual = usual_type(path.lower().rpartition(b".")[2].decode("ascii", "replace"))
    return usual is not None and usual.kind is Kind.IMAGE


def _picture(
    stem: bytes, pictures: list[bytes], kinds: tuple[bytes, ...], *, bare: bool = False
) -> bytes | None:
    """Return the film's own picture of one sort, else its folder's."""
    own = [stem + b"-" + kind for kind in kinds]
    return _first_of_stem(pictures, [*own, *([stem] if bare else []), *kinds])


def _first_of_stem(paths: list[bytes], stems: Iterable[bytes]) -> bytes | None:
    by_stem = {_stem(path): path for path in reversed(paths)}
    return next((by_stem[stem] for stem in stems if stem in by_stem), None)


def _first(paths: list[bytes], names: list[bytes]) -> bytes | None:
    return next((path for path in paths if path.lower() in names), None)


_SUBTITLE_FOLDERS: Final = {b"subs", b"subtitles", b"sub", b"subtitle", b"untertitel"}
_PARTS: Final = re.compile(r"[ ._\-\[\](),+]+")
_FORCED: Final = {"forced", "foreign", "forcés", "signs"}
_IMPAIRED: Final = {"sdh", "cc", "hoh", "hearing", "impaired"}
_DEFAULT: Final = {"default"}
# Names of languages in English and in themselves, and codes that are no BCP 47.
_LANGUAGES: Final = {
    name: code
    for code, names in (
        ("ar", "arabic"),
        ("bg", "bulgarian"),
        ("ca", "catalan català"),
        ("cs", "czech čeština"),
        ("da", "danish dansk"),
        ("de", "german deutsch"),
        ("el", "greek"),
        ("en", "english"),
        ("es", "spanish español espanol castellano"),
        ("es-419", "latino"),
        ("et", "estonian eesti"),
        ("fa", "persian farsi"),
        ("fi", "finnish suomi"),
        ("fr", "french français francais vf vff"),
        ("he", "hebrew"),
        ("hi", "hindi"),
        ("hr", "croatian hrvatski"),
        ("hu", "hungarian magyar"),
        ("id", "indonesian"),
        ("is", "icelandic"),
        ("it", "italian italiano"),
        ("ja", "japanese jp 日本語"),
        ("ko", "korean kr 한국어"),
        ("lt", "lithuanian"),
        ("lv", "latvian"),
        ("ms", "malay"),
        ("nl", "dutch nederlands flemish"),
        ("no", "norwegian norsk"),
        ("pl", "polish polski"),
        ("pt", "portuguese português portugues"),
        ("pt-br", "brazilian pob ptbr"),
        ("ro", "romanian română"),
        ("ru", "russian русский"),
        ("sk", "slovak"),
        ("sl", "slovenian"),
        ("sr", "serbian srpski"),
        ("sv", "swedish svenska"),
        ("th", "thai"),
        ("tr", "turkish türkçe turkce"),
        ("uk", "ukrainian українська"),
        ("vi", "vietnamese"),
        ("zh", "chinese chs cn 中文"),
        ("zh-hant", "cht"),
    )
    for name in names.split()
}
# Codes of two letters that are words in no release's name.
_CODES: Final = frozenset(
    one
    for row in (
        "ar bg bs ca cs da de el en es et eu fa fi fr gl he hi hr hu id is it ja ka",
        "kk ko lt lv mk ml ms nb nl nn no pl pt ro ru sk sl sq sr sv ta te th tr uk",
        "ur vi zh",
    )
    for one in row.split()
)
_REGION: Final = re.compile(r"[a-z]{2}|\d{3}|han[st]")


def _subtitles(stem: bytes, paths: list[bytes]) -> tuple[Subtitle, ...]:
    videos = [
        other
        for path in paths
        if b"/" not in path and (other := _stem(path)) != stem and _is_video(path)
    ]
    indices = {_stem(path) for path in paths if path.lower().endswith(b".idx")}
    found = []
    for path in paths:
        if role_of(path.rpartition(b"/")[2]) is not Role.SUBTITLE:
            continue
        if path.lower().endswith(b".sub") and _stem(path) in indices:
            continue  # one of the two files of VobSub
        rest = _rest(stem, path, videos)
        if rest is not None:
            found.append(_subtitle(path, rest))
    return tuple(found)


def _is_video(path: bytes) -> bool:
    usual = usual_type(path.lower().rpartition(b".")[2].decode("ascii", "replace"))
    return usual is not None and usual.kind is Kind.VIDEO


def _rest(stem: bytes, path: bytes, videos: list[bytes]) -> bytes | None:
    """Return a subtitle's name without the film's, None if it is another film's.

    videos: stems of the other films in the folder.
    """
    *folders, _ = path.lower().split(b"/")
    own = _stem(path.rpartition(b"/")[2])
    if folders and folders[0] not in _SUBTITLE_FOLDERS:
        return None
    if len(folders) > 1:
        return own.removeprefix(stem) if folders[1:] == [stem] else None
    if own.startswith(stem):
        rest = own[len(stem) :]
        longer = any(len(one) > len(stem) and own.startswith(one) for one in videos)
        return rest if not longer and (not rest or rest[:1] in b" ._-[(") else None
    # "Subs/English.srt" and "English.srt" are the only film's.
    return own if not videos and _is_language(own) else None


def _is_language(name: bytes) -> bool:
    """Return whether a name is a language's, with a number or a flag at most."""
    words = _words(name)
    others = [one for one in words if not (_language(one) or one in _FLAGS)]
    return len(others) < len(words) and all(map(str.isdecimal, others))


def _words(name: bytes) -> list[str]:
    return [one for one in _PARTS.split(name.decode("utf-8", "replace")) if one]


def _subtitle(path: bytes, rest: bytes) -> Subtitle:
    """Return what the words after the film's name tell of a subtitle."""
    told = _words(rest)
    languages = [
        (at, code) for at, word in enumerate(told) if (code := _language(word))
    ]
    # "hi" is Hindi, or of one more language its form for the hearing impaired.
    others = [one for one in languages if one[1] != "hi"]
    at, language = (others or languages or [(0, "")])[0]
    region = told[at + 1] if language and at + 1 < len(told) else ""
    if _REGION.fullmatch(region) and "-" not in language and region not in _FLAGS:
        language = f"{language}-{region}"
    words = set(told)
    return Subtitle(
        path,
        language,
        forced=bool(words & _FORCED),
        hearing_impaired=bool(words & _IMPAIRED) or bool(others and "hi" in words),
        default=bool(words & _DEFAULT),
    )


_FLAGS: Final = _FORCED | _IMPAIRED | _DEFAULT | {"hi"}


def _language(word: str) -> str:
    """Return the code for "en", "eng", "English" in small letters, "" for others."""
    if word in _LANGUAGES:
        return _LANGUAGES[word]
    code = language_tag(word)
    return code if code in _CODES and (len(word) == 3 or word in _CODES) else ""


def _stem(name: bytes) -> bytes:
    return name.lower().rpartition(b".")[0]
