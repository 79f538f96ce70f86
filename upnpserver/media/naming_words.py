"""The words that people and programs write into the names of films and episodes.

Tables and the patterns made of them; naming_text.py and naming_marks.py say
what they mean. All patterns are for text whose underscores and separating dots
are blanks, without regard to case.

Source: the naming rules that Kodi, Jellyfin, Plex and Sonarr publish, and names
seen.
"""

import re
from typing import Final

# A digit or letter beside a word makes it another word; \b would do but for "_".
START: Final = r"(?<![^\W_])"
END: Final = r"(?![^\W_])"


def words(*alternatives: str) -> str:
    """Return a pattern for any of these, as whole words."""
    return f"{START}(?:{'|'.join(alternatives)}){END}"


# What is in no title: where the first of these stands, the title has ended.
_SIZES = (
    r"[1-9]\d{2,3}[pi](?:x|\d{2,3})?",
    r"\d{3,4} ?[x*×] ?\d{3,4}p?",
    *("uhd", "ultra ?hd", "fhd", "full ?hd", "4k", "8k", "hd ?(?:720|1080)p?"),
)
_SOURCES = (
    r"(?:uhd[ -]?)?blu-?ray(?:[ -]?(?:rip|disk|disc))?",
    *(
        r"b[dr][ -]?rips?",
        "bdremux",
        "bdmv",
        "bd(?:25|50|66|100|-?[57])",
        r"(?:b[dr]|dvd|web|hd)(?:rip)?mux",
    ),
    *(r"(?:hd-?)?dvd[ -]?(?:rip|scr|screener|r|mux|remux|full)", "dvd[59]", "hd-?dvd"),
    *(
        r"dvd",
        r"hd[ -]?rip",
        "hdlight",
        "micro ?hd",
        "m-?hd",
        r"hd[ -]?tv(?:[ -]?rip)?",
    ),
    *(r"web[ -]?(?:dl|rip|mux|cap|hd)(?:rip)?", "uhdtv", "pdtv", "sdtv", "dsr(?:ip)?"),
    *(r"(?:tv|sat|dvb|dth|vhs|vod|ppv|cam|ds|pdtv|iptv|ld)[ -]?rip", "dvb-?[sct]2?"),
    *(r"hd-?cam", r"hd-?t[sc]", "tele-?sync", "tele-?cine", "screener", "workprint"),
    *(r"(?:bd)?remux", "amzn", "dsnp", "hmax", "pcok", "pmtp", "vodrip"),
)
_CODECS = (
    *(r"[xh][ .]?26[456]", "hevc", "avc", "xvid", r"divx\d?(?!\w)", r"mpeg-?[24]"),
    *("vp[89]", "av1", r"(?:8|10|12)[ -]?bits?", "hi10p?", "hi422p?", "hi444pp?"),
    *(
        r"hdr(?:10)?(?:\+|plus|p)?",
        "dovi",
        "dolby ?vision",
        "hlg",
        "vc-?1",
        "yuv4\\d\\dp",
    ),
    *(
        r"aac(?:[ .-]?(?:lc|he))?(?:[ .-]?[1257](?:[ .][01])?)?(?:ch)?",
        "e-?ac-?3(?:d|x\\d)?",
    ),
    *(r"ac-?3d?(?:x\d)?", "ac3dl", r"dts(?:[ -]?(?:hd|es|x|ma|hr|hra|hdma|d|l))*"),
    *(r"true-?hd", "atmos", r"dd[pa+]?(?:lus)?[ .]?[1257][ .][01]", "ddp(?:a)?"),
    *(r"flac(?:[ .]?[1257][ .][01])?(?:x\d)?", "lpcm", "mp3", "vorbis", "[268]ch"),
)
_RELEASE = (
    *("repack\\d?", "rerip", "vost(?:fr|a|e)?", "true-?french", "subfrench", "vf[fqi]"),
    *("hard-?subs?", "soft-?subs?", "sub-?forced", "nfofix", "readnfo", "multi-?subs?"),
    *("dual[ .-]?audio", "multi[ .-]?audio", "yify", "rarbg", "eztv", "ettv", "etrg"),
    *("nlsubs?", "swesubs?", "pldub", "plsub", "dubbed", "subbed", r"h[ -]?(?:sbs|ou)"),
    *(r"half[ -]?(?:sbs|ou)", "hsbs", "msubs?", "esubs?", "dublado", "legendado"),
    *("fast-?sub", r"vr ?(?:180|360)"),
    *("multiple subtitle", "eng?[ -]?subs?", "kor-?sub", "hc-?sub", "hcsubs?"),
    *(
        r"\d{3,4} ?mb(?!ps)",
        r"\d\d(?:[ .]\d{3})? ?fps",
        r"\d(?:[ .]\d{1,2})? ?gb",
        r"\d{3,5} ?kbps",
    ),
)
STRONG: Final = re.compile(
    words(*_SIZES, *_SOURCES, *_CODECS, *_RELEASE), re.IGNORECASE
)

# What may be in a title: only beside the others it is none.
_LANGUAGES = (
    *("multi\\d?", "dual", "dl", "ml", "md", "ld", "mic", "french", "german"),
    *(
        "deutsch",
        "english",
        "eng?",
        "ger",
        "fre?",
        "fra",
        "ita?",
        "italian",
        "italiano",
    ),
    *(
        "ita(?:lian)?[ -]eng(?:lish)?",
        "eng[ -]ita",
        "spanish",
        "espa[nñ]ol",
        "castellano",
    ),
    *(
        "latino",
        "lat",
        "esp",
        "spa",
        "russian",
        "rus",
        "hindi",
        "hin",
        "tamil",
        "telugu",
    ),
    *("malayalam", "kannada", "bengali", "japanese", "jpn?", "jap", "korean", "kor"),
    *(
        "chinese",
        "chs",
        "cht",
        "mandarin",
        "cantonese",
        "polish",
        "pl",
        "lektor",
        "napisy",
    ),
    *("dutch", "nl", "flemish", "swedish", "danish", "norwegian", "nordic", "finnish"),
    *("czech", "cz", "hungarian", "hun", "turkish", "tur", "greek", "hebrew", "heb"),
    *("arabic", "portuguese", "por", "pt", "pt-?br", "brazilian", "ukr", "ukrainian"),
    *("vf2?", "vo", "subs?", "dubs?", "dub", "subtitled", "audio", "org", "romanian"),
    *("catalan", "vietnamese", "thai", "persian", "farsi", "bulgarian", "serbian"),
)
_FORMS = (
    *("proper", "real", "limited", "internal", "int", "festival", "stv", "dc", "se"),
    *("ws", "fs", "pal", "ntsc", "secam", "retail", "complete", "hybrid", "3d", "sbs"),
    *("hou", "ou", "oar", "hc", "line", "custom", "dirfix", "rip", "hsub", "v[1-5]"),
    *(
        "batch",
        "sdr",
        "dv",
        "raws?",
        "bd",
        "bdr",
        "web",
        "cam",
        "ts",
        "tc",
        "scr",
        "r[56]",
    ),
    *("vhs", "ppv", "vod", "sd", "hd", "hq", "tv", "nf", "hulu", "atvp", "it", "max"),
    *(
        "stan",
        "cr",
        "red",
        "ip",
        "all4",
        "hbo",
        "sho",
        "opus",
        "ogg",
        "mkv",
        "mp4",
        "avi",
    ),
    *(
        "wmv",
        "hdc",
        "uncensored",
        "colorized",
        "dsnp\\+?",
        "[257][ .][01]",
        "part",
        "rm4k",
    ),
    *(
        "readnfo",
        "fansub",
        "lossless",
        "vostfr",
        "full",
        "hq",
        "crf\\d*",
        "disc",
        "hddvd",
    ),
    *(
        "open matte",
        "2in1",
        r"\d\dfps",
        "hfr",
        "om",
        "doku",
        "docu",
        "xxx",
        "ad",
    ),
    *(
        "swissgerman",
        "integrale",
        "intégrale",
        "coffret",
        "complet",
        "netflix",
        "amazon",
    ),
    *(
        "itunes",
        "720",
        "1080",
        "2160",
        "480",
        "576",
        "doc",
        "anime",
        "subtitles",
        "sync",
    ),
)
_EDITIONS_BARE = (
    *(
        "uncut",
        "unrated",
        "extended",
        "theatrical",
        "remastered",
        "restored",
        "criterion",
    ),
    *("imax", "redux", "recut", "uncensored", "rated", "edition", "cut", "version"),
)
WEAK: Final = re.compile(words(*_LANGUAGES, *_FORMS, *_EDITIONS_BARE), re.IGNORECASE)

# How an edition is written -> how it is shown.
_CUT = r"(?:[ -]?(?:cut|edition|version|ed))"
_EDITION_FORMS: Final = (
    (rf"director'?s?'?{_CUT}|directors", "Director's Cut"),
    (rf"extended{_CUT}?", "Extended"),
    (rf"unrated{_CUT}?", "Unrated"),
    (rf"uncut{_CUT}?", "Uncut"),
    (rf"uncensored{_CUT}?", "Uncensored"),
    (rf"theatrical{_CUT}?|kinofassung", "Theatrical"),
    (r"final cut", "Final Cut"),
    (r"rogue cut", "Rogue Cut"),
    (r"assembly cut", "Assembly Cut"),
    (rf"ultimate{_CUT}", "Ultimate Edition"),
    (rf"special{_CUT}", "Special Edition"),
    (rf"limited{_CUT}", "Limited Edition"),
    (rf"deluxe{_CUT}", "Deluxe Edition"),
    (rf"(?:ultimate )?collector'?s?{_CUT}|edition collector", "Collector's Edition"),
    (r"version longue", "Extended"),
    (r"criterion(?: (?:collection|edition))?", "Criterion"),
    (r"imax(?: (?:edition|enhanced))?", "IMAX"),
    (r"(?:4k[ -])?remaster(?:ed)?", "Remastered"),
    (r"restored", "Restored"),
    (r"recut", "Recut"),
    (r"redux", "Redux"),
    (r"despeciali[sz]ed(?: edition)?", "Despecialized"),
    (r"fan ?edit", "Fan Edit"),
    (r"open matte", "Open Matte"),
    (r"(?:\d\d(?:st|nd|rd|th) )?anniversary edition", "Anniversary Edition"),
    (r"dc", "Director's Cut"),
)
EDITION: Final = re.compile(
    words(*(f"(?P<e{at}>{form})" for at, (form, _) in enumerate(_EDITION_FORMS))),
    re.IGNORECASE,
)
EDITION_NAMES: Final = {f"e{at}": name for at, (_, name) in enumerate(_EDITION_FORMS)}
# These stand before the year, too: nothing else is called so.
SURE_EDITION: Final = re.compile(
    words(
        rf"director'?s?'?{_CUT}",
        rf"(?:extended|unrated|uncut|theatrical|ultimate|special|alternative|criterion|"
        rf"ultimate collector'?s?|collector'?s?){_CUT}",
        *("edition collector", "version longue", "criterion collection"),
        r"(?:the )?(?:final|rogue|assembly) cut",
        *(r"despeciali[sz]ed(?: edition)?", "fan ?edit"),
        r"(?:\d\d(?:st|nd|rd|th) )?anniversary edition",
    ),
    re.IGNORECASE,
)

SEASON: Final = (
    r"(?:seasons?|saisons?|staffel|temporada|temp\b|tem\b|stagione|sezon|seizoen|series|"
    r"s[äa]song|s[æa]son|sæson|saeson|sesong|kausi|[ée]vad|sezona|sezonul|série|"
    r"serie|сезон|シーズン|시즌)"
)
EPISODE: Final = (
    r"(?:episode|episodio|épisode|episódio|folge|aflevering|odcinek|odc|afsnit|avsnitt|"
    r"cap[ií]tulo|b[öo]l[üu]m|epizod|epis[oó]dio|эпизод|серия|выпуск|d[ií]l|jakso|"
    r"puntata|teil|r[ée]sz|серії?)"
)
NUMBER_WORDS: Final = {
    word: number
    for number, row in enumerate(
        (
            *(
                "one i un une première erste eins uno una",
                "two ii deux deuxième zweite zwei",
            ),
            *("three iii trois troisième dritte drei", "four iv quatre vierte vier"),
            *(
                "five v cinq fünf cinco cinque",
                "six vi sechs seis sei",
                "seven vii sept",
            ),
            *(
                "eight viii huit acht",
                "nine ix neuf neun",
                "ten x dix zehn",
                "xi",
                "xii",
            ),
        ),
        1,
    )
    for word in row.split()
}

# Folders that hold something beside films, and what it is.
EXTRA_FOLDERS: Final = {
    **dict.fromkeys(
        ("extras", "extra", "bonus", "bonus material", "bonusmaterial", "supplements"),
        "extra",
    ),
    **dict.fromkeys(("bonus disc", "special features", "other", "others"), "extra"),
    **dict.fromkeys(("featurettes", "featurette"), "featurette"),
    **dict.fromkeys(("trailers", "trailer", "teasers"), "trailer"),
    **dict.fromkeys(("samples", "sample"), "sample"),
    **dict.fromkeys(("interviews", "interview"), "interview"),
    **dict.fromkeys(("deleted scenes", "deleted", "scenes"), "deleted scene"),
    **dict.fromkeys(("shorts",), "short"),
    **dict.fromkeys(("clips",), "clip"),
    **dict.fromkeys(
        ("behind the scenes", "behindthescenes", "making of", "makingof", "bts"),
        "behind the scenes",
    ),
    **dict.fromkeys(("backdrops", "theme-videos"), "clip"),
}
# These also name libraries: they are extras only below a film or series.
UNSURE_EXTRA_FOLDERS: Final = {
    *("other", "others", "shorts", "scenes", "clips", "interviews", "bonus", "extra"),
    *("trailers", "trailer", "bts", "deleted", "supplements"),
}
EXTRA_ENDS: Final = {
    **dict.fromkeys(("trailer", "teaser"), "trailer"),
    "sample": "sample",
    "featurette": "featurette",
    "interview": "interview",
    **dict.fromkeys(
        ("scene", "deleted", "deletedscene", "deleted scene"), "deleted scene"
    ),
    "clip": "clip",
    "short": "short",
    **dict.fromkeys(("behindthescenes", "behind the scenes"), "behind the scenes"),
    **dict.fromkeys(("extra", "other"), "extra"),
}

# Folders that say nothing of what is in them but its sort.
TV_FOLDERS: Final = {
    *("tv", "tv shows", "tvshows", "tv-shows", "tv series", "tvseries", "series"),
    *("shows", "serien", "séries", "serie", "serie tv", "anime", "animes", "seriale"),
    *(
        "television",
        "sitcoms",
        "documentary series",
        "cartoons",
        "miniseries",
        "sorozat",
    ),
    *("tv drop", "tv drama", "seriály", "сериалы", "k-drama", "kdrama", "episodes"),
}
FILM_FOLDERS: Final = {
    *("movies", "movie", "films", "film", "filme", "filmes", "peliculas", "películas"),
    *("filmy", "cinema", "kino", "spielfilme", "фильмы", "feature films", "animation"),
}
PLAIN_FOLDERS: Final = {
    *("video", "media", "downloads", "download", "complete", "completed"),
    *("unsorted", "new", "incoming", "torrents", "torrent", "usenet", "nzb", "share"),
    *(
        "hd",
        "uhd",
        "4k",
        "sd",
        "3d",
        "1080p",
        "720p",
        "2160p",
        "bluray",
        "blu-ray",
        "dvd",
    ),
    *("dvds", "kids", "kinder", "action", "comedy", "drama", "horror", "thriller"),
    *("documentary", "documentaries", "dokus", "docs", "sci-fi", "classics", "misc"),
    *("tmp", "temp", "data", "mnt", "storage", "nas", "public", "server"),
    *("test", "box", "watched", "unwatched", "seen", "to watch", "mkv", "avi", "mp4"),
    *("main", "feature", "main feature", "movie files", "done", "finished", "files"),
    *("subs", "various", "others", "collection", "collections", "box sets", "boxsets"),
    *(
        "english",
        "german",
        "deutsch",
        "french",
        "vo",
        "vf",
        "vostfr",
        "multi",
        "dubbed",
    ),
    *("library", "bibliothek", "archive", "sorted", "drive", "disk", "volume", "user"),
}
# What lies in these was filmed by the household.
HOME_FOLDERS: Final = {
    *(
        "home",
        "home videos",
        "home movies",
        "home video",
        "family",
        "familie",
        "famille",
    ),
    *("privat", "private", "camera", "dcim", "camcorder", "phone", "handy", "videos"),
    *(
        "holidays",
        "holiday",
        "urlaub",
        "vacances",
        "wedding",
        "birthdays",
        "kids videos",
    ),
}
# Films and series that end in a year which is not theirs.
YEAR_IN_TITLE: Final = {
    *("space 1999", "wonder woman 1984", "death race 2000", "dracula 2000"),
    *(
        "class of 1984",
        "class of 1999",
        "airport 1975",
        "cherry 2000",
        "nightmare 1981",
    ),
    *(
        "1941",
        "1900",
        "novecento 1900",
        "fantasia 2000",
        "escape 2000",
        "godzilla 2000",
    ),
    *("pokemon 2000", "babylon ad 2000", "blues brothers 2000", "in the year 2000"),
}
LANGUAGES: Final = re.compile(words(*_LANGUAGES), re.IGNORECASE)
COUNTRIES: Final = {"us", "uk", "au", "nz", "ca", "usa"}
ARTICLES: Final = {
    *(
        "the",
        "a",
        "an",
        "der",
        "die",
        "das",
        "le",
        "la",
        "les",
        "l'",
        "el",
        "los",
        "las",
    ),
    *("il", "lo", "gli", "de", "het", "un", "une", "ein", "eine", "o", "os"),
}
