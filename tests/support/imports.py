"""What each module of the package imports, read from its text."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "upnpserver"


@dataclass(frozen=True, slots=True)
class Module:
    """One module of the package, as "upnpserver.net.site"."""

    name: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """The parsed text."""
        return ast.parse(self.text)

    @property
    def room(self) -> str:
        """The part of the house: a folder, or a module beside the folders."""
        return [*self.name.split("."), ""][1]


def modules(root: Path) -> dict[str, Module]:
    """Return every module below the package's folder by its name."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = [root.name, *path.relative_to(root).with_suffix("").parts]
        if parts[-1] == "__init__":
            parts.pop()
        name = ".".join(parts)
        found[name] = Module(name, path.read_text(encoding="utf-8"))
    return found


def imported(module: Module, known: Mapping[str, Module]) -> Iterator[str]:
    """Yield full names of what a module imports anywhere, also in functions.

    "from a import b" is a.b, except that of this package's own modules the
    module's name is what counts. Relative imports are not used in this house.
    """
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                ours = source.partition(".")[0] == PACKAGE
                yield source if ours and inner not in known else inner


def names_used(module: Module) -> Iterator[str]:
    """Yield each name and attribute that the module's code mentions."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom | ast.Import):
            yield from (alias.name for alias in node.names)


def cycle(known: Mapping[str, Module]) -> list[str]:
    """Return the modules of one import cycle in order; none: an empty list."""
    inside = {
        name: [other for other in imported(module, known) if other in known]
        for name, module in known.items()
    }
    finished: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in finished:
            return []
        for other in inside[name]:
            if found := visit(other, [*path, name]):
                return found
        finished.add(name)
        return []

    for name in inside:
        if found := visit(name, []):
            return found
    return []
