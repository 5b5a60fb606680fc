"""Fixtures of the unit tests."""

import pytest
from pydicom import Dataset

from maskray.identifiers import Identifiers, collect


@pytest.fixture(scope="session")
def header() -> Identifiers:
    """The identifiers of a header whose people exist nowhere."""
    ds = Dataset()
    ds.PatientName = "Quillfeather^Ottoline^Maud"
    ds.PatientID = "MRN-7741902"
    ds.AccessionNumber = "ACC20418831"
    ds.PatientBirthDate = "19540817"
    ds.ReferringPhysicianName = "Vantongeren^Idris"
    ds.OperatorsName = "Hollingsworth^L"
    ds.InstitutionName = "Port View"
    ds.StudyID = "S882"
    return collect(ds)
