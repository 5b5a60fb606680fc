"""The header of an instance: an invented patient, and what its SOP class asks for."""

import hashlib
from collections.abc import Callable

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from maskray.synthesize.canvas import Canvas
from maskray.synthesize.formats import Scene
from maskray.synthesize.people import Person, Rng, Visit, chance, pick

SOP_CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "CR": "1.2.840.10008.5.1.4.1.1.1",
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "MG": "1.2.840.10008.5.1.4.1.1.1.2",
    "XA": "1.2.840.10008.5.1.4.1.1.12.1",
    "RF": "1.2.840.10008.5.1.4.1.1.12.2",
    "NM": "1.2.840.10008.5.1.4.1.1.20",
    "PT": "1.2.840.10008.5.1.4.1.1.128",
    "US": "1.2.840.10008.5.1.4.1.1.6.1",
    "SC": "1.2.840.10008.5.1.4.1.1.7",
}
"""Storage SOP class by modality."""
US_MULTI_FRAME = "1.2.840.10008.5.1.4.1.1.3.1"
IMPLEMENTATION_UID = "2.25.160276842410238174913482920175223817741"
PRIVATE_GROUP, PRIVATE_CREATOR = 0x0009, "CONSOLE DEMOGRAPHICS 1.0"


def make_uid(entropy: tuple[int, int], role: str) -> str:
    """A UID that follows from the seed, the instance's place and the role."""
    text = f"maskray synthesize {entropy[0]} {entropy[1]} {role}"
    digest = hashlib.sha256(text.encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def make_header(
    rng: Rng, scene: Scene, canvas: Canvas, person: Person | None, visit: Visit
) -> Dataset:
    """A dataset without pixels. ``person`` is ``None`` where identity was removed."""
    modality, uid = scene.format.modality, UID(SOP_CLASSES[scene.format.modality])
    if modality == "US" and scene.frames > 1:
        uid = UID(US_MULTI_FRAME)
    dataset = Dataset()
    dataset.file_meta = _file_meta(scene, uid)
    dataset.SOPClassUID = uid
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID = make_uid(scene.entropy, "study")
    dataset.SeriesInstanceUID = make_uid(scene.entropy, "series")
    dataset.Modality = modality
    dataset.SeriesNumber = str(rng.integers(1, 12))
    dataset.InstanceNumber = str(rng.integers(1, 90))
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.Manufacturer = "Invented Imaging"
    dataset.PatientOrientation = ["L", "F"]
    if modality in ("CT", "MR"):
        dataset.Laterality = ""
        dataset.PatientPosition = "HFS"
    if person is None:
        _remove_identity(dataset)
    else:
        _identify(rng, dataset, person, visit)
    _annotate(rng, dataset)
    ADDITIONS.get(modality, _add_nothing)(dataset, scene, canvas)
    if scene.frames > 1 and modality != "NM":
        dataset.FrameTime = "66.7"
        dataset.FrameIncrementPointer = 0x00181063
    return dataset


def _file_meta(scene: Scene, sop_class: UID) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = UID(make_uid(scene.entropy, "instance"))
    meta.TransferSyntaxUID = scene.format.transfer_syntax
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = "MASKRAY_SYNTH"
    return meta


def _remove_identity(dataset: Dataset) -> None:
    dataset.PatientName = ""
    dataset.PatientID = ""
    dataset.PatientBirthDate = ""
    dataset.PatientSex = ""
    dataset.StudyDate = ""
    dataset.StudyTime = ""
    dataset.AccessionNumber = ""
    dataset.ReferringPhysicianName = ""
    dataset.StudyID = ""
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "Header only"


def _identify(rng: Rng, dataset: Dataset, person: Person, visit: Visit) -> None:
    if not person.header_name.isascii():
        dataset.SpecificCharacterSet = pick(rng, ["ISO_IR 100", "ISO_IR 192"])
    dataset.PatientName = person.header_name
    dataset.PatientID = person.patient_id
    dataset.PatientBirthDate = f"{person.born:%Y%m%d}"
    dataset.PatientSex = person.sex
    years = max(0, (visit.day - person.born).days // 365)
    dataset.PatientAge = f"{years:03d}Y"
    day, at = f"{visit.day:%Y%m%d}", f"{visit.at:%H%M%S}"
    dataset.StudyDate, dataset.StudyTime = day, at
    dataset.SeriesDate, dataset.SeriesTime = day, at
    dataset.AcquisitionDate, dataset.AcquisitionTime = day, at
    dataset.ContentDate, dataset.ContentTime = day, at
    dataset.AccessionNumber = visit.accession[:16]
    dataset.StudyID = visit.accession[-6:]
    dataset.ReferringPhysicianName = "^".join(reversed(visit.referrer.split(" ", 1)))
    dataset.PerformingPhysicianName = visit.performer
    dataset.OperatorsName = visit.operator
    dataset.InstitutionName = visit.institution
    dataset.InstitutionAddress = visit.address
    dataset.DeviceSerialNumber = visit.serial
    dataset.StationName = visit.serial[:4]
    _nest(dataset, person, visit)
    block = dataset.private_block(PRIVATE_GROUP, PRIVATE_CREATOR, create=True)
    block.add_new(0x01, "PN", person.header_name)
    block.add_new(0x02, "LO", f"{person.given} {person.family}"[:64])
    block.add_new(0x03, "LO", person.patient_id)


def _nest(dataset: Dataset, person: Person, visit: Visit) -> None:
    """Identity inside sequences."""
    other = Dataset()
    other.PatientID = person.patient_id[::-1]
    other.TypeOfPatientID = "TEXT"
    dataset.OtherPatientIDsSequence = Sequence([other])
    request = Dataset()
    request.RequestedProcedureID = visit.accession[:16]
    request.ScheduledProcedureStepID = visit.accession[:16]
    request.RequestedProcedureDescription = f"Review for {person.family}"[:64]
    request.ReasonForTheRequestedProcedure = f"Seen by Dr {visit.referrer}"[:64]
    dataset.RequestAttributesSequence = Sequence([request])


def _annotate(rng: Rng, dataset: Dataset) -> None:
    """What headers claim about burned-in text, whether or not it is true."""
    needed = dataset.Modality in ("DX", "MG")
    if needed or chance(rng, 0.4):
        dataset.BurnedInAnnotation = "NO" if chance(rng, 0.65) else "YES"


def _spatial(dataset: Dataset, scene: Scene) -> None:
    dataset.FrameOfReferenceUID = make_uid(scene.entropy, "frame of reference")
    dataset.PositionReferenceIndicator = ""
    dataset.ImagePositionPatient = ["-160", "-160", "42"]
    dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    dataset.PixelSpacing = ["0.625", "0.625"]
    dataset.SliceThickness = "5"


def _add_nothing(dataset: Dataset, scene: Scene, canvas: Canvas) -> None:
    del dataset, scene, canvas


def _add_ct(dataset: Dataset, scene: Scene, canvas: Canvas) -> None:
    del canvas
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.KVP = "120"
    dataset.AcquisitionNumber = "1"
    _spatial(dataset, scene)


def _add_mr(dataset: Dataset, scene: Scene, canvas: Canvas) -> None:
    del canvas
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "SE"]
    dataset.ScanningSequence = "SE"
    dataset.SequenceVariant = "NONE"
    dataset.ScanOptions = ""
    dataset.MRAcquisitionType = "2D"
    dataset.RepetitionTime = "560"
    dataset.EchoTime = "12"
    dataset.EchoTrainLength = "1"
    _spatial(dataset, scene)


def _add_cr(dataset: Dataset, scene: Scene, canvas: Canvas) -> None:
    del scene, canvas
    dataset.BodyPartExamined = "CHEST"
    dataset.ViewPosition = "AP"


def _code(value: str, scheme: str, meaning: str) -> Sequence:
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = scheme
    item.CodeMeaning = meaning
    return Sequence([item])


def _add_dx(dataset: Dataset, scene: Scene, canvas: Canvas) -> None:
    del canvas
    inverse = scene.format.photometric == "MONOCHROME1"
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.PixelIntensityRelationship = "LOG"
    dataset.PixelIntensityRelationshipSign = -1 if inverse else 1
    dataset.PresentationLUTShape = "INVERSE" if inverse else "IDENTITY"
    dataset.LossyImageCompression = "00"
    dataset.ImageLaterality = "U"
    dataset.ImagerPixelSpacing = ["0.15", "0.15"]
    dataset.DetectorType = "DIRECT"
    dataset.PositionerType = ""
    dataset.AcquisitionContextSequence = Sequence()
    dataset.AnatomicRegionSequence = _code("816094009", "SCT", "Chest")
    dataset.ViewPosition = "AP"


def _add_mg(dataset: Dataset, scene: Scene, canvas: Canvas) -> None:
    _add_dx(dataset, scene, canvas)
    dataset.ImageLaterality = "L"
    dataset.PositionerType = "MAMMOGRAPHIC"
    dataset.OrganExposed = "BREAST"
    dataset.BreastImplantPresent = "NO"
    dataset.AnatomicRegionSequence = _code("76752008", "SCT", "Breast")
    dataset.ViewCodeSequence = _code("399162004", "SCT", "cranio-caudal")
    dataset.ViewCodeSequence[0].ViewModifierCodeSequence = Sequence()
    dataset.ViewPosition = "CC"


def _add_xa(dataset: Dataset, scene: Scene, canvas: Canvas) -> None:
    del scene, canvas
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "SINGLE PLANE"]
    dataset.PixelIntensityRelationship = "LIN"
    dataset.RadiationSetting = "GR"
    dataset.KVP = "78"
    dataset.XRayTubeCurrent = "320"
    dataset.ExposureTime = "8"
    dataset.PositionerMotion = "STATIC"
    dataset.PositionerPrimaryAngle = "12"
    dataset.PositionerSecondaryAngle = "-4"


def _isotope() -> Sequence:
    item = Dataset()
    item.RadionuclideCodeSequence = Sequence()
    return Sequence([item])


def _add_nm(dataset: Dataset, scene: Scene, canvas: Canvas) -> None:
    del canvas
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"]
    dataset.FrameIncrementPointer = [0x00540010, 0x00540020]
    dataset.EnergyWindowVector = [1] * scene.frames
    dataset.DetectorVector = list(range(1, scene.frames + 1))
    dataset.NumberOfEnergyWindows = 1
    dataset.NumberOfDetectors = scene.frames
    dataset.CountsAccumulated = "612000"
    dataset.ActualFrameDuration = "900000"
    dataset.EnergyWindowInformationSequence = Sequence([Dataset()])
    dataset.RadiopharmaceuticalInformationSequence = _isotope()
    dataset.PixelSpacing = ["2.4", "2.4"]
    dataset.ScanVelocity, dataset.ScanLength = "", ""
    detectors = Sequence([Dataset() for _ in range(scene.frames)])
    for detector in detectors:
        detector.CollimatorType = "PARA"
        detector.ImagePositionPatient = None
        detector.ImageOrientationPatient = None
    dataset.DetectorInformationSequence = detectors
    dataset.PatientOrientationCodeSequence = Sequence()
    dataset.PatientGantryRelationshipCodeSequence = Sequence()


def _add_pt(dataset: Dataset, scene: Scene, canvas: Canvas) -> None:
    del canvas
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.Units = "BQML"
    dataset.CountsSource = "EMISSION"
    dataset.SeriesType = ["WHOLE BODY", "IMAGE"]
    dataset.CorrectedImage = ["DECY", "ATTN"]
    dataset.DecayCorrection = "START"
    dataset.CollimatorType = "NONE"
    dataset.NumberOfSlices = 1
    dataset.ImageIndex = 1
    dataset.FrameReferenceTime = "0"
    dataset.ActualFrameDuration = "180000"
    dataset.DecayFactor = "1"
    dataset.RadiopharmaceuticalInformationSequence = _isotope()
    dataset.PatientOrientationCodeSequence = Sequence()
    dataset.PatientGantryRelationshipCodeSequence = Sequence()
    _spatial(dataset, scene)


def _add_us(dataset: Dataset, scene: Scene, canvas: Canvas) -> None:
    del canvas
    region = Dataset()
    region.RegionSpatialFormat = 1
    region.RegionDataType = 1
    region.RegionFlags = 0
    region.RegionLocationMinX0 = int(scene.columns * 0.14)
    region.RegionLocationMinY0 = int(scene.rows * 0.1)
    region.RegionLocationMaxX1 = int(scene.columns * 0.84)
    region.RegionLocationMaxY1 = int(scene.rows * 0.9)
    region.PhysicalUnitsXDirection = 3
    region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = 0.03
    region.PhysicalDeltaY = 0.03
    dataset.SequenceOfUltrasoundRegions = Sequence([region])


def _add_sc(dataset: Dataset, scene: Scene, canvas: Canvas) -> None:
    del scene, canvas
    dataset.ConversionType = "WSD"
    dataset.ImageType = ["DERIVED", "SECONDARY"]


ADDITIONS: dict[str, Callable[[Dataset, Scene, Canvas], None]] = {
    "CT": _add_ct,
    "MR": _add_mr,
    "CR": _add_cr,
    "DX": _add_dx,
    "MG": _add_mg,
    "XA": _add_xa,
    "RF": _add_xa,
    "NM": _add_nm,
    "PT": _add_pt,
    "US": _add_us,
    "SC": _add_sc,
}
"""What each modality's SOP class needs besides the common elements."""
