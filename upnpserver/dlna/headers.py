"""The headers that DLNA adds to a GET or HEAD of a file as it is on the disk.

Names are spelled as the standards spell them: some TVs compare letters.

Source: DLNA guidelines 7.4 (HTTP transport); reference dlna-media.md section 2.
"""

import re
from collections.abc import Callable

from upnpserver.errors import RefusedRequest
from upnpserver.model import Kind

_DEFAULT_MODE = {
    Kind.AUDIO: "Streaming",
    Kind.VIDEO: "Streaming",
    Kind.IMAGE: "Interactive",
}
_MODES = ("Streaming", "Interactive", "Background")
_SPEED = re.compile(r"speed=(-?\d{1,4}(/\d{1,4})?)", re.ASCII)


def dlna_headers(
    header: Callable[[bytes], str],
    kind: Kind,
    content_features: str,
    duration_ms: int | None = None,
    *,
    any_mode: bool = False,
) -> list[tuple[str, str]]:
    """Return the headers to add to the answer.

    header: name in lower case -> value, "" if it was not sent.
    content_features: 4th field of the item's protocolInfo.
    any_mode: serve films and music to those who ask for them with Interactive.
    Raises RefusedRequest (400, 406) if what is asked for can't be done.
    """
    _check_speed(header(b"playspeed.dlna.org"))
    if header(b"timeseekrange.dlna.org") and not header(b"range"):
        raise RefusedRequest(406, "This can't be sought by time.")
    for name in (b"getcontentfeatures.dlna.org", b"getavailableseekrange.dlna.org"):
        if header(name) not in {"", "1"}:
            raise RefusedRequest(400, f"{name.decode()} must be 1.")
    mode = _transfer_mode(header(b"transfermode.dlna.org"), kind, any_mode)
    answer = [
        ("transferMode.dlna.org", mode),
        ("contentFeatures.dlna.org", content_features),
    ]
    if header(b"realtimeinfo.dlna.org"):
        if header(b"transfermode.dlna.org") and mode == "Interactive":
            raise RefusedRequest(400, "realTimeInfo is for streaming.")
        answer.append(("realTimeInfo.dlna.org", "DLNA.ORG_TLAG=*"))
    if header(b"getmediainfo.sec") and duration_ms is not None:
        # Samsung TVs show no time bar without it.
        answer.append(("MediaInfo.sec", f"SEC_Duration={duration_ms};"))
    return answer


def caption_headers(
    header: Callable[[bytes], str], caption_url: str
) -> list[tuple[str, str]]:
    """Return where a film's best subtitle is, to Samsung TVs, which ask for it.

    caption_url: empty if there is none.
    """
    if header(b"getcaptioninfo.sec") != "1" or not caption_url:
        return []
    return [("CaptionInfo.sec", caption_url)]


def _check_speed(value: str) -> None:
    """Raise RefusedRequest unless the speed asked for is the normal one."""
    if not value:
        return
    match = _SPEED.fullmatch(value.strip())
    if match is None:
        raise RefusedRequest(400, "Not a play speed.")
    if match[1] not in {"1", "1/1"}:
        raise RefusedRequest(406, "Only the normal speed is served.")


def _transfer_mode(value: str, kind: Kind, any_mode: bool) -> str:
    """Return the mode asked for, or the kind's own, as it is spelled."""
    if not value:
        return _DEFAULT_MODE[kind]
    found = [mode for mode in _MODES if mode.lower() == value.strip().lower()]
    if not found or not (found[0] in {_DEFAULT_MODE[kind], "Background"} or any_mode):
        raise RefusedRequest(406, "This transfer mode is not for this kind of file.")
    return found[0]
