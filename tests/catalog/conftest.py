"""An empty catalog of one root, and a reader of it."""

import pytest
from support.made_up_files import MUSIC

from upnpserver.catalog.reader import Reader
from upnpserver.catalog.writer import Writer


@pytest.fixture
def path(tmp_path):
    return tmp_path / "catalog.sqlite"


@pytest.fixture
def writer(path):
    writer = Writer(path)
    writer.sync_roots([MUSIC])
    yield writer
    writer.close()


@pytest.fixture
def reader(writer, path):
    reader = Reader(path)
    yield reader
    reader.close()
