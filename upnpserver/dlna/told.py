"""How protocolInfo is told to a device that wants it another way. Pure data in, out.

Source: reference devices.md; dlna-media.md sections 1 and 6 (regional profiles).
"""

from typing import Final

from upnpserver.dlna.protocolinfo import PROFILE_PART, by_bytes_only, profile_in
from upnpserver.policy import Needs

ANY_FEATURES: Final = "*"
_NOT_BOTH: Final = {"bytes", "time-exclusive"}  # values of Needs.seek
# A device may know the names of its own region only: what is as good for it.
_REGIONS: Final = (
    ("MPEG_PS_NTSC", "MPEG_PS_PAL"),
    *(
        tuple(f"MPEG_TS_SD_{region}{kind}" for region in ("NA", "EU", "KO"))
        for kind in ("", "_T", "_ISO")
    ),
    *(
        tuple(f"MPEG_TS_HD_{region}{kind}" for region in ("NA", "KO"))
        for kind in ("", "_T", "_ISO")
    ),
    *(
        (
            *(f"AVC_TS_HD_{rate}_AC3{kind}" for rate in (24, 50, 60)),
            f"AVC_TS_HD_EU{kind}",
        )
        for kind in ("", "_T", "_ISO")
    ),
)
_AS_GOOD: Final = {name: names for names in _REGIONS for name in names}


def told_mime(mime: str, needs: Needs) -> str:
    """Return the MIME name that stands in protocolInfo."""
    return needs.mimes.get(mime, mime)


def sent_mime(mime: str, needs: Needs) -> str:
    """Return the Content-Type of a GET."""
    if mime in needs.get_mimes:
        return needs.get_mimes[mime]
    return told_mime(mime, needs)


def told_features(features: str, needs: Needs) -> tuple[str, ...]:
    """Return the 4th fields under which a resource is told, at least one.

    Several where a device wants one res for each profile that might be its own.
    """
    if not needs.dlna:
        return (ANY_FEATURES,)
    if needs.seek in _NOT_BOTH:
        features = by_bytes_only(features)
    profile = profile_in(features)
    if not profile:
        return (features,)
    told = needs.profiles_as.get(profile, profile)
    if needs.profiles == "no" or told in needs.profiles_left_out:
        return (PROFILE_PART.sub("", features, count=1),)
    names = [told]
    if needs.profiles == "multi":
        names += [name for name in _AS_GOOD.get(told, ()) if name != told]
    return tuple(
        features.replace(f"DLNA.ORG_PN={profile}", f"DLNA.ORG_PN={name}", 1)
        for name in names
    )
