"""The MIME name of each kind of file: one table, read by media and dlna alike.

A row is one container as media/ names it and one kind; the content decides,
not the extension (an .mp4 with sound only is audio/mp4). These are the default
names, before any device wants another.

Source: reference dlna-media.md section 7.
"""

from dataclasses import dataclass

from upnpserver.model import Kind


@dataclass(frozen=True, slots=True)
class MediaType:
    """One container holding one kind of thing, and the names people give it."""

    mime: str
    kind: Kind
    container: str
    extensions: str = ""  # parted by blanks, the usual one first


_A, _V, _I = Kind.AUDIO, Kind.VIDEO, Kind.IMAGE

MEDIA_TYPES = (
    MediaType("audio/mpeg", _A, "mp3", "mp3 mp2 mpa mp1 m1a m2a"),
    MediaType("audio/mp4", _A, "mp4", "m4a m4b m4p m4r"),
    MediaType("audio/mp4", _A, "quicktime"),
    MediaType("audio/3gpp", _A, "3gpp", "3ga"),
    MediaType("audio/3gpp2", _A, "3gpp2"),
    MediaType("audio/vnd.dlna.adts", _A, "adts", "aac adts"),
    MediaType("audio/aac", _A, "adif"),
    MediaType("audio/x-flac", _A, "flac", "flac fla"),
    MediaType("audio/ogg", _A, "ogg", "ogg oga opus spx"),
    MediaType("audio/x-wav", _A, "wav", "wav wave bwf rf64"),
    MediaType("audio/x-w64", _A, "wave64", "w64"),
    MediaType("audio/aiff", _A, "aiff", "aiff aif aifc"),
    MediaType("audio/basic", _A, "au", "au snd"),
    MediaType("audio/x-caf", _A, "caf", "caf"),
    MediaType("audio/x-ms-wma", _A, "asf", "wma"),
    MediaType("audio/x-ape", _A, "ape", "ape mac"),
    MediaType("audio/x-tak", _A, "tak", "tak"),
    MediaType("audio/x-ofr", _A, "ofr", "ofr ofs"),
    MediaType("audio/x-wavpack", _A, "wavpack", "wv"),
    MediaType("audio/x-musepack", _A, "musepack", "mpc mpp mp+"),
    MediaType("audio/x-tta", _A, "tta", "tta"),
    MediaType("audio/x-dsf", _A, "dsf", "dsf"),
    MediaType("audio/x-dff", _A, "dff", "dff"),
    MediaType("audio/x-matroska", _A, "matroska", "mka"),
    MediaType("audio/webm", _A, "webm", "weba"),
    MediaType("audio/vnd.dolby.dd-raw", _A, "ac3", "ac3"),
    MediaType("audio/eac3", _A, "eac3", "eac3 ec3"),
    MediaType("audio/vnd.dts", _A, "dts", "dts dtshd"),
    MediaType("audio/vnd.dolby.mlp", _A, "truehd", "thd truehd mlp"),
    MediaType("audio/amr", _A, "amr", "amr awb"),
    MediaType("audio/x-sony-oma", _A, "oma", "oma aa3"),
    MediaType("audio/midi", _A, "midi", "mid midi kar"),
    MediaType("audio/mpeg", _A, "mpegts"),
    MediaType("audio/mpeg", _A, "mpegps"),
    MediaType("audio/x-pn-realaudio", _A, "realmedia", "ra"),
    MediaType("video/mp4", _V, "mp4", "mp4 m4v"),
    MediaType("video/quicktime", _V, "quicktime", "mov qt"),
    MediaType("video/3gpp", _V, "3gpp", "3gp 3gpp"),
    MediaType("video/3gpp2", _V, "3gpp2", "3g2 3gp2"),
    MediaType("video/x-matroska", _V, "matroska", "mkv mk3d"),
    MediaType("video/webm", _V, "webm", "webm"),
    MediaType("video/x-msvideo", _V, "avi", "avi divx xvid"),
    MediaType("video/mpeg", _V, "mpegps", "mpg mpeg vob mpe m2p vro evo"),
    MediaType("video/mpeg", _V, "mpegvideo", "m1v m2v mpv mp2v mpv2"),
    MediaType("video/mpeg", _V, "mpegts", "ts tp trp m2t tod"),
    MediaType("video/vnd.dlna.mpeg-tts", _V, "mpegts-192", "m2ts mts"),
    MediaType("video/x-ms-wmv", _V, "asf", "wmv asf"),
    MediaType("video/x-ms-dvr", _V, "dvr-ms", "dvr-ms"),
    MediaType("video/wtv", _V, "wtv", "wtv"),
    MediaType("video/mxf", _V, "mxf", "mxf"),
    MediaType("video/x-dv", _V, "dv", "dv dif"),
    MediaType("video/x-flv", _V, "flv", "flv f4v"),
    MediaType("video/ogg", _V, "ogg", "ogv ogm ogx"),
    # VLC leaves out a film whose only res is not video/...: no application/ name.
    MediaType("video/x-pn-realvideo", _V, "realmedia", "rm rmvb"),
    MediaType("image/jpeg", _I, "jpeg", "jpg jpeg jpe mpo jfif"),
    MediaType("image/png", _I, "png", "png apng"),
    MediaType("image/gif", _I, "gif", "gif"),
    MediaType("image/bmp", _I, "bmp", "bmp dib"),
    MediaType("image/tiff", _I, "tiff", "tif tiff"),
    MediaType("image/webp", _I, "webp", "webp"),
    MediaType("image/heic", _I, "heic", "heic heif hif"),
    MediaType("image/avif", _I, "avif", "avif"),
    MediaType("image/jp2", _I, "jpeg2000", "jp2 jpx"),
    MediaType("image/jxl", _I, "jxl", "jxl"),
)

UNKNOWN_MIME = "application/octet-stream"
_BY_CONTENT = {(row.container, row.kind): row.mime for row in MEDIA_TYPES}
_BY_EXTENSION = {name: row for row in MEDIA_TYPES for name in row.extensions.split()}


def mime_for(container: str, kind: Kind, packet_size: int | None = None) -> str:
    """Return the default MIME name, UNKNOWN_MIME if the table has no such row.

    packet_size: of an MPEG transport stream; 192 means that each packet
    carries a time stamp.
    """
    if container == "mpegts" and kind is Kind.VIDEO and packet_size == 192:
        container = "mpegts-192"
    return _BY_CONTENT.get((container, kind), UNKNOWN_MIME)


def usual_type(extension: str) -> MediaType | None:
    """Return what a file with that extension (lower case, no dot) usually is."""
    return _BY_EXTENSION.get(extension)
