"""All that a catalog says, to be compared with another's."""

import sqlite3

_DUMP = {
    "objects": "select object.object_id, above.object_id, object.class, object.title,"
    " object.segments, object.art, object.child_count from object"
    " left join object as above on above.id = object.parent order by 1",
    "children": "select above.object_id, sort_key, object.object_id from child"
    " join object on object.id = child.object"
    " join object as above on above.id = child.parent order by 1, 2, 3",
    "found": "select object.object_id, found.* from found"
    " join object on object.id = found.object order by 1",
    "attached": "select name, attached_id, mime, attached.features, first_byte, length"
    " from attached join file on file.id = attached.file order by 1, 2",
    "captions": "select object_id, caption_path, group_art, above_art from item"
    " join object on object.id = item.object order by 1",
    "files": "select * from files order by library, path",
    "tracks": "select * from tracks order by library, path",
}


def dump(path):
    """Return all that the catalog says, without what rows are called in it."""
    rows = sqlite3.connect(path)
    told = {name: rows.execute(sql).fetchall() for name, sql in _DUMP.items()}
    rows.close()
    told["found"] = [(row[0], *row[2:]) for row in told["found"]]
    return told
