"""One reader for all tests of FHIR."""

from __future__ import annotations

import pytest

from covergraph.engine import Reasoner
from covergraph.fhir.reader import FhirReader


@pytest.fixture(scope="session")
def reader() -> FhirReader:
    return FhirReader(Reasoner(at_once=False))
