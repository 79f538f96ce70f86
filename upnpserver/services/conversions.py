"""The res of what an item is converted to, made from the res of its file."""

import re
from typing import Final

from upnpserver.dlna.converted import (
    COPY,
    Coded,
    Form,
    Offer,
    burnt_form,
    coded_from,
    converted_path,
    form_for,
    offer,
)
from upnpserver.dlna.protocolinfo import protocol_info
from upnpserver.media.embedded_texts import picture_number
from upnpserver.policy import Needs
from upnpserver.upnp import didl

_FILE: Final = re.compile(r">\x02/media/([a-z2-7]{16})/")
_KEPT: Final = re.compile(r"res@(?:duration|pv:\w+)")
_OF_THE_PICTURE: Final = "res@resolution"

Parts = list[tuple[str, str]]  # as didl.parts_of() gives them


def converted_res(parts: Parts, needs: Needs) -> tuple[Offer, Parts] | None:
    """Return what a device gets instead of a file, None if it gets the file alone.

    parts: of the file's res.
    """
    coded = coded_from(_kept(parts, didl.CODED))
    form = _form(coded, parts, needs) if coded else None
    file = next((found for _, xml in parts if (found := _FILE.match(xml))), None)
    if coded is None or form is None or file is None:
        return None
    offered = offer(coded, form, needs.seek)
    opening, *rest = didl.res_parts(
        didl.Res(
            converted_path(file[1], form),
            protocol_info(offered.mime, offered.features),
            size_bytes=offered.size_bytes,
            sample_rate_hz=offered.rate_hz,
            channels=offered.channels,
        )
    )
    kept = [
        part
        for part in parts
        if _KEPT.fullmatch(part[0])
        or (part[0] == _OF_THE_PICTURE and form.picture == COPY)
    ]
    return offered, [opening, *kept, *rest]


def _kept(parts: Parts, mark: str) -> str:
    """Return what is kept of a file under a mark, "" for nothing."""
    found = (name for name, _ in parts if name.startswith(mark))
    return next(found, "").removeprefix(mark)


def _form(coded: Coded, parts: Parts, needs: Needs) -> Form | None:
    form = form_for(coded, needs.instead)
    if not needs.burn:
        return form
    number = picture_number(_kept(parts, didl.TEXTS), needs.burn)
    return form if number is None else burnt_form(coded, form, number)
