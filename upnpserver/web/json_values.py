"""What the API tells, as values for JSON, and their schemas side by side. Pure.

What is unknown is null; nothing is left out. Source of the schemas: JSON Schema
2020-12, as OpenAPI 3.1 has it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from upnpserver.model import LibraryCounts
from upnpserver.web.objects import Form, Shown
from upnpserver.web.paths import path_of
from upnpserver.web.watched import Scan, Watched

Json = dict[str, Any]
Schema = Mapping[str, Any]

_TEXT: Final = {"type": "string"}
_TEXT_OR_NULL: Final = {"type": ["string", "null"]}
_TEXTS: Final = {"type": "array", "items": _TEXT}
_COUNT: Final = {"type": "integer", "minimum": 0}
_COUNT_OR_NULL: Final = {"type": ["integer", "null"], "minimum": 0}
_FLAG: Final = {"type": "boolean"}
KINDS: Final = ("audio", "video", "image", "file", "container")


def _told(schema: Schema, about: str) -> Schema:
    return {**schema, "description": about}


def _object(properties: Mapping[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list_of(name: str) -> Schema:
    return {"type": "array", "items": reference(name)}


def reference(name: str) -> Schema:
    """Return what stands for a schema of SCHEMAS."""
    return {"$ref": f"#/components/schemas/{name}"}


_BRIEF: Final[Mapping[str, Schema]] = {
    "id": _told(_TEXT, "ObjectID, as UPnP devices have it"),
    "title": _TEXT,
    "kind": {"type": "string", "enum": list(KINDS)},
    "artists": _told(_TEXTS, "or whoever made it"),
    "album": _told(_TEXT_OR_NULL, "or series"),
    "duration_s": _COUNT_OR_NULL,
    "picture": _told(_TEXT_OR_NULL, "path of a JPEG of at most 640 x 480"),
    "page": _told(_TEXT, "path of its page"),
}
_MORE: Final[Mapping[str, Schema]] = {
    "parent_id": _TEXT,
    "class": _told(_TEXT, "upnp:class"),
    "child_count": _COUNT,
    "date": _told(_TEXT_OR_NULL, "as it is known: 2001, 2001-05 or 2001-05-06"),
    "number": _told(_TEXT_OR_NULL, "of a track or episode"),
    "description": _TEXT_OR_NULL,
    "genres": _TEXTS,
    "begun_s": _told(_COUNT_OR_NULL, "where somebody stopped"),
    "resources": _told(_list_of("Resource"), "its forms, the file itself first"),
}
SCHEMAS: Final[Mapping[str, Schema]] = {
    "Brief": _object(_BRIEF),
    "Object": _object({**_BRIEF, **_MORE}),
    "Resource": _object(
        {
            "path": _told(_TEXT, "where it can be fetched, with Range"),
            "mime": _TEXT,
            "size_bytes": _COUNT_OR_NULL,
            "resolution": _told(_TEXT_OR_NULL, "1920x1080"),
        }
    ),
    "Objects": _object(
        {
            "total": _told(_COUNT, "how many there are; these may be fewer"),
            "start": _COUNT,
            "objects": _list_of("Object"),
        }
    ),
    "Found": _object(
        {
            "groups": {
                "type": "array",
                "items": _object(
                    {
                        "kind": _TEXT,
                        "total": _COUNT,
                        "start": _COUNT,
                        "objects": _list_of("Object"),
                    }
                ),
            }
        }
    ),
    "Library": _object(
        {
            "name": _TEXT,
            "audio": _COUNT,
            "video": _COUNT,
            "image": _COUNT,
            "problems": _told(_COUNT, "files that can't be read"),
        }
    ),
    "Scan": _object(
        {
            "is_running": _FLAG,
            "done": _told(_COUNT, "new files that were read"),
            "total": _told(_COUNT_OR_NULL, "null: they are not counted"),
        }
    ),
    "Status": _object(
        {
            "name": _TEXT,
            "version": _TEXT,
            "uptime_s": _COUNT,
            "is_ready": _told(_FLAG, "whether there is a catalog to answer from"),
            "update_id": _told(_COUNT, "another one when the catalog has changed"),
            "libraries": _list_of("Library"),
            "scan": {"anyOf": [reference("Scan"), {"type": "null"}]},
        }
    ),
    "Playing": _object(
        {
            "address": _told(_TEXT, "of the device"),
            "device": _told(_TEXT_OR_NULL, "its name in the configuration"),
            "rule": _told(_TEXT, "what it is recognised as"),
            "since_s": _told(_COUNT, "seconds since it began"),
            "percent": {"type": ["integer", "null"], "minimum": 0, "maximum": 100},
            "bytes_a_second": _COUNT,
            "is_sent": _told(_FLAG, "no stream is open any more"),
            "item": reference("Brief"),
        }
    ),
    "Now": _object({"playing": _list_of("Playing")}),
    "Catalog": _object({"update_id": _COUNT}),
    "Problem": _object(
        {
            "type": _TEXT,
            "title": _TEXT,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": _TEXT,
        }
    ),
}


def brief_json(one: Shown) -> Json:
    """Return what is told of an object in few words: a Brief."""
    return {
        "id": one.object_id,
        "title": one.title,
        "kind": one.kind or "container",
        "artists": list(one.artists),
        "album": one.album or None,
        "duration_s": one.duration_s or None,
        "picture": one.picture("sm") or None,
        "page": path_of(one),
    }


def object_json(one: Shown) -> Json:
    """Return all that is told of an object: an Object."""
    return brief_json(one) | {
        "parent_id": one.parent_id,
        "class": one.upnp_class,
        "child_count": one.child_count,
        "date": one.date or None,
        "number": one.number or None,
        "description": one.description or None,
        "genres": list(one.genres),
        "begun_s": one.begun_s or None,
        "resources": list(map(_resource, one.forms)),
    }


def _resource(form: Form) -> Json:
    return {
        "path": form.path,
        "mime": form.mime,
        "size_bytes": form.size_bytes or None,
        "resolution": form.resolution or None,
    }


def library_json(counts: LibraryCounts) -> Json:
    """Return a Library."""
    return {
        "name": counts.name,
        "audio": counts.audio,
        "video": counts.video,
        "image": counts.image,
        "problems": counts.problems,
    }


def scan_json(scan: Scan) -> Json:
    """Return a Scan."""
    return scan._asdict()


def now_json(watched: Iterable[Watched]) -> Json:
    """Return a Now."""
    return {
        "playing": [
            {
                "address": str(playing.address),
                "device": name or None,
                "rule": playing.rule,
                "since_s": int(playing.since_s),
                "percent": playing.percent,
                "bytes_a_second": playing.rate,
                "is_sent": playing.is_sent,
                "item": brief_json(shown),
            }
            for playing, name, shown in watched
        ]
    }
