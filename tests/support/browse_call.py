"""The arguments of a Browse, for tests of what answers it."""


def browse_arguments(object_id: str, **changes: str) -> dict[str, str]:
    """Return the arguments that ask for all children with all properties."""
    return {
        "ObjectID": object_id,
        "BrowseFlag": "BrowseDirectChildren",
        "Filter": "*",
        "StartingIndex": "0",
        "RequestedCount": "0",
        "SortCriteria": "",
        **changes,
    }
