"""Which files somebody may see: one value, and the one place that reads it. Pure.

What it hides is never written into the catalog that its owner is answered from
(scan/partial.py), so there is nothing that could tell hidden from missing.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from upnpserver.model import Kind
from upnpserver.paths import is_below
from upnpserver.rules.ratings import age_of

# As plain text, and in order: equal values have equal names, in all processes.
ALL_KINDS = tuple(sorted(kind.value for kind in Kind))
UNRATED = 18  # what a film without a rating counts as, unless it is said otherwise


@dataclass(frozen=True, slots=True)
class Visibility:
    """What may be seen: of everything shared, what all of the fields allow.

    libraries: by name; None: all. only: folders and files by absolute path; they
    are seen beside the libraries that are named, or alone. hidden: folders and
    files that are not, wherever they lie. kinds: of media. age: films that are
    rated for older are not seen; None: all are. unrated: the age that a film
    without a rating counts as.
    """

    libraries: tuple[str, ...] | None = None
    only: tuple[bytes, ...] = ()
    hidden: tuple[bytes, ...] = ()
    kinds: tuple[str, ...] = ALL_KINDS
    age: int | None = None
    unrated: int = UNRATED

    @property
    def is_everything(self) -> bool:
        """Whether nothing at all is hidden."""
        return self.libraries is None and not self.only and self._hides_nothing

    @property
    def _hides_nothing(self) -> bool:
        return not self.hidden and self.kinds == ALL_KINDS and self.age is None

    @property
    def name(self) -> str:
        """A short name: equal for equal values only, over all starts; "" for all."""
        return _name_of(self)

    def sees_place(self, library: str, path: bytes) -> bool:
        """Tell whether a file or folder at an absolute path may be seen."""
        if any(is_below(path, hidden) for hidden in self.hidden):
            return False
        if self.libraries is not None and library in self.libraries:
            return True
        if self.only:
            return any(is_below(path, shown) for shown in self.only)
        return self.libraries is None

    def sees_some_of(self, library: str, folder: bytes) -> bool:
        """Tell whether anything in a folder may be seen, as far as places go."""
        if self.sees_place(library, folder):
            return True
        if any(is_below(folder, hidden) for hidden in self.hidden):
            return False
        return any(is_below(shown, folder) for shown in self.only)

    def sees_rated(self, rating: str) -> bool:
        """Tell whether a film of a rating may be seen; "": it has none."""
        if self.age is None:
            return True
        age = age_of(rating)
        return (self.unrated if age is None else age) <= self.age

    def without(self, hidden: Iterable[bytes], below_age: int | None) -> "Visibility":
        """Return the same, less some folders and films from an age on."""
        age = self.age
        if below_age is not None:
            age = below_age - 1 if age is None else min(age, below_age - 1)
        less = tuple(sorted({*self.hidden, *hidden}))
        return replace(self, hidden=less, age=age)


@lru_cache(maxsize=64)
def _name_of(visibility: Visibility) -> str:
    if visibility.is_everything:
        return ""
    age = visibility.age
    told = (
        *(visibility.libraries, visibility.only, visibility.hidden),
        *(visibility.kinds, age, visibility.unrated if age is not None else 0),
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


EVERYTHING = Visibility()
NOTHING = Visibility(libraries=())
