"""Which subtitle files belong to which film, told by their names. Pure.

Beside the film by its name ("Film.en.forced.srt"), in a folder for subtitles
("Subs/Film.en.srt", "Subs/Film/2_English.srt"), or by the language alone where
there is one film only ("English.srt", "Subs/2_English.srt").
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from upnpserver.media.languages import language_tag
from upnpserver.media.sidecars import kind_of, role_of, stem_of
from upnpserver.model import Kind, Role


@dataclass(frozen=True, slots=True)
class Subtitle:
    """A subtitle file beside a film, by its path from the film's folder."""

    path: bytes
    language: str = ""  # BCP 47 in lower case; empty: not told
    forced: bool = False  # only what is not in the film's main language
    hearing_impaired: bool = False
    default: bool = False


SRT: Final = "srt"  # the form that every device knows
SRT_MIME: Final = "text/srt"
SUBTITLE_FOLDERS: Final = {b"subs", b"subtitles", b"sub", b"subtitle", b"untertitel"}
# The forms that are text, by extension: how devices call them, and MIME names.
# Not VobSub's pictures, of which a URL can name but one of two files.
_FORMS: Final = {
    b"srt": (SRT, SRT_MIME),
    b"smi": ("smi", "smi/caption"),
    b"sub": ("sub", "text/plain"),
    b"ass": ("ass", "text/x-ssa"),
    b"ssa": ("ssa", "text/x-ssa"),
    b"vtt": ("vtt", "text/vtt"),
    b"ttml": ("ttml", "application/ttml+xml"),
    b"mpl": ("mpl", "text/plain"),
    b"mpl2": ("mpl", "text/plain"),
}
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
_REGION: Final = re.compile(r"[a-z]{2}|[0-9]{3}|han[st]")


def is_video(name: bytes) -> bool:
    """Return whether a file of this name is a film."""
    return kind_of(name) is Kind.VIDEO


def subtitle_path(attached_id: str, one: Subtitle) -> str:
    """Return the URL path of subtitles as SRT, whatever form they are in."""
    return f"/subtitle/{attached_id}/text{told_in_name(one)}.srt"


def told_in_name(one: Subtitle) -> str:
    """Return language and flags as a file's name tells them: ".en.forced".

    DIDL-Lite has no place for them. Players that name subtitles by their URLs
    read them there.
    """
    flags = (("forced", one.forced), ("sdh", one.hearing_impaired))
    words = [one.language, *(word for word, is_set in flags if is_set)]
    return "".join(f".{word}" for word in words if word)


def form_of(name: bytes) -> tuple[str, str] | None:
    """Return the form and MIME name of a text subtitle, None for another file."""
    return _FORMS.get(name.lower().rpartition(b".")[2])


def film_folder(directory: bytes) -> bytes:
    """Return the folder of the films whose subtitles lie in a folder."""
    folders = directory.split(b"/")
    for depth in (1, 2):
        if len(folders) >= depth and folders[-depth].lower() in SUBTITLE_FOLDERS:
            return b"/".join(folders[:-depth])
    return directory


def subtitles(paths: Iterable[bytes]) -> Mapping[bytes, list[Subtitle]]:
    """Return the subtitles of the films in a folder, the best first.

    paths: of all films and subtitles, from the folder on. The films are told
    by their stems: see stem_of().
    """
    listed = sorted(paths)
    films = {stem_of(path) for path in listed if b"/" not in path and is_video(path)}
    indices = {stem_of(path) for path in listed if path.lower().endswith(b".idx")}
    found: dict[bytes, list[Subtitle]] = {}
    for path in listed:
        if role_of(path.rpartition(b"/")[2]) is not Role.SUBTITLE:
            continue
        if path.lower().endswith(b".sub") and stem_of(path) in indices:
            continue  # one of the two files of VobSub
        if owner := _owner(path, films):
            film, rest = owner
            found.setdefault(film, []).append(_subtitle(path, rest))
    for some in found.values():
        some.sort(key=_order)
    return found


def _order(one: Subtitle) -> tuple[object, ...]:
    is_srt = one.path.lower().endswith(b".srt")  # what most devices can show
    return not one.default, one.forced, one.hearing_impaired, not is_srt, one.path


def _owner(path: bytes, films: set[bytes]) -> tuple[bytes, bytes] | None:
    """Return a subtitle's film, and its name without the film's; None: no one's."""
    *folders, _ = path.lower().split(b"/")
    own = stem_of(path.rpartition(b"/")[2])
    if folders and folders[0] not in SUBTITLE_FOLDERS:
        return None
    if len(folders) > 1:
        film = folders[1]
        is_one = len(folders) == 2 and film in films
        return (film, own.removeprefix(film)) if is_one else None
    # Of "Film" and "Film 2" the longer one.
    for end in range(len(own), 0, -1):
        if own[:end] in films:
            rest = own[end:]
            return (own[:end], rest) if not rest or rest[:1] in b" ._-[(" else None
    return (next(iter(films)), own) if len(films) == 1 and _is_language(own) else None


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
