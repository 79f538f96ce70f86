import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from upnpserver.upnp.description import (
    DEVICE_TYPE,
    ICONS,
    REGISTRAR,
    SERVER,
    SERVICES,
    build_description,
)

ROOT = "{urn:schemas-upnp-org:device-1-0}"
UDN = "uuid:0f9b5f8e-6f5c-4f9e-9a6b-1f2e3d4c5b6a"


@pytest.fixture
def device():
    return etree.fromstring(build_description("Home & <Garden>", UDN)).find(
        f"{ROOT}device"
    )


def test_elements_in_the_order_of_the_schema(device):
    names = [element.tag.removeprefix(ROOT) for element in device]
    assert names[:10] == [
        "deviceType", "friendlyName", "manufacturer", "modelDescription", "modelName",
        "modelNumber", "serialNumber", "UDN", "iconList", "serviceList",
    ]  # fmt: skip
    assert "URLBase" not in names


def friendly_name(name):
    description = etree.fromstring(build_description(name, UDN))
    return description.findtext(f".//{ROOT}friendlyName")


def test_names_are_escaped_and_cut(device):
    assert device.findtext(f"{ROOT}friendlyName") == "Home & <Garden>"
    assert friendly_name("é" * 80) == "é" * 31
    assert friendly_name("bell \x07 and \udc80") == "bell \ufffd and \ufffd"
    assert device.findtext(f"{ROOT}UDN") == UDN
    assert device.findtext(f"{ROOT}serialNumber") == UDN.removeprefix("uuid:")


@given(st.text(st.characters(codec=None)))
def test_any_name_gives_a_description_that_strict_clients_read(name):
    assert len(friendly_name(name) or "") <= 63


def test_texts_are_no_longer_than_the_schema_allows(device):
    for name, most in {
        "manufacturer": 64, "modelDescription": 128, "modelName": 32,
        "modelNumber": 32, "serialNumber": 64,
    }.items():  # fmt: skip
        assert 0 < len(device.findtext(f"{ROOT}{name}")) < most
    assert device.findtext(f"{ROOT}deviceType") == DEVICE_TYPE


def test_the_xml_itself():
    description = build_description("Home", UDN)
    assert description.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    root = etree.fromstring(description)
    assert root.tag == f"{ROOT}root"
    assert [e.text for e in root.find(f"{ROOT}specVersion")] == ["1", "0"]
    assert len(description) < 5000  # what old TVs have room for


def test_no_name_that_makes_kodi_take_us_for_windows():
    assert b"Windows Media" not in build_description("Home", UDN)


def test_services_have_all_five_elements_and_urls_of_their_own(device):
    services = device.findall(f".//{ROOT}service")
    assert len(services) == len(SERVICES)
    urls = []
    for service in services:
        texts = [element.text for element in service]
        assert all(texts)
        urls += texts[2:]
    assert len(set(urls)) == 9
    assert all(url.startswith("/") for url in urls)
    assert REGISTRAR.service_type.startswith("urn:microsoft.com:")


def test_dlna_class(device):
    kinds = device.findall("{urn:schemas-dlna-org:device-1-0}X_DLNADOC")
    assert [kind.text for kind in kinds] == ["DMS-1.50", "M-DMS-1.50"]
    assert device.findtext("{urn:schemas-sony-com:av}aggregationFlags") == "10"


def test_the_server_says_three_products_and_no_version_of_the_system():
    assert SERVER.startswith("Linux UPnP/1.0 DLNADOC/1.50 upnpserver/")


def test_icons_are_what_the_description_says(device):
    listed = device.findall(f".//{ROOT}icon")
    assert len(listed) == len(ICONS) == 4
    for element, icon in zip(listed, ICONS, strict=True):
        picture = Image.open(io.BytesIO(icon.content()))
        told = {child.tag.removeprefix(ROOT): child.text for child in element}
        assert told == {
            "mimetype": Image.MIME[picture.format],
            "width": str(picture.width),
            "height": str(picture.height),
            "depth": "24",
            "url": icon.path,
        }
        assert picture.mode == "RGB"
        assert picture.size in {(48, 48), (120, 120)}
        assert not picture.info.get("progressive")
