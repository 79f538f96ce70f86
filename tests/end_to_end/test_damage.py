"""A catalog that a power cut or a bad card damaged: found, set aside, built again."""

import pytest
from support.daemon import running_daemon, wait_for
from support.household import all_found

pytestmark = pytest.mark.end_to_end

PAGE_BYTES = 4096
HEADER_BYTES = 100  # with it whole, the file still opens as a catalog


def spoil(catalog, start):
    """Overwrite all pages from start on, but nothing of the header."""
    content = bytearray(catalog.read_bytes())
    content[start:] = b"\xa5" * (len(content) - start)
    catalog.write_bytes(content)


@pytest.mark.parametrize(
    "start", [PAGE_BYTES, HEADER_BYTES, 0], ids=["rows", "schema", "header"]
)
def test_a_damaged_catalog_is_built_again_while_it_serves(
    home, household, tmp_path, start
):
    with running_daemon(home.server, tmp_path, household.folder) as daemon:
        all_found(daemon.seen_by(home.client), household)
        assert daemon.end() == 0
    spoil(tmp_path / "catalog.sqlite", start)
    with running_daemon(home.server, tmp_path, household.folder) as daemon:
        server = daemon.seen_by(home.client)
        all_found(server, household)
        kept = wait_for(
            "the damaged file", lambda: list(tmp_path.glob("catalog.sqlite.unusable-*"))
        )
        assert len(kept) == 1
        assert daemon.end() == 0
        assert "Traceback" not in daemon.output()
