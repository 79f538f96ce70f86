import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from upnpserver.media import iptc, picture_tags
from upnpserver.media.exif import read_tags
from upnpserver.media.iptc import read_iptc
from upnpserver.media.picture_tags import Told, fields
from upnpserver.media.xmp import read_xmp

DETAILS = 0x8769


def exif(tags=None, details=None):
    """Return the wanted tags of Exif data that Pillow wrote."""
    written = Image.Exif()
    written.update({0x0131: "a program", **(tags or {})})
    if details:
        written.get_ifd(DETAILS).update(details)
    data = written.tobytes().removeprefix(b"Exif\0\0")
    return read_tags(lambda at, n: data[at : at + n], picture_tags.WANTED)


def xmp(inside, attributes=""):
    names = {
        "dc": "http://purl.org/dc/elements/1.1/",
        "xmp": "http://ns.adobe.com/xap/1.0/",
        "photoshop": "http://ns.adobe.com/photoshop/1.0/",
        "exif": "http://ns.adobe.com/exif/1.0/",
        "exifEX": "http://cipa.jp/exif/1.0/",
        "aux": "http://ns.adobe.com/exif/1.0/aux/",
        "tiff": "http://ns.adobe.com/tiff/1.0/",
        "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    }
    declared = " ".join(f'xmlns:{name}="{uri}"' for name, uri in names.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {declared} {attributes}>{inside}'
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def photoshop(*sets):
    data = b"".join(
        bytes((0x1C, *key)) + len(text).to_bytes(2, "big") + text for key, text in sets
    )
    odd = b"8BIM\x04\x25\x03abc" + (3).to_bytes(4, "big") + b"xyz\0"
    return odd + b"8BIM\x04\x04\0\0" + len(data).to_bytes(4, "big") + data


def told(**forms):
    return fields(Told(**forms))


@pytest.mark.parametrize(
    ("maker", "model", "camera"),
    [
        ("Canon", "Canon EOS 5D Mark III", "Canon EOS 5D Mark III"),
        ("NIKON CORPORATION", "NIKON D850", "NIKON D850"),
        ("EASTMAN KODAK COMPANY", "KODAK EASYSHARE C613", "KODAK EASYSHARE C613"),
        ("OLYMPUS IMAGING CORP.  ", "E-M10", "OLYMPUS E-M10"),
        ("Konica Minolta Camera, Inc.", "DiMAGE X50", "Konica Minolta DiMAGE X50"),
        ("SONY", "ILCE-7M3", "SONY ILCE-7M3"),
        ("Apple", "iPhone 12", "Apple iPhone 12"),
        ("LEICA CAMERA AG", "LEICA Q2", "LEICA Q2"),
        ("Hasselblad", "", "Hasselblad"),
        ("", "SP-2000", "SP-2000"),
        ("Camera", "", "Camera"),
    ],
)
def test_camera(maker, model, camera):
    tags = {tag: name for tag, name in ((0x010F, maker), (0x0110, model)) if name}
    assert told(exif=exif(tags))["camera"] == camera


@pytest.mark.parametrize(
    ("exif_lens", "inside", "lens"),
    [
        ("RF24-105mm F4 L IS USM", "", "RF24-105mm F4 L IS USM"),
        ("----", "<aux:Lens>EF50mm f/1.8</aux:Lens>", "EF50mm f/1.8"),
        ("0.0 mm f/0.0", "", ""),
        ("", "<exifEX:LensModel>E 35mm</exifEX:LensModel>", "E 35mm"),
    ],
)
def test_lens(exif_lens, inside, lens):
    found = exif({}, {0xA434: exif_lens} if exif_lens else None)
    assert told(exif=found, xmp=read_xmp(xmp(inside)))["lens"] == lens


@pytest.mark.parametrize(
    ("inside", "tags", "percent"),
    [
        ("<xmp:Rating>5</xmp:Rating>", {}, 100),
        ("<xmp:Rating>1</xmp:Rating>", {0x4746: 4}, 20),
        ("<xmp:Rating>3.5</xmp:Rating>", {}, 70),
        ("<xmp:Rating>-1</xmp:Rating>", {}, 0),  # rejected
        ("<xmp:Rating>0</xmp:Rating>", {}, None),
        ("<xmp:Rating>6</xmp:Rating>", {}, None),
        ("<xmp:Rating>nan</xmp:Rating>", {}, None),
        ("<MicrosoftPhoto:Rating>75</MicrosoftPhoto:Rating>", {}, 80),
        ("", {0x4746: 3}, 60),
        ("", {0x4746: 0}, None),
        ("", {}, None),
    ],
)
def test_rating(inside, tags, percent):
    found = told(exif=exif(tags), xmp=read_xmp(xmp(inside)))
    assert found.get("rating_percent") == percent


@pytest.mark.parametrize(
    ("tags", "inside", "orientation"),
    [
        ({0x0112: 6}, "<tiff:Orientation>3</tiff:Orientation>", 6),
        ({}, "<tiff:Orientation>3</tiff:Orientation>", 3),
        ({}, "<tiff:Orientation>9</tiff:Orientation>", 1),
        ({}, "<tiff:Orientation>\u0663</tiff:Orientation>", 1),
        ({0x0112: 0}, "", 1),
    ],
)
def test_orientation(tags, inside, orientation):
    found = told(exif=exif(tags), xmp=read_xmp(xmp(inside)))
    assert found.get("orientation", 1) == orientation


def test_keywords_of_all_forms_once_each():
    bag = "".join(f"<rdf:li>{word}</rdf:li>" for word in ("Beach", "Ada &amp; Bo"))
    found = told(
        exif=exif({0x9C9E: "beach;Łódź;\0".encode("utf-16-le")}),
        xmp=read_xmp(xmp(f"<dc:subject><rdf:Bag>{bag}</rdf:Bag></dc:subject>")),
        iptc=read_iptc(photoshop((iptc.KEYWORD, b"Sea"), (iptc.KEYWORD, b"BEACH"))),
    )
    assert found["keywords"] == ("Beach", "Ada & Bo", "Sea", "Łódź")


def test_keywords_are_bounded():
    many = [((2, 25), b"%06d" % n) for n in range(1000)]
    assert len(told(iptc=read_iptc(photoshop(*many)))["keywords"]) == 64
    long = [((2, 25), b"%d" % n + b"x" * 250) for n in range(64)]
    words = told(iptc=read_iptc(photoshop(*long)))["keywords"]
    assert sum(map(len, words)) <= 2048


LANGUAGES = (
    '<dc:title><rdf:Alt><rdf:li xml:lang="de">Hafen</rdf:li>'
    '<rdf:li xml:lang="x-default">Harbour</rdf:li></rdf:Alt></dc:title>'
)


@pytest.mark.parametrize(
    ("forms", "title", "comment"),
    [
        ({"xmp": LANGUAGES}, "Harbour", ""),
        (
            {"iptc": ((iptc.TITLE, b"Pier"), (iptc.CAPTION, b"At\nnoon"))},
            "Pier",
            "At noon",
        ),
        ({"tags": {0x9C9B: "Quay\0".encode("utf-16-le")}}, "Quay", ""),
        ({"tags": {0x010E: "Two boats"}}, "Two boats", ""),
        ({"tags": {0x010E: "Two boats"}, "xmp": LANGUAGES}, "Harbour", "Two boats"),
        ({"tags": {0x010E: "OLYMPUS DIGITAL CAMERA         "}}, "", ""),
        ({"tags": {0x010E: "DCIM\\100MEDIA\\DJI_0007.JPG"}}, "", ""),
        ({"tags": {0x010E: "cof_vivid"}}, "", ""),
        ({"tags": {0x010E: "oznorWO"}}, "", ""),
        ({"tags": {0x010E: "Dave"}}, "Dave", ""),
        ({"tags": {0x010E: "SONY DSC"}}, "", ""),
        ({"tags": {0x010E: "Exif_JPEG_PICTURE"}}, "", ""),
        (
            {"tags": {0x010E: "PENTAX K-5", 0x010F: "PENTAX", 0x0110: "PENTAX K-5"}},
            "",
            "",
        ),
        ({"details": {0x9286: b"ASCII\0\0\0Windy day\0\0"}}, "", "Windy day"),
        ({"details": {0x9286: b"UNICODE\0" + "Šum".encode("utf-16-le")}}, "", "Šum"),
        ({"details": {0x9286: b"\0" * 100}}, "", ""),
        ({"texts": {"Title": "Graph", "Description": "Of 2020"}}, "Graph", "Of 2020"),
    ],
)
def test_title_and_comment(forms, title, comment):
    found = told(
        exif=exif(forms.get("tags"), forms.get("details")),
        xmp=read_xmp(xmp(forms.get("xmp", ""))),
        iptc=read_iptc(photoshop(*forms.get("iptc", ()))),
        texts=forms.get("texts", {}),
    )
    assert (found["title"], found["comment"]) == (title, comment)


TAKEN, DIGITISED = "2020:01:02 03:04:05", "2021:02:03 04:05:06"


@pytest.mark.parametrize(
    ("forms", "date"),
    [
        (
            {"details": {0x9003: TAKEN, 0x9011: "+02:00", 0x9291: "123"}},
            "2020-01-02T03:04:05+02:00",
        ),
        ({"details": {0x9003: TAKEN, 0x9004: DIGITISED}}, "2020-01-02T03:04:05"),
        (
            {"details": {0x9004: DIGITISED, 0x9012: "-05:00"}},
            "2021-02-03T04:05:06-05:00",
        ),
        (
            {"xmp": "<photoshop:DateCreated>2019-05</photoshop:DateCreated>"},
            "2019-05",
        ),
        (
            {"attributes": 'xmp:CreateDate="2018-07-14T18:05:09.50+02:00"'},
            "2018-07-14T18:05:09+02:00",
        ),
        (
            {"iptc": ((iptc.DATE, b"19991231"), (iptc.TIME, b"235959+0100"))},
            "1999-12-31T23:59:59+01:00",
        ),
        ({"iptc": ((iptc.DATE, b"19991231"),)}, "1999-12-31"),
        ({"tags": {0x0132: DIGITISED}}, "2021-02-03T04:05:06"),
        (
            {"texts": {"Creation Time": "Tue, 14 Jul 2020 18:05:09 +0200"}},
            "2020-07-14T18:05:09+02:00",
        ),
        ({"texts": {"Creation Time": "2020-07-14 18:05:09"}}, "2020-07-14T18:05:09"),
        ({"texts": {"Creation Time": "yesterday"}}, ""),
        ({"date": "2020-07-14T18:05:09+00:00"}, "2020-07-14T18:05:09+00:00"),
    ],
)
def test_date(forms, date):
    found = told(
        exif=exif(forms.get("tags"), forms.get("details")),
        xmp=read_xmp(xmp(forms.get("xmp", ""), forms.get("attributes", ""))),
        iptc=read_iptc(photoshop(*forms.get("iptc", ()))),
        texts=forms.get("texts", {}),
        date=forms.get("date", ""),
    )
    assert found["date"] == date


def test_iptc_tells_its_charset_or_not():
    keyword = (iptc.KEYWORD, "Łódź".encode())
    for sets in ((((1, 90), b"\x1b%G"), keyword), (keyword,)):
        assert read_iptc(photoshop(*sets))[iptc.KEYWORD] == ["Łódź"]
    old = read_iptc(photoshop((iptc.KEYWORD, "Plüsch".encode("cp1252"))))
    assert old[iptc.KEYWORD] == ["Plüsch"]


# XMP as attackers write it -------------------------------------------------------

BOMB = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY file SYSTEM "file:///etc/passwd">]>'
)


@pytest.mark.parametrize("entity", ["&b;", "&file;"])
def test_a_document_type_ends_it(entity):
    data = xmp(f"<xmp:Rating>5</xmp:Rating><dc:title>{entity}</dc:title>")
    assert read_xmp(BOMB + data.partition(b"?>")[2]) == {}


def test_elements_are_bounded_in_depth_and_number():
    rating = "<xmp:Rating>5</xmp:Rating>"
    deep = "<dc:x>" * 70 + rating + "</dc:x>" * 70
    assert read_xmp(xmp(deep)) == {}
    assert read_xmp(xmp("<dc:x/>" * 9000 + rating)) == {}
    assert read_xmp(xmp("<dc:x/>" * 900 + rating)) == {"xmp:Rating": ["5"]}


def test_what_comes_before_a_fault_counts():
    data = xmp("<xmp:Rating>5</xmp:Rating><dc:title>Cut")
    assert read_xmp(data[: data.index(b"Cut")]) == {"xmp:Rating": ["5"]}


def test_values_are_bounded():
    data = xmp(f"<dc:title>{'x' * 100_000}</dc:title>")
    assert all(len(value) <= 4096 for value in read_xmp(data)["dc:title"])


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_any_bytes_give_values_or_nothing(data, more):
    assert isinstance(read_xmp(xmp("") + data), dict)
    assert isinstance(read_xmp(data), dict)
    iptc_found = read_iptc(b"8BIM\x04\x04\0\0\0\0\0\x40" + data)
    exif_found = read_tags(
        lambda at, n: (b"II*\0\x08\0\0\0" + data + more)[at : at + n],
        picture_tags.WANTED | set(range(0, 0x10000, 7)),
    )
    fields(Told(exif_found, read_xmp(data), iptc_found))


@given(
    st.dictionaries(
        st.sampled_from(sorted(picture_tags.WANTED)), st.text() | st.binary()
    )
)
def test_any_values_give_fields(values):
    found = fields(Told(exif=values))
    assert found == {} or 1 <= found["orientation"] <= 8
