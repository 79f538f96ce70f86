"""Which files on a disc's copy are no film: told by their names. Pure.

Source: DVD-Video: VIDEO_TS.VOB and VTS_nn_0.VOB hold menus, VTS_nn_1.VOB to
VTS_nn_9.VOB the parts of a title.
"""

import re

_DVD_MENU = re.compile(rb"(?:video_ts|vts_\d\d_0)\.vob", re.IGNORECASE)


def is_disc_menu(name: bytes) -> bool:
    """Return whether a file of this name holds a DVD's menu."""
    return _DVD_MENU.fullmatch(name) is not None
