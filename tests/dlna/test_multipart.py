"""An answer of several parts, letter by letter."""

from upnpserver.dlna.multipart import multipart


def test_a_body_of_two_parts():
    body = multipart([(0, 2), (10, 20)], "video/mp4", 100, "xyz")
    assert body.content_type == "multipart/byteranges; boundary=xyz"
    first, second = body.pieces
    assert first == (
        b"--xyz\r\nContent-Type: video/mp4\r\nContent-Range: bytes 0-1/100\r\n\r\n",
        *(0, 2),
    )
    assert second == (
        b"\r\n--xyz\r\nContent-Type: video/mp4\r\n"
        b"Content-Range: bytes 10-19/100\r\n\r\n",
        *(10, 20),
    )
    assert body.tail == b"\r\n--xyz--\r\n"
    assert body.length == len(first.head) + 2 + len(second.head) + 10 + len(body.tail)
