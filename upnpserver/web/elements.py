"""Elements of HTML by their names: twisted.web.template's own list is of HTML 4."""

from twisted.web.template import Tag


class _Elements:
    def __getattr__(self, name: str) -> Tag:
        return Tag(name)


tags = _Elements()
