import io

import pytest
from lxml import etree
from PIL import Image

from upnpserver.upnp.description import (
    ICONS,
    REGISTRAR,
    SERVER,
    SERVICES,
    build_description,
    scpd,
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


def test_names_are_escaped_and_cut(device):
    assert device.findtext(f"{ROOT}friendlyName") == "Home & <Garden>"
    long = etree.fromstring(build_description("é" * 80, UDN))
    assert long.findtext(f".//{ROOT}friendlyName") == "é" * 31
    assert device.findtext(f"{ROOT}UDN") == UDN


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
        assert not picture.info.get("progressive")


SCPD = "{urn:schemas-upnp-org:service-1-0}"
DATA_TYPES = {"string", "ui4", "i4", "int"}


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_scpd_is_what_strict_control_points_accept(service):
    """One fault in one SCPD and Kodi drops the whole device."""
    root = etree.fromstring(scpd(service))
    assert root.tag == f"{SCPD}scpd"
    assert [child.tag for child in root] == [
        f"{SCPD}specVersion", f"{SCPD}actionList", f"{SCPD}serviceStateTable",
    ]  # fmt: skip
    variables = {
        variable.findtext(f"{SCPD}name"): variable
        for variable in root.iter(f"{SCPD}stateVariable")
    }
    for variable in variables.values():
        assert variable.findtext(f"{SCPD}dataType") in DATA_TYPES
        assert variable.get("sendEvents") in {"yes", "no"}
    related = set()
    for action in root.iter(f"{SCPD}action"):
        directions = []
        for argument in action.iter(f"{SCPD}argument"):
            assert argument.findtext(f"{SCPD}name")
            directions.append(argument.findtext(f"{SCPD}direction"))
            related.add(argument.findtext(f"{SCPD}relatedStateVariable"))
        assert directions == sorted(directions)  # "in" before "out"
    assert related <= variables.keys()
    unused = variables.keys() - related
    assert all(variables[name].get("sendEvents") == "yes" for name in unused)
