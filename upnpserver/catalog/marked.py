"""Many values of one property in one column, so that one expression finds any.

A mark stands before, between and after the folded values: "is one of them"
and "one of them starts with" are then searches for a part of the column.
"""

from upnpserver.upnp.props import fold

MARK = "\x1f"  # can't stand in XML, so it is in no value


def marked(*values: str) -> str | None:
    """Return values as one column, None if there are none."""
    having = [fold(value) for value in values if value]
    return f"{MARK}{MARK.join(having)}{MARK}" if having else None


def unmarked(column: str) -> list[str]:
    """Return the folded values of a column."""
    return column.strip(MARK).split(MARK)
