"""Opening a Butler."""

from __future__ import annotations

from tests.butler.conftest import DETECTORS, EXPORTED_VISITS, VISITS, Repository


def test_the_repository_holds_data_ids(repository: Repository) -> None:
    butler = repository.open()
    records = butler.query_dimension_records("visit", instrument="HSC", limit=None)
    assert {record.id for record in records} == {*VISITS, *EXPORTED_VISITS}
    assert {record.id for record in butler.query_dimension_records("detector", instrument="HSC")} == set(DETECTORS)
