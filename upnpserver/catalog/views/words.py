"""What containers are called in the household's language: upnpserver/languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parents[2] / "languages"  # importlib.resources is large


@dataclass(frozen=True, slots=True, eq=False)  # one of each: equal means the same
class Words:
    """One language. texts: by their keys in the file, some with {…} to fill in."""

    articles: tuple[str, ...]
    own_letters: str
    months: tuple[str, ...]
    months_after_day: tuple[str, ...]
    texts: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """Return a text that has nothing to fill in."""
        return self.texts[name]

    def filled(self, name: str, **values: object) -> str:
        """Return a text with its {…} filled in."""
        return self.texts[name].format(**values)


@cache
def words_of(language: str) -> Words:
    """Return the words of one of config.LANGUAGES."""
    import tomllib  # noqa: PLC0415  1 MiB that the server may not need

    told = tomllib.loads((_FOLDER / f"{language}.toml").read_text("utf-8"))
    return Words(
        tuple(told["articles"]),
        told["own_letters"],
        tuple(told["months"]),
        tuple(told["months_after_day"]),
        told["words"],
    )
