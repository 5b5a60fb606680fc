# ruff: noqa: RUF001 - letters of other scripts are the point
"""What each piece of a line of text is: tables of lines as consoles print them.

A line is written with its findings in braces: ``{name:DOE, J} LEFT KNEE``. Everything
in braces must be hidden by the default policy, as the category it names (``phi`` and
``mask`` stand for any that is hidden); everything else must stay. Nobody named here
exists.
"""

import re
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import SecretStr
from pydicom import Dataset

from maskray import rules
from maskray.classify import classify, fold_keeping_length, items_in
from maskray.geometry import Box
from maskray.identifiers import Identifiers, collect
from maskray.labels import open_label
from maskray.markers import is_bare
from maskray.policy import Policy
from maskray.records import Category, TextLine
from maskray.rules import findings, is_unnamed

NOBODY = Identifiers()
DEFAULT = Policy()
_PART = re.compile(r"\{([a-z_]+):([^}]*)\}")


def parsed(marked):
    """A marked line as its text and, for each character, what is expected there."""
    text, expected, end = "", [], 0
    for match in _PART.finditer(marked):
        plain = marked[end : match.start()]
        text += plain + match.group(2)
        expected += ["keep"] * len(plain) + [match.group(1)] * len(match.group(2))
        end = match.end()
    return text + marked[end:], [*expected, *["keep"] * (len(marked) - end)]


def seen(text, identifiers=NOBODY, policy=DEFAULT):
    """For each character of a text the category of the run it is in."""
    found: list[Category | None] = [None] * len(text)
    for run in classify(text, identifiers, policy):
        found[run.start : run.end] = [run.category] * (run.end - run.start)
    return found


def wrong(marked, identifiers=NOBODY, policy=DEFAULT):
    """The characters that are not what the marks say, for a readable failure."""
    text, expected = parsed(marked)
    complaints: dict[tuple[str, str], list[str]] = {}
    for character, want, category in zip(
        text, expected, seen(text, identifiers, policy), strict=True
    ):
        if not character.isalnum() or want == "any":
            continue
        hides = category is not None and policy.hides(category)
        fits = category == want or (want in ("phi", "mask") and hides)
        if not (not hides if want == "keep" else fits):
            complaints.setdefault((want, str(category)), []).append(character)
    return {key: "".join(each) for key, each in complaints.items()}


def lines(table):
    return [each.strip() for each in table.strip().splitlines() if each.strip()]


# --- People ---------------------------------------------------------------------------

NAMES = """
    {phi:QUILLFEATHER^OTTOLINE^MAUD}
    {phi:Quillfeather, Ottoline}
    {phi:Ottoline Quillfeather}
    {phi:Ottoline M. Quillfeather}
    {name:SMITH, JOHN}
    {name:Smith,John}
    {name:SMITH^JOHN^A}
    {name:SMITH JOHN}
    {name:John Smith}
    {name:smith}
    {mask:jane rose} {any:was seen by} {mask:brown} {any:today}
    Seen by {mask:Dr brown} {any:who read} all of it
    {mask:Rene Cote}
    {mask:HERZ, A}
    {mask:CAR J}
    {mask:HADLOCK, J} EDD
    {mask:Campbell, HC}
    {mask:PRS}
    {mask:(Hill)} AC
    {any:Patient}: {mask:mary smith} with pain in the left knee
    Scan of {mask:kowalski} {any:was} sent to the {any:ward}
    {mask:JW} 60 bpm
    {any:Dictated} by {mask:john smith} after the scan was done
    {name:SMITH J}
    {name:J. SMITH}
    {name:J SMITH}
    {name:SMITH, R.}
    {name:LEE S}
    {name:PARK, J}
    {name:Kim}
    {name:kathleen}
    {phi:Thistlewood}
    {phi:XYLANDER}
    {phi:Zbigniew Brzezicki}
    {phi:SmithJohn}
    {phi:NAMEJONES}
    {phi:O'Brien, Siobhán}
    {phi:O’Brien}
    {name:MacDonald, Fiona}
    {name:Smythe-Jones, Al}
    {phi:van der Berg, Willem}
    {name:de la Cruz, María}
    {phi:Nguyễn Văn Bình}
    {phi:Ng, Bo}
    {phi:Xu Li}
    {phi:Wu Wei}
    {phi:Brückner, Zoë}
    {phi:Mu\u0308ller}
    {phi:Łukasz Żółć}
    {phi:Đặng Hoà}
    {phi:張偉}
    {phi:王小明}
    {phi:王 明}
    {phi:王}
    {phi:山田 太郎}
    {phi:김 민 준}
    {phi:Иванов Пётр}
    {phi:Ж. Иванов}
    {phi:Παπαδόπουλος}
    {phi:محمد علي}
    {phi:सुनीता देवी}
    {phi:สมชาย}
    {phi:山田3}
    {phi:Иванов2}
    {phi:平成31年3月12日}
    {phi:J O H N}
    {phi:Q U I L L F E A T H E R}
"""
NAMES_THAT_ARE_WORDS = """
    {name:Brown, Rose}
    {name:LONG, JOHN}
    {name:BATES S} PA
    {name:ROSEN BERG} VIEW
    LEFT {name:GLEN N}
    {name:FERGUSON} REPROJECTION
    {name:Hand, Michael}
    {name:HAND, LONG}
    {name:White, Betty}
    {name:BLACK, Tom}
    {name:HEAD, EDITH}
    {name:Foot}, {phi:Philippa}
    {name:Chambers, Ann}
    {name:Price, Vincent}
    {name:Wall, Larry}
    {name:Field, Sally}
    {name:Stone}
    {name:Palmer}
    {name:BROWN}
    {name:GREEN}
    {name:Rose}
    {name:Baker}
    {name:MAY SMITH}
    {name:June Smith}
    {name:APRIL}
    {name:AUGUST BROWN}
    {name:JAN}
    {name:Doppler, Chris}
    {name:Graves}
    {name:Wilson}
"""
TITLES = """
    {physician:Dr. Harold Penwright}
    {physician:DR PENWRIGHT}
    {physician:Dr Hand}
    {physician:DR. FIELD}
    {physician:Dr Wall}
    {mask:Prof. Anneliese Brückner}
    {mask:Mrs Jones}
    {mask:Mr Brown}
    {mask:Mr. T. Okonkwo}
    {mask:Miss Rose Hand}
    {name:Herr Müller}
    {mask:Smith John MD}
    {mask:PENWRIGHT MD}
    Chest PA {physician:Dr Penwright} {date:12/03/2019}
"""
MIXED_NAMES = """
    LEFT KNEE {name:SMITH}
    L KNEE {name:SMITH}
    RIGHT, {name:JONES}
    LATERAL {name:JONES}
    {name:JONES} AP
    {name:JONES} LEFT
    {name:SMITH} F 45Y
    {phi:Ottoline Quillfeather} LEFT HAND PA
    HAND LEFT, {phi:Ottoline}
    BONE {name:BROWN}
    {name:SMITH^JOHN} MRN {patient_id:12345} {date:12-MAR-2019} LEFT KNEE AP
    {name:SMITH JOHN} {phi:12345678} M 045Y
    Comment: seen by {physician:jones}
    AP SUPINE {phi:THISTLEWOOD} 12:1
"""


@pytest.mark.parametrize("line", lines(NAMES + NAMES_THAT_ARE_WORDS + TITLES + MIXED_NAMES))
def test_people_are_hidden(line):
    assert wrong(line) == {}


LABELLED = """
    Name: {name:Brown}
    NAME:{name:JONES}
    Name {phi:Ottoline}
    NAME: {name:LEFT HAND}
    NAME: {name:LONG}
    Name: {name:FIELD}
    NAME: {phi:LONG HAND}
    NAME {phi:LONG HAND}
    PATlENT: {phi:LONG}
    Physician: {phi:H Penwright}
    RADIOLOGIST: {phi:M. HAND}
    Ref: {phi:J. Long}
    Patient ID {phi:1234}
    Pat ID {phi:6892-432-12}
    Tech: {phi:PA}
    Tech: {phi:RL}
    Tech: {phi:LB}
    S/N {phi:8821-44}
    {any:ID}.{phi:7741902}
    No.{phi:12345678}
    Name: {name:MAY}
    Name:{phi:SmithJohn}
    Name: {name:Smith} ID: {patient_id:123} Sex: F
    NAME {name:SMITH JOHN} DOB {birth_date:01/02/1950}
    PATIENT NAME: {name:Ann Long}
    Patient Name {name:Smith John}
    {name:Patient Smith}
    PT: {name:Smith}
    {any:PAT}: {phi:Xylander}
    NOM: {phi:Quillfeather}
    Ref: {physician:Penwright}
    Ref Phys: {physician:Dr Penwright}
    Referring: {physician:Penwright}, {phi:H}.
    Attending: {physician:Stone}
    Ordering: {physician:Cross}
    Physician: {physician:Long}
    RADIOLOGIST: {physician:Penwright}
    Tech: {operator:KLM}
    Tech: {operator:JS}
    Tech: {operator:AB}
    Op: {operator:Hana Mbeki} W: 1373 L: 572
    DOB: {birth_date:2003/10/17} Compressed 14:1
    DOB: {birth_date:11/27/1959} Z00m 140%
    Operator: {operator:jw}
    Oper: {operator:BRZ}
    Sonographer: {operator:Tamsin}
    Performed by: {phi:TQ}
    RT: {phi:JW}
    ID: {patient_id:12345678}
    ID:{patient_id:1234}
    ID: {patient_id:A123}
    ID#{patient_id:77}
    ID:{patient_id:QX}
    ID {patient_id:12345678}
    MRN {patient_id:00123}
    MRN: {patient_id:7741902}
    MRN#{patient_id:7741902}
    MRN: {patient_id:12}
    MRN: {patient_id:12-34-56}
    MRN:{patient_id:A1B2C3}
    {phi:MRN7741902}
    Patient ID: {patient_id:AB-12-34}
    PatientID:{patient_id:ABCD}
    Patlent ID: {patient_id:A1B2}
    PID {patient_id:44}
    SSN {phi:123-45-6789}
    NHS {phi:943 476 5919}
    ACC {accession:12}
    ACC: {accession:12-34}
    Acc: {accession:A2019-04412}
    Acc# {accession:20418831}
    Accession Number: {accession:881-22}
    {phi:ACC20418831}
    SN: {device_serial:12345}
    Serial No. {device_serial:US42981}
    Serial {device_serial:US42981}
    Station: {institution:CT02}
    CASE#: {other_id:A77}
    CASE: {other_id:12}
    ORDER: {other_id:77}
    Visit {other_id:4412}
    Ex: {other_id:20417} Se: 2 Im: 12
    Ex 12
    REQ: {other_id:1}
    Phone: {phone:8675309}
    Tel. {phone:030 1234567}
    Fax {phone:555 1212}
    Surname: {name:Thapa}
    Surname
    Hospital: {institution:Noor}
    Hospital:
    Hospital No: {patient_id:12}
    E-mail:
    First name
    {phone:j.m beki@ mailbox.exam} {mask:ple}
    LEFT {phone:info@x.com}
    Tel H: {phone:555 1234} W: {phone:555 9876}
    MRN: {patient_id:12} A: {patient_id:4567}
    Family name: {name:Grosor}
    ID No.: {patient_id:044035}
    VISIT {other_id:2439637} W: 813 L: 310
"""


@pytest.mark.parametrize("line", lines(LABELLED))
def test_what_stands_after_a_label_is_hidden_and_the_label_stays(line):
    assert wrong(line) == {}


# --- Dates, ages, numbers, places -----------------------------------------------------

DATES = """
    {date:12/03/2019}
    {date:12.03.2019}
    {date:12-03-19}
    {date:2019-03-12}
    {date:2019 03 12}
    {date:CAMMAY, 22, 1978}
    {date:09.092014}
    {date:0909.2014}
    '{date:09 06 03}
    {date:09 0603}
    {date:1052 Aug 06}
    52 18 47
    {date:0648.40}
    {date:1422.33 PM}
    {date:TIME: 1448.40}
    {date:2019-03-01} {date:1422.33}
    {name:ORLANDO} FL {date:14:32:10}
    {mask:RK}: 10.25
    06 08 10
    TA 2:40
    SAR 2:00 W/kg
    DLP 1448.40
    {date:20190312}
    {date:03122019}
    {date:12 03 2019}
    {date:12-03/2019}
    {date:12MAR2019}
    {date:05JUL2019}
    {date:12DEC2019}
    {date:12OCT19}
    {date:Mar 12, 2019}
    {date:MAR 2019}
    {date:03/2019}
    {date:Tue 12 Mar 2019}
    {date:12. März 2019}
    {date:12 avril 2019}
    {date:12 de enero de 2019}
    {date:3 Oktober 2017}
    {phi:2019年3月12日}
    {date:10/23}
    {date:12/31}
    {date:2O19-O3-12}
    {date:2019-O3-I2}
    {date:l2/03/2019}
    {date:12/O3/2Ol9}
    {phi:I2MAR2OI9}
    {phi:O5JUL2O19}
    {date:12/03/201912:34:56}
    {date:2019-03-1212:34:56}
    {date:12:34:5612/03/2019}
    {date:１２／０３／２０１９}
    {date:2019-03-12T12:34:56}
    {phi:20190312123456}
    DOB {birth_date:08/17/1954}
    DOB: {birth_date:17-AUG-1954}
    D0B: {birth_date:O8/17/1954}
    D.O.B. {birth_date:17.08.54}
    Geb. {birth_date:17.08.1954}
    Born {birth_date:17 Aug 1954}
    {phi:DOB19540817}
    *{date:17.08.1954}
    Exam Date: {date:03/12/19}
    {date:12:34:56}
    {date:12:34}
    {date:9:05 PM}
    {date:9 am}
    {date:08:15AM}
    {date:09h15}
    {date:0905:33}
    {date:12:3456}
    Acq {mask:Tm}: {date:10:23:45}
    BREAST 3:00 {date:12:34:56}
"""
AGES = """
    {age:91Y}
    {age:092Y}
    {age:103 YRS}
    {age:94yM}
    AGE {age:95}
    AGE: {age:90}
    {age:90YO}
    F/{age:92}
    {age:92}/F
    {age:M92Y}
    {age:92-year-old}
    Age {age:9O}
    {age:O92Y}
    {age:93} {any:Jahre}
    {age:92-year-old} left knee
    89Y
    089Y
    045Y
    45Y
    AGE: 45
    67 yrs
    M/45
    45/M
    F 45Y
    12 y
"""
NUMBERS = """
    {other_id:123456}
    {other_id:1234567}
    {other_id:12345}
    {other_id:00123}
    #{other_id:12345}
    {other_id:A-10-97415}
    {other_id:UH-7525-A}
    {other_id:BX-661-204}
    {other_id:A-38-824}
    {other_id:N-20 331 874}
    {other_id:20-7741-CX}
    {other_id:00-47-19}
    {other_id:0 0-47-19}
    {patient_id:2 47 08 75 116 042 83}
    {patient_id:AB 12 34 56 C}
    {patient_id:1EG4-TE5-MK73}
    {patient_id:2123 45670 1}
    {patient_id:010170 1234}
    {patient_id:2345 6789 0123}
    {phi:3950-652-46}
    {phi:12-34-56}
    {other_id:2019-004412}
    {other_id:US42981}
    {other_id:R123456}
    {other_id:H12345}
    {phi:x1234}
    {phi:12AB34}
    {phi:7H3K9}
    {phi:123-45-6789}
    {other_id:1.2.840.113619.2.55.3}
    {phone:943 476 5919}
    {phone:49 30 5550 336}
    {phone:44 1632 960123}
    {other_id:2023042908:35:47AM}
    ({phone:555) 905\u20130965}
    +{phone:1 555 867 5309}
    ({phone:555) 867-5309}
    {phone:555.867.5309}
    {phone:info@saltmarsh.example}
    {phone:www.saltmarsh.example}
    {phone:saltmarsh.org}
"""
PLACES = """
    {address:12 Elm Street}
    {address:1420 N Main St}
    {address:Hauptstraße 12}
    {address:9 Rue des Tilleuls}
    {address:Calle Mayor 12}
    {phi:Aarfeld 8047}
    {phi:8047 Aarfeld}
    {address:Springfield, IL 62704}
    {address:14 Quarry Row, Thornbury BS35 9ZZ}
    {address:Birkimelur 10, 107 Reykjav\xedk}
    {address:Hauptstr. 5, 80331 M\xfcnchen}
    {institution:Ward 7B Bed 12}
    {institution:Enf. 3, Leito 21}
    {address:P.O. Box 123}
    {institution:Saltmarsh Valley Hospital}
    {institution:ST MARY'S HOSPITAL}
    {institution:Mercy General}
    {institution:Memorial Hospital}
    {institution:University Hospital}
    {institution:Univ.} of {institution:Saltmarsh}
    {institution:Radiology Dept}
    {institution:Saltmarsh Imaging Center}
    {institution:Saltmarsh Radiology}
    {institution:Klinikum Nord}
    {institution:Hôpital Saint-Louis}
    {institution:Hopital Sainte-Swithin}
    {institution:Memorial Hospital} CT Chest
    {institution:Mercy Hospital} - LEFT KNEE
    {institution:Mayo Clinic}
    {institution:GENERAL HOSPITAL}
    {institution:Three Rivers Medical Center}
    {institution:SUNRISE VALLEY DIAGNOSTICS}
    {institution:evergreen imaging}
    {any:Sent} from {any:sunrise} {institution:valley health} for the left knee
    {name:DENVER} {phi:303.555.1234}
    {institution:PREMIER RADIOLOGY}
    {institution:Heart & Vascular Pavilion}
    LEFT {institution:Mercy Hospital}
    {institution:Clinic} of {institution:Xelse}
    {phi:St. Mary's}
    {phi:Kinderklinik}
    {phi:Charité}
    {phi:CTROOM7}
"""


@pytest.mark.parametrize("line", lines(DATES + AGES + NUMBERS + PLACES))
def test_dates_ages_numbers_and_places(line):
    assert wrong(line) == {}


# --- Against the header ---------------------------------------------------------------


@pytest.fixture(scope="module")
def header():
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


FROM_HEADER = """
    {name:QUILLFEATHER^OTTOLINE^MAUD}
    {name:Ottoline Quillfeather}
    {name:QU1LLFEATHER}
    {name:QUI11FEATHER} {name:0TTOLINE}
    {name:QUILFEATHER}
    {name:QUILLFEATHFR}
    {name:QUILL}
    {name:OTTOLINEQUILLFEATHER}
    {name:Quil1feather,0ttoline}
    {name:Q U I L L F E A T H E R}
    {patient_id:MRN-7741902}
    {patient_id:7741902}
    {patient_id:774 1902}
    {patient_id:77-41-902}
    {patient_id:774I9O2}
    {patient_id:774190}
    {patient_id:MRN: 7741902}
    {accession:2O4I883I}
    {accession:ACC 2041 8831}
    {birth_date:08/17/1954}
    {birth_date:17.08.54}
    {birth_date:19540817}
    {birth_date:17081954}
    {birth_date:AUG 17, 1954}
    {birth_date:O8/17/1954}
    {physician:VANTONGEREN}
    {physician:Van Tongeren}
    {operator:HOLLINGSWORTH}
    {operator:HOLLINGS}
    {operator:INGSWORTH}
    {institution:PORT VIEW}
    {other_id:S882}
    {other_id:5882}
    LEFT KNEE {name:QUILLFEATHER} AP
    RIGHT {name:0TTOLINE} 400
    PORTABLE CHEST
    LATERAL VIEW
    W 400 L 40
"""


@pytest.mark.parametrize("line", lines(FROM_HEADER))
def test_the_headers_identifiers_are_hidden_however_they_are_read(header, line):
    assert wrong(line, header) == {}


def test_a_clinical_word_that_the_header_calls_a_name_is_one():
    ds = Dataset()
    ds.PatientName = "Supine^Lateral"
    assert wrong("{name:SUPINE}, {name:LATERAL}", collect(ds)) == {}
    assert wrong("SUPINE, LATERAL") == {}


# --- Clinical text --------------------------------------------------------------------

CLINICAL = """
    L
    R
    LEFT
    RIGHT
    LT
    Links
    Rechts
    Left lateral
    L LAT
    R/L
    A P
    AP SUPINE
    PA ERECT
    PORTABLE AP
    SEMI-ERECT
    LLD
    Cross table lateral
    Weight bearing
    Supine
    HFS
    Inspiration
    LAO 30 CRAN 20
    RAO 30
    CAUD 25
    W: 400 L: 40
    WW 350 WL 50
    W400 C40
    C 40 W 400
    W:1500 L:-600
    Zoom: 120%
    IM: 12/45
    Im 12/12
    IM 10/23
    SE 3 IM 10
    Se:3
    Frame 12/60
    Run 5
    60 fps
    Slice 5.0 mm
    5.00mm
    Thk: 3.0
    DFOV 25.0cm
    FOV 240x240
    Matrix 256x192
    Loc: 123.5
    SP: -123.50
    I 45.2
    Tilt 0
    0 5 10 15
    -5
    +10
    10%
    10 cm
    5 µm
    3.2 cm²
    kV 120
    120 kVp
    mAs 250
    CTDIvol 12.3 mGy
    Tc-99mMDP
    TC-99mMDP
    DLP 450 mGy*cm
    TR: 2000 TE: 85
    TR/TE 2000/85
    TI 900
    FA 90
    TA: 2:35
    T1 FLAIR
    Axial T2 FLAIR
    Sag T1
    COR STIR
    AX DWI B1000
    Post contrast
    Without contrast
    Portal venous
    Arterial phase
    Delay 35s
    Chest PA
    Abdomen
    Pelvis AP
    Knee AP left
    RT KNEE LAT
    Right kidney
    SAG LT
    TRV RT LOBE
    LONG RT KIDNEY
    TRANS MID
    Gallbladder
    Common bile duct
    Left ventricle
    LMLO
    R MLO
    R CC
    LT BREAST 3:00
    BREAST 3:00 3 CM FN
    10 o'clock
    Adult Echo
    Ao 2.4 cm
    LVIDd 4.8 cm
    EF 55%
    PSV 123 cm/s
    RI 0.68
    HR 72 bpm
    MI 0.9
    TIS 0.4
    TIB: 0.5
    Gain 52 dB
    FR 32Hz
    DR 60
    2D 67%
    L12-5
    C5-1
    Freq 5.0 MHz
    Distance 12.3 mm
    D1 1.23cm
    Area 3.4 cm2
    + Dist 2.34 cm
    GA 20w3d
    BPD 4.5cm
    CBD 4.5mm
    Lossy compression 10:1
    Not for diagnosis
    For presentation
    GE
    Philips
    SIEMENS
    LOGIQ E9
    Aplio 500
    Sex: F
    M
    FEMALE
    Circle of Willis
    Foramen of Monro
    Baker's cyst
    BAKER CYST
    Meckel's diverticulum
    Colles fracture
    Cobb angle 23
    Achilles tendon
    Achil les tendon
    Circle of WillisCircle of W illis
    Doppler
    P0RTABLE
    SUP1NE
    1EFT
    R1GHT
    OBLI QUE
    CHESTPA
    KIDNEY, URETER, BLADDER
    ABDOMEN, SUPINE
    CHEST, PORTABLE
    SPINE, LUMBAR
    HAND, LEFT
    KNEE, RIGHT
    Field of view
    ST 5.0
    4 IMA 83 / 176
    MAGNETOM Vida
    *tfi2d1_12
    8HRBRAIN
    +LPH
    Signa HDxt 1.5T
    GIF-H190
    Eh:A5
    EVIS EXERA
    TRC-NW8
    P-R-T axes 52 18 47
    aVR
    xArea
    Right upper quadrant pain, ?gallstones
    VPS 96,4 cm/s
    DEP [l/s]
    CST (μm)
    DAP 142.6 μGym²
    Version 1.88.1.64861
    S22.5-I318.0
    FEV 1 [l]
    There is no fracture
    EH: A5
    ml/100g/min
    HC/AC (Campbell)
    The patient tolerated the procedure well and left the department in good condition.
    A small meniscal cyst may be present
    No sprain, and no tear of the medial meniscus
    low back pain, sciatica
    MR head
    XR chest
"""


@pytest.mark.parametrize("line", lines(CLINICAL))
def test_clinical_text_stays(line):
    assert wrong(line) == {}


@pytest.mark.parametrize(
    "side", ["LEFT", "RIGHT", "UPPER", "LOWER", "LATERAL", "POSTERIOR"]
)
@pytest.mark.parametrize("line", ["SMITH {}", "{} SMITH", "SMITH, {}", "XYLANDER {} JONES"])
def test_a_side_is_never_taken_for_a_name(side, line):
    text = line.format(side)
    at = text.index(side)
    assert seen(text)[at : at + len(side)] == [Category.CLINICAL] * len(side)


EPONYMS_ALONE = """
    {phi:WILLIS}
    {phi:Baker}
    {phi:Crohn}
    {phi:Cobb}
    {phi:Meckel, Otto}
"""


@pytest.mark.parametrize("line", lines(EPONYMS_ALONE))
def test_an_eponym_without_its_noun_is_a_name(line):
    assert wrong(line) == {}


@pytest.mark.parametrize("text", ["XQZT", "Drk", "GPLX 77", "foo bar", "Kwyjibo"])
def test_unknown_words_are_hidden_by_default(text):
    categories = {each for each in seen(text) if each is not None}
    assert categories & {Category.UNKNOWN, Category.NAME, Category.OTHER_ID}


# --- Known to be wrong ----------------------------------------------------------------

WRONG = {
    "{phi:Le Thi}": "names of two letters that are shorthand",
    "{phi:Ma, Yo}": "the same",
}


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(line, marks=pytest.mark.xfail(reason=reason))
        for line, reason in WRONG.items()
    ],
)
def test_known_to_be_wrong(line):
    assert wrong(line) == {}


# --- Policy ---------------------------------------------------------------------------


def line_of(text, box=None, **more):
    """A line of text, ten columns to a character."""
    box = box or Box(0, 0, 10 * len(text), 20)
    columns = tuple((box.x0 + 10 * i, box.x0 + 10 * i + 10) for i in range(len(text)))
    return TextLine((0,), box, SecretStr(text), 0.9, columns, "full", "rapidocr", **more)


def texts(found):
    return [(each.category, each.text.get_secret_value()) for each in found]


MANY = "SMITH 12/03/2019 XQZTW LEFT F 95Y"


def hidden_texts(policy, text=MANY, identifiers=NOBODY):
    return {text for _, text in texts(findings([line_of(text)], identifiers, policy))}


@pytest.mark.parametrize(
    ("policy", "hidden"),
    [
        (Policy(), {"SMITH", "12/03/2019", "XQZTW", "95Y"}),
        (Policy(unknown_text="keep"), {"SMITH", "12/03/2019", "95Y"}),
        (Policy(unknown_text="review"), {"SMITH", "12/03/2019", "XQZTW", "95Y"}),
        (Policy(phi=frozenset()), {"XQZTW"}),
        (Policy(phi=frozenset(), unknown_text="keep"), set()),
        (Policy(phi=frozenset({Category.DATE})), {"12/03/2019", "XQZTW"}),
        (Policy(age_limit_years=95), {"SMITH", "12/03/2019", "XQZTW"}),
        (
            Policy(phi=Policy().phi | {Category.SEX}),
            {"SMITH", "12/03/2019", "XQZTW", "F", "95Y"},
        ),
        (Policy(allow=("xqztw",)), {"SMITH", "12/03/2019", "95Y"}),
    ],
)
def test_policy_says_what_is_hidden(policy, hidden):
    assert hidden_texts(policy) == hidden


def test_the_age_limit_can_hide_every_age():
    policy = Policy(age_limit_years=0)
    assert hidden_texts(policy, "AGE: 7") == {"7"}
    assert hidden_texts(Policy(), "AGE: 7") == set()


@pytest.mark.parametrize(
    ("category", "text"),
    [
        (Category.NAME, "SMITH"),
        (Category.DATE, "12/03/2019"),
        (Category.BIRTH_DATE, "DOB 12/03/1950"),
        (Category.AGE, "95Y"),
        (Category.PATIENT_ID, "MRN: 7741902"),
        (Category.ACCESSION, "ACC: 88122"),
        (Category.INSTITUTION, "Mercy General Hospital"),
        (Category.ADDRESS, "12 Elm Street"),
        (Category.PHONE, "555-867-5309"),
        (Category.PHYSICIAN, "Ref: Penwright"),
        (Category.OPERATOR, "Tech: KLM"),
        (Category.DEVICE_SERIAL, "SN: 12345"),
        (Category.OTHER_ID, "1234567"),
    ],
)
def test_each_category_can_be_switched_off(category, text):
    assert hidden_texts(Policy(), text)
    without = Policy(phi=Policy().phi - {category})
    assert hidden_texts(without, text) == set()


def test_an_allowed_phrase_stays_whatever_it_looks_like():
    policy = Policy(allow=("SMITH PHANTOM", "QA-12345"))
    assert hidden_texts(policy, "Smith Phantom LEFT") == set()
    assert hidden_texts(policy, "qa-12345") == set()
    assert hidden_texts(policy, "SMITH") == {"SMITH"}
    assert hidden_texts(policy, "SMITH PHANTOMAS") != set()


def test_an_allowed_word_does_not_open_longer_words():
    assert hidden_texts(Policy(allow=("JON",)), "JONES") == {"JONES"}


def test_an_allowed_phrase_is_no_pattern():
    assert hidden_texts(Policy(allow=(".*",)), "JONES") == {"JONES"}


def test_the_header_overrules_the_allow_list(header):
    policy = Policy(allow=("QUILLFEATHER",))
    assert hidden_texts(policy, "QUILLFEATHER", header) == {"QUILLFEATHER"}


def test_the_header_overrules_the_vocabulary_but_not_the_policy(header):
    policy = Policy(phi=Policy().phi - {Category.OPERATOR})
    assert hidden_texts(policy, "HOLLINGSWORTH", header) == set()
    assert hidden_texts(Policy(), "HOLLINGSWORTH", header) == {"HOLLINGSWORTH"}


# --- Findings -------------------------------------------------------------------------


def test_a_finding_names_frames_text_view_and_source():
    line = TextLine((2, 5), Box(10, 20, 60, 40), SecretStr("SMITH"), 0.9, (), "robust", "x")
    (found,) = findings([line], NOBODY, DEFAULT)
    assert found.frames == (2, 5)
    assert found.text.get_secret_value() == "SMITH"
    assert found.category is Category.NAME
    assert found.source == rules.SOURCE
    assert found.box == Box(10, 20, 60, 40)
    assert found.view == "robust"
    assert found.line_height == 20


def test_only_the_part_that_identifies_is_boxed():
    (found,) = findings([line_of("LEFT KNEE SMITH AP")], NOBODY, DEFAULT)
    box = found.box
    assert box is not None
    assert (box.y0, box.y1) == (0, 20)
    assert 90 <= box.x0 <= 100
    assert 150 <= box.x1 <= 160


def test_neighbouring_findings_leave_no_gap():
    found = findings([line_of("SMITH 12/03/2019")], NOBODY, DEFAULT)
    first, second = sorted(each.box for each in found if each.box is not None)
    assert first.x0 == 0
    assert first.x1 >= second.x0
    assert second.x1 == 160


def test_a_line_that_cannot_be_split_is_boxed_whole():
    line = TextLine((0,), Box(0, 0, 30, 300), SecretStr("LEFT SMITH"), 0.9)
    (found,) = findings([line], NOBODY, DEFAULT)
    assert found.box == Box(0, 0, 30, 300)
    assert found.line_height == 30


@given(st.text("SMITHJONEL 0123456789/:.,^-", min_size=1, max_size=30))
def test_boxes_of_findings_cover_their_characters(text):
    assume(not is_bare(text))
    line = line_of(text)
    hidden = [run for run in classify(text, NOBODY, DEFAULT) if DEFAULT.hides(run.category)]
    for run, each in zip(hidden, findings([line], NOBODY, DEFAULT), strict=True):
        assert each.text.get_secret_value() == text[run.start : run.end]
        assert each.box is not None
        assert 0 <= each.box.x0 <= line.columns[run.start][0]
        assert line.columns[run.end - 1][1] <= each.box.x1 <= line.box.x1


@given(st.text(max_size=40))
def test_any_text_can_be_classified(text):
    runs = classify(text, NOBODY, DEFAULT)
    end = 0
    for run in runs:
        assert end <= run.start < run.end <= len(text)
        end = run.end
    hidden = {i for run in runs for i in range(run.start, run.end)}
    assert all(i in hidden for i, each in enumerate(text) if each.isalnum())


@given(st.text(max_size=40))
def test_folding_for_forms_keeps_the_length(text):
    assert len(fold_keeping_length(text)) == len(text)


def test_findings_do_not_show_their_text():
    found = findings([line_of("SMITH")], NOBODY, DEFAULT)
    assert "SMITH" not in repr(found)
    assert "SMITH" not in str(found)


# --- Labels and values in lines of their own ------------------------------------------


def below(text, label="Name:"):
    """A label, and a text just below it."""
    return [line_of(label), line_of(text, Box(0, 22, 10 * len(text), 42))]


def right(text, label="Name:"):
    start = 10 * len(label) + 15
    return [line_of(label), line_of(text, Box(start, 0, start + 10 * len(text), 20))]


@pytest.mark.parametrize("place", [below, right])
@pytest.mark.parametrize(
    ("label", "text", "category"),
    [
        ("Name:", "Long", Category.NAME),
        ("Patient Name", "Field", Category.NAME),
        ("ID:", "412", Category.PATIENT_ID),
        ("MRN", "4412", Category.PATIENT_ID),
        ("Accession No", "77", Category.ACCESSION),
        ("Tech:", "XW", Category.OPERATOR),
        ("Physician", "Hand", Category.PHYSICIAN),
        ("Institution:", "Port View", Category.INSTITUTION),
    ],
)
def test_a_label_names_the_line_beside_or_below_it(place, label, text, category):
    assert (category, text) in texts(findings(place(text, label), NOBODY, DEFAULT))


def test_a_label_does_not_reach_far():
    far = [line_of("MRN"), line_of("44", Box(0, 400, 20, 420))]
    assert findings(far, NOBODY, DEFAULT) == ()
    other = [line_of("MRN"), line_of("44", Box(900, 0, 920, 20))]
    assert findings(other, NOBODY, DEFAULT) == ()


def test_a_label_does_not_reach_into_other_frames():
    label, value = below("44", "MRN")
    later = TextLine((7,), value.box, value.text, 0.9)
    assert findings([label, later], NOBODY, DEFAULT) == ()


def test_clinical_text_below_a_label_stays():
    assert findings(below("LATERAL", "Name:"), NOBODY, DEFAULT) == ()


# --- Further readings -----------------------------------------------------------------


def read_as(text, *others):
    return line_of(text, others=tuple(SecretStr(each) for each in others))


def test_a_misread_word_that_others_read_as_clinical_stays():
    line = read_as("OBLQZE", "OBLIQUE", "OBLIQUE", "OBLIQUE")
    assert findings([line], NOBODY, DEFAULT) == ()


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("OBLQZE", ()),
        ("OBLQZE", ("OBLQZE", "OBLQZE", "OBLQZE")),
        ("XYLANDER", ("LATERAL", "LATERAL", "LATERAL")),  # of another text
        ("KNEEZ JR", ("KNEE", "KNEE", "K N E E Z")),
        ("SMITH", ("LEFT", "LEFT")),
    ],
)
def test_doubts_are_not_resolved_by_few_or_other_readings(text, others):
    assert findings([read_as(text, *others)], NOBODY, DEFAULT) != ()


def test_a_reading_that_spells_an_identifier_is_believed():
    ds = Dataset()
    ds.PatientName = "Lot^Perpetua"
    line = read_as("LYT", "LAT", "LAT", "LAT", "LAT", "LOT")
    assert findings([line], NOBODY, DEFAULT) == ()
    assert findings([line], collect(ds), DEFAULT) != ()


@pytest.mark.parametrize(
    ("text", "second", "stays"),
    [
        ("CH1OpeHE0", "Cu1o p AE0", False),  # Cyrillic, in pieces that are clinical each
        ("AxT2FLAIRFS", "Ax T2 FLAIR FS", True),  # spaces that were not read
    ],
)
def test_a_reading_that_falls_into_pieces_acquits_nothing(text, second, stays):
    line = line_of(text, second=SecretStr(second))
    assert (list(findings([line], Identifiers(), Policy())) == []) is stays


@pytest.mark.parametrize(
    ("text", "second"), [("Liven", "Liver"), ("Kneel", "Knee"), ("Doppel", "Doppler")]
)
def test_one_other_reading_does_not_outvote_many(text, second):
    line = line_of(text, others=(SecretStr(text),) * 5, second=SecretStr(second))
    assert findings([line], NOBODY, DEFAULT) != ()


@pytest.mark.parametrize(
    ("confidence", "other", "found"),
    [
        (0.65, "03/01/47", [(Category.DATE, "03/ 101/47")]),
        (0.65, "03/ 101/47", []),
        (0.9, "03/01/47", []),
    ],
)
def test_figures_read_hesitantly_are_what_any_reading_makes_them(confidence, other, found):
    line = replace(read_as("03/ 101/47", other), confidence=confidence)
    assert texts(findings([line], NOBODY, DEFAULT)) == found


def test_figures_read_hesitantly_may_be_an_identifier():
    ds = Dataset()
    ds.PatientID = "44-1207"
    line = replace(read_as("44 x 207 mm", "44-1207"), confidence=0.6)
    assert findings([line], NOBODY, DEFAULT) == ()
    assert {each.category for each in findings([line], collect(ds), DEFAULT)} == {
        Category.PATIENT_ID
    }


def test_a_date_is_a_date_whatever_others_read():
    line = read_as("12/03/2019", "12 03 20", "120", "120", "120")
    assert texts(findings([line], NOBODY, DEFAULT)) == [(Category.DATE, "12/03/2019")]


@pytest.mark.parametrize("text", ["SMITH", "XQZT", "1234567", "LEFT XQZT"])
def test_text_that_may_be_misread_is_unnamed(text):
    assert is_unnamed(text, NOBODY)


@pytest.mark.parametrize("text", ["LEFT", "12/03/2019", "W 400 L 40", "", "95Y"])
def test_text_with_a_name_of_its_own_is_not(text):
    assert not is_unnamed(text, NOBODY)


def test_a_date_read_in_two_pieces_that_overlap_is_hidden_whole():
    one = standing_in((0,), "SEP 21,", Box(10, 4, 130, 37))
    other = standing_in((0,), "21, 2015", Box(82, 4, 229, 37))
    away = standing_in((0,), "21, 2015", Box(382, 4, 529, 37))
    hidden = {each.box for each in findings([one, other, away], NOBODY, DEFAULT)}
    assert hidden == {one.box, other.box}


def test_initials_after_a_label_are_hidden_as_often_as_they_were_read():
    label = standing_in((0,), "Op:", Box(170, 80, 268, 105))
    one = standing_in((0,), "L", Box(269, 80, 291, 105))
    other = standing_in((0,), "LE", Box(265, 80, 302, 102))
    hidden = {each.box for each in findings([label, one, other], NOBODY, DEFAULT)}
    assert hidden == {one.box, other.box}
    assert not findings([one, other], NOBODY, DEFAULT)


def test_an_address_begins_with_the_number_before_it():
    number = standing_in((0,), "775", Box(10, 4, 60, 30))
    street = standing_in((0,), "Elm St, Ayr, TX 14401", Box(66, 4, 400, 30))
    assert len(findings([number, street], NOBODY, DEFAULT)) == 2
    above = replace(number, box=Box(10, 60, 60, 86))
    assert len(findings([above, street], NOBODY, DEFAULT)) == 1


def test_a_counter_counts_though_its_last_number_was_misread():
    read = ["1/10", "2/10", "3/10", "4/10", "9/18"]
    place = Box(10, 10, 60, 30)
    lines = [standing_in((i,), text, place) for i, text in enumerate(read)]
    assert not findings(lines, NOBODY, DEFAULT)
    assert findings(lines[-1:], NOBODY, DEFAULT)


def test_a_counter_counts_though_a_frame_draws_it_wider():
    tight, wide = Box(300, 456, 332, 471), Box(294, 448, 340, 478)
    beside = Box(340, 456, 372, 471)
    lines = [standing_in((i,), f"{i + 12}/27", tight) for i in range(3)]
    assert not findings([*lines, standing_in((4,), "11/27", wide)], NOBODY, DEFAULT)
    assert findings([*lines, standing_in((4,), "11/27", beside)], NOBODY, DEFAULT)
    around = standing_in((4,), "12/03", Box(300, 425, 390, 475))
    assert findings([*lines, around], NOBODY, DEFAULT)


@pytest.mark.parametrize(
    ("name", "hidden"), [("Lin^Wei", False), ("林^偉", True), ("", True)]
)
def test_a_letter_beyond_latin_is_the_side_that_other_frames_show(name, hidden):
    ds = Dataset()
    ds.PatientName = name
    box = Box(20, 20, 40, 40)
    marker = standing_in((0,), "日", box)
    side = replace(standing_in((1, 2), "H", box), confidence=0.98)
    assert bool(findings([marker, side], collect(ds), DEFAULT)) is hidden
    heard = replace(marker, second=SecretStr("H"))  # by an engine for Latin letters
    assert findings([heard], collect(ds), DEFAULT)


def test_dates_that_differ_from_frame_to_frame_are_no_counter():
    read = ["03/15", "04/18", "05/20", "06/22", "07/14"]
    place = Box(10, 10, 60, 30)
    lines = [standing_in((i,), text, place) for i, text in enumerate(read)]
    assert len({each.frames for each in findings(lines, NOBODY, DEFAULT)}) == len(read)


@pytest.mark.parametrize("first", [True, False])
def test_a_label_says_what_its_value_is_wherever_it_comes_in_the_list(first):
    label = standing_in((0,), "MRN:", Box(10, 10, 60, 30))
    value = standing_in((0,), "4471", Box(70, 10, 120, 30))
    lines = [value, label] if first else [label, value]
    assert [each.box for each in findings(lines, NOBODY, DEFAULT)] == [value.box]


# --- Letters that stand one above the other ----------------------------------------------


def standing_findings(*pieces):
    """The findings in lines (text, x0, y0, y1, width or 20) that run downwards."""
    lines = [
        TextLine(
            (0,),
            Box(x0, y0, x0 + (*width, 20)[0], y1),
            SecretStr(text),
            0.9,
            (),
            "full",
            "rapidocr",
        )
        for text, x0, y0, y1, *width in pieces
    ]
    return rules.findings(lines, Identifiers(), Policy())


def standing(*pieces):
    """Texts and categories of the same."""
    found = standing_findings(*pieces)
    return {each.text.get_secret_value(): each.category for each in found}


def test_a_time_that_is_read_in_pieces_downwards_is_a_date():
    pieces = ("10:", 10, 100, 160), ("51:", 10, 162, 222), ("03", 10, 224, 268)
    assert set(standing(*pieces).values()) == {Category.DATE}


def test_what_two_readings_of_a_stack_share_counts_once():
    pieces = ("10:51:", 10, 100, 220), ("51:0", 10, 160, 242), ("3", 10, 244, 262)
    assert "10:51:03" in standing(*pieces)


@pytest.mark.parametrize("second", ["AK 877 mGy", "AX877mG"])
def test_a_line_that_stands_and_was_read_twice_is_no_stack(second):
    pieces = ("AK877 mGy", 10, 100, 280), (second, 8, 104, 282)
    assert f"AK877 mGy{second}" not in standing(*pieces)


def test_two_readings_of_a_standing_line_are_judged_each_by_itself():
    others = tuple(SecretStr("Lossy13:1") for _ in range(3))
    misread = TextLine(
        (0,), Box(9, 152, 32, 359), SecretStr("Lossy1\u4e86:1"), 0.92, others=others
    )
    read = TextLine((0,), Box(14, 157, 29, 358), SecretStr("Lossy 13:1"), 1.0)
    assert rules.findings([misread, read], NOBODY, DEFAULT) == ()
    assert rules.findings([replace(misread, others=()), read], NOBODY, DEFAULT)


def test_letters_of_a_stack_whose_places_touch_count_each():
    tops = (10, 35, 61, 74, 87)
    pieces = [(each, 10, y, y + 18) for each, y in zip("65334", tops, strict=True)]
    assert standing(*pieces) == {"65334": Category.OTHER_ID}


def test_letters_of_a_stack_that_were_not_read_are_gaps():
    pieces = ("H", 10, 100, 124), ("5", 10, 160, 184), ("5", 10, 220, 244)
    assert standing(*pieces) == {"H0505": Category.OTHER_ID}
    far = ("H", 10, 100, 124), ("5", 10, 200, 224), ("5", 10, 300, 324)
    assert standing(*far) == {}


@pytest.mark.parametrize(
    ("pieces", "hidden"),
    [
        ([("L", 10, 100, 124), ("D", 10, 126, 150)], True),
        ([("L", 10, 100, 124), ("D", 10, 176, 200)], False),
        ([("L", 10, 100, 124), ("R", 10, 126, 150)], False),
        ([("L", 10, 100, 124), ("2", 10, 126, 150)], False),
        ([("W", 10, 100, 124), ("L", 10, 126, 150), ("400", 60, 100, 124, 40)], False),
    ],
)
def test_two_letters_one_upon_the_other_are_initials(pieces, hidden):
    assert bool(standing(*pieces)) is hidden


@pytest.mark.parametrize(
    ("text", "confidence", "box", "known", "hidden"),
    [
        ("11111", 0.7, Box(0, 0, 70, 340), "", False),
        ("11111", 0.95, Box(0, 0, 70, 340), "", True),
        ("11111", 0.7, Box(0, 0, 340, 70), "", True),
        ("11111", 0.7, Box(0, 0, 70, 340), "11111", True),
        ("11711", 0.7, Box(0, 0, 70, 340), "", True),
    ],
)
def test_ones_are_ticks_if_they_stand_and_are_read_with_doubt(
    text, confidence, box, known, hidden
):
    ds = Dataset()
    ds.PatientID = known
    line = replace(standing_in((0,), text, box), confidence=confidence)
    assert bool(findings([line], collect(ds), DEFAULT)) is hidden


def test_a_counter_that_stands_is_one():
    pieces = [("I", 10, 100, 124), ("m", 10, 126, 150), (":21", 10, 152, 220)]
    assert standing(*pieces) == {}
    assert standing(pieces[0], ("x", 10, 126, 150), pieces[2]) != {}


def test_the_ticks_of_a_scale_are_no_number():
    ticks = [("1", 10, 100 + 50 * i, 120 + 50 * i) for i in range(6)]
    assert standing(*ticks) == {}
    assert standing(*ticks[:3], ("7", *ticks[3][1:]), *ticks[4:]) != {}


def test_two_letters_far_apart_are_no_stack():
    pieces = ("A", 2, 214, 228), ("R", 6, 250, 262), ("R", 2, 251, 263)
    assert standing(*pieces) == {}


def test_a_stack_of_letters_that_tell_sides_may_be_a_name():
    stack = [(each, 10, 100 + 30 * i, 124 + 30 * i) for i, each in enumerate("SHAHI")]
    assert standing(*stack) != {}


def test_a_body_that_is_read_as_a_letter_belongs_to_no_stack():
    letters = ("QZ", 10, 100, 150), ("X", 10, 160, 184)
    assert standing(*letters) != {}
    assert standing(letters[0], ("C", 5, 160, 400, 110)) == {"QZ": Category.UNKNOWN}
    assert standing(("FD", 10, 100, 150), ("C", 5, 160, 400, 110)) == {}


def test_two_letters_whose_middle_was_not_read_are_hidden():
    assert standing(("D", 10, 0, 10), ("T", 10, 28, 38)) != {}


def test_a_gap_between_clinical_words_of_a_stack_is_a_space():
    assert standing(("FD", 10, 100, 150), ("32", 10, 160, 210), ("cm", 10, 240, 290)) == {}
    assert standing(("EI", 10, 100, 150), ("1690", 10, 175, 275)) == {}
    assert standing(("FD", 10, 100, 150), ("QZ", 10, 160, 210), ("cm", 10, 240, 290)) != {}


def test_a_stack_is_hidden_from_its_first_letter_to_its_last():
    found = standing_findings(
        ("04", 10, 100, 150), ("10", 10, 170, 220), ("20", 10, 222, 272)
    )
    assert Box(10, 100, 30, 272) in {each.box for each in found}


def test_two_stacks_side_by_side_are_two():
    pieces = (
        ("10:", 10, 100, 160),
        ("SLICE 2", 300, 130, 230),
        ("51:", 10, 162, 222),
        ("03", 10, 224, 268),
    )
    assert set(standing(*pieces)) == {"10:51:03"}


# --- Text in the place of PHI, in other frames --------------------------------------------


HERE = Box(100, 20, 200, 40)


def standing_in(frames, text, box=HERE, confidence=0.9):
    return TextLine(frames, box, SecretStr(text), confidence, (), "full", "rapidocr")


def spaced_in(frames, text):
    """A line from column 10 on, each of its letters ten pixels wide."""
    columns = tuple((10 + 10 * i, 20 + 10 * i) for i in range(len(text)))
    line = standing_in(frames, text, Box(10, 20, 10 + 10 * len(text), 40))
    return replace(line, columns=columns)


def hidden_in(*lines):
    found = rules.findings(lines, Identifiers(), Policy())
    return sorted({index for each in found for index in each.frames})


def test_what_stands_where_a_date_stands_in_another_frame_is_hidden():
    clock, misread = standing_in((0, 2), "19:05:09"), standing_in((1,), "19 D5 og")
    assert hidden_in(clock, misread) == [0, 1, 2]
    part = standing_in((1,), "19 05", Box(100, 20, 160, 40))
    assert hidden_in(clock, part) == [0, 1, 2]


def test_where_the_end_of_a_number_was_not_read_it_is_hidden_too():
    whole = spaced_in((0, 2), "Tel 555-586-0928")
    part = spaced_in((1,), "Tel 555-")
    found = rules.findings([whole, part], Identifiers(), Policy())
    reach = max(each.box.x1 for each in found if each.box and 1 in each.frames)
    assert reach == 170


def test_an_unknown_word_is_hidden_whole_where_a_part_of_it_is():
    whole, part = spaced_in((0, 2), "XQZT VRKKL"), spaced_in((1,), "XQZT")
    found = rules.findings([whole, part], Identifiers(), Policy())
    reach = max(each.box.x1 for each in found if each.box and 1 in each.frames)
    assert reach == 110


def test_what_stands_elsewhere_is_not():
    clock, other = (
        standing_in((0,), "19:05:09"),
        standing_in((1,), "LEFT", Box(10, 60, 80, 80)),
    )
    assert hidden_in(clock, other) == [0]


def test_where_crumbs_of_a_number_were_read_it_is_hidden_too():
    number = standing_in((0,), "MR755394", Box(3, 204, 13, 305))
    crumb = standing_in((1,), "3", Box(4, 267, 13, 279))
    assert hidden_in(number, crumb) == [0, 1]
    assert hidden_in(number, replace(crumb, text=SecretStr("L"))) == [0]
    assert hidden_in(number, replace(crumb, box=Box(40, 267, 49, 279))) == [0]
    assert hidden_in(standing_in((0,), "XQZT", number.box), crumb) == [0]


def test_unknown_text_in_one_frame_hides_no_clinical_text_of_another():
    assert hidden_in(standing_in((0,), "XQZT"), standing_in((1, 2), "LEFT")) == [0]


def test_a_surer_reading_of_another_frame_explains_a_misread_word():
    sure, misread = (
        standing_in((1, 2), "SLICE 12", confidence=0.99),
        standing_in((0,), "SLQXE 12"),
    )
    assert hidden_in(sure, misread) == []
    assert hidden_in(standing_in((0,), "SLQXE 12")) == [0]
    meant = standing_in((1, 2), "SLQCX 12", confidence=0.99)
    assert hidden_in(meant, misread) == [0, 1, 2]
    assert hidden_in(replace(meant, meant=SecretStr("SLICE 12")), misread) == []
    named = standing_in((0,), "LEUNG", confidence=0.85)
    lung = standing_in((3,), "LUUNG", confidence=0.88)
    lung = replace(lung, meant=SecretStr("LUNG"))
    assert hidden_in(named, lung) == [0]
    wider = Box(90, 10, 220, 50)
    nearly = standing_in((0,), "SKQLL 12", wider)
    assert hidden_in(standing_in((1,), "SKULL 12", confidence=0.99), nearly) == []
    assert hidden_in(sure, nearly) == [0]
    cut = standing_in((1,), "1944", Box(100, 20, 155, 40), confidence=0.95)
    assert 0 in hidden_in(cut, standing_in((0,), "19448731"))
    assert hidden_in(
        standing_in((1,), "LEFT KNEE", confidence=0.99), standing_in((0,), "SLQXE 12")
    ) == [0]


@pytest.mark.parametrize(
    ("others", "hidden"),
    [
        (("Foramen of Monro",), False),
        (("Foramen of Monro", "Monro"), False),
        (("Dr Monro",), True),
        (("Foramen of Monro", "Dr Monro"), True),
        (("Monro",), True),
        ((), True),
    ],
)
def test_a_wider_reading_tells_whose_name_it_is(others, hidden):
    line = replace(
        standing_in((0,), "Monro"),
        others=tuple(map(SecretStr, others)),
        second=SecretStr("Monro"),
    )
    assert (hidden_in(line) == [0]) is hidden


# --- Words that are clinical only by a forgiven letter ------------------------------------


@pytest.mark.parametrize(
    "name", ["Hashemi", "Brahimi", "Matic", "Geoff", "Helge", "Roisin"]
)
def test_names_of_many_countries_are_not_clinical(name):
    assert {each.category for each in classify(name, NOBODY, DEFAULT)} <= {
        Category.NAME,
        Category.UNKNOWN,
    }


def test_a_misread_clinical_word_next_to_a_name_is_a_name():
    found = classify("SMITH Latoral", NOBODY, DEFAULT)
    assert {each.category for each in found} == {Category.NAME}
    assert {each.category for each in classify("Latoral", NOBODY, DEFAULT)} == {
        Category.CLINICAL
    }


# --- Lead markers -------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["R RS", "L RAW", "RT AL", "LEFT SEC", "L GC6", "R HM3A"])
def test_letters_beside_a_side_alone_are_somebodys(text):
    side, letters = text.split()
    found = classify(text, NOBODY, DEFAULT)
    assert [(text[e.start : e.end], e.category) for e in found] == [
        (side, Category.CLINICAL),
        (letters, Category.UNKNOWN),
    ]


@pytest.mark.parametrize(
    "text",
    ["R CC", "L MLO", "LT OBL", "RT HIP", "R L4", "R AP RS", "RS", "L SE12", "L TH12"],
)
def test_what_a_side_is_a_side_of_stays(text):
    assert {each.category for each in classify(text, NOBODY, DEFAULT)} == {
        Category.CLINICAL
    }


@pytest.mark.parametrize("letter", ["\u738b", "\u65e5", "\u540d"])
def test_one_letter_of_another_script_is_hidden_whatever_another_reading_says(letter):
    shown = line_of(letter, Box(20, 20, 40, 40), others=(SecretStr("A"),))
    assert findings([shown], NOBODY, DEFAULT)


@pytest.mark.parametrize("others", [["2/9 8", "3/9"], ["3/9", "4/9"]])
def test_frames_are_counted_whatever_stands_behind(others):
    shown = [
        standing_in((index,), text, Box(20, 20, 80, 40))
        for index, text in enumerate(["1/9", *others])
    ]
    assert findings(shown, NOBODY, DEFAULT) == ()


@pytest.mark.parametrize(
    "marked",
    [
        "{date:Tue 26 Jan 193}",
        "{date:rue 02 Jan 2024}",
        "{date:Fr 01 May 1992} 32Y",
        "Fr 3 {date:12:30:05}",
        "SA {date:12:30}",
        "TR 2000 {date:12:30:05}",
        "Im 1990 {date:12:30:11}",
        "TR 2000 AVG 2",
        "WW 2000 MPR 3",
        "{institution:Hospital} Kidneys",
        "{institution:Mercy Hospital} LEFTHAND",
        "{institution:Mercy Hospital} FoU 228 mm",
        "{phi:CT12MR34US56}",
        "{phi:US12D345}",
        "Patlent of {phi:Rolcn}",
        "3 30 {mask:pm}",
        "{date:2013 19:17} Cardiac 15",
        "Acq: {date:SAT18 FE82017} Baker cyst",
        "12 mA 2000",
        "Angle 1:45 deg",
        "{date:12:30} {phi:De Vries}",
        "BPD 78.1mm33w4d",
        "{phi:781234mm33w4d}",
        "{phone:ww w.murdmere-1maging.example}",
        "{phone:www. murdmere.example}",
        "LPOIm:102",
        "{phi:XQOIm}:102",
        "{phi:LPOIm}",
        "{date:01:16 2M}",
        "{date:12:30} 5 mm",
        "{date:12:30} MM",
        "R {date:87:40.25}",
        "{institution:Hospital Centrale}",
        "{institution:Hospital Pediatrico}",
        "CRIGHT",
        "{phi:SMITH} {phi:JOHN} {date:2013 19:17}",
        "WL 2000 {date:12:30}",
        "{date:2009-HAR-13}",
        "LPOSTERIOR",
        "{date:2009 Ap1 13}",
        "{date:2009-Ap1-13 10:22}",
        "TR 2000 FOV 24",
        "TI 2000 DEG 12",
        "2000 TEC 1.5",
        "{institution:Hospital San Swithin}",
        "{institution:Hospital} CT Abdomen",
        "10 gm",
        "10 {mask:gr}",
        "{phi:Faranen} of {phi:Smith}",
        "{phi:12CT34MR56}",
        "{date:17/11./2015}",
        "{date:26 Jan 1932} 5 mm",
        "{date:12 AUG 2023} RECON 2",
        "{physician:DR R}. {name:TE EIRA}",
        "{institution:St. SwithinMedical Centel}",
        "Pat ID {patient_id:RC196475} Matrix 256 x 1024 140 keV 20%",
        "Fissure of Rolando {mask:INS}",
        "El 1390",
        "YVIEW",
        "LEFTHAND",
        "{date:1942-0419}",
        "D.O.B.{birth_date:1942-0419}",
        "D.O.B. {birth_date:1942 0419}",
        "D.0.B.{date:1842-0418}",
        "{phi:XR-09-47016}",
        "{date:2016 A\u222aG 19}",
        "rilt 4.8",
        "Serles 8",
        "BC:1/1",
        "Sag PDFS",
        "rea 8.75 cm2",
        "28.8 mGy/mln",
        "Series 6 Sep 0.80",
        "D 18.9 Sep 0.04",
        "Nom: {phi:MOLD, R.}",
        "Patient Name: {phi:CAST}",
        "Protocol Name: CHEST",
        "DLP 746.7 mGn.cm",
        "10.{date:6 Sep 2014}",
        "Im {date:12/03/1965} 1.5",
        "{name:JAIN} 45",
        "{name:cho} 45 F",
        "MRN OP:{patient_id:1234}",
        "ST -3.0",
        "Seene1",
        "{phi:Yorn. 0. 7770378}",
        "{date:22.12,12}",
        "{date:ug 28, 1937}",
        "R HFS",
        "{date:09/13.21}",
        "{date:1 1:4 4:2 2}",
        "{institution:Drangridge General HosPita1}",
        "{phi:SOKOLOV. F.}",
        "Op {operator:T}",
        "POST OP AP",
        "Dist 81.0 mm RT {phi:PC}",
        "Dist 81.0 mm RT CC",
    ],
)
def test_what_is_misread_or_run_together_keeps_its_meaning(marked):
    assert wrong(marked) == {}


@pytest.mark.parametrize(
    ("text", "hidden"),
    [("PG", True), ("PT", True), ("LA", False), ("CC", False), ("3T", False)],
)
def test_two_capitals_alone_are_initials_unless_they_name_a_side_or_view(text, hidden):
    alone = standing_in((0,), text, Box(300, 10, 330, 40))
    far = standing_in((0,), "5.0", Box(10, 200, 60, 230))
    assert bool(findings([alone, far], NOBODY, DEFAULT)) is hidden


def test_two_capitals_beside_a_number_are_a_setting():
    setting = standing_in((0,), "PG", Box(300, 10, 330, 40))
    number = standing_in((0,), "5.0", Box(340, 10, 390, 40))
    assert not findings([setting, number], NOBODY, DEFAULT)


def test_a_marker_read_as_two_lines_is_one():
    side = standing_in((0,), "RT", Box(10, 10, 40, 40))
    near = standing_in((0,), "AL", Box(60, 10, 90, 40))
    far = standing_in((0,), "AL", Box(300, 10, 330, 40))
    hidden = rules.findings([side, near, far], Identifiers(), Policy())
    assert [each.box for each in hidden] == [near.box]
    again = standing_in((0,), "RT", Box(11, 11, 41, 42))
    assert not rules.findings([side, again, far], Identifiers(), Policy())


# --- Names that go on, and names of things ------------------------------------------------


@pytest.mark.parametrize("end", [",", "^", "."])
def test_a_name_that_ends_in_a_comma_goes_on_in_the_next_line(end):
    name = standing_in((0,), f"SMITH{end}", Box(100, 20, 200, 40))
    initial = standing_in((0,), "P", Box(215, 20, 230, 40))
    far = standing_in((0,), "L", Box(400, 20, 415, 40))
    found = rules.findings([name, initial, far], Identifiers(), Policy())
    assert {each.box for each in found} == {name.box, initial.box}
    whole = standing_in((0,), "SMITH", Box(100, 20, 200, 40))
    assert len(rules.findings([whole, initial], Identifiers(), Policy())) == 1
    dotted, word = (
        standing_in((0,), "SMITH.", Box(100, 20, 200, 40)),
        standing_in((0,), "LEFT", Box(215, 20, 270, 40)),
    )
    assert len(rules.findings([dotted, word], Identifiers(), Policy())) == 1


@pytest.mark.parametrize(
    ("first", "then", "gap", "both"),
    [
        ("SMITH", "T.", 15, True),
        ("SMITH", "T.", 90, False),
        ("SMITH", "L", 15, False),
        ("1972 Nov", "27", 4, True),
        ("1972 Nov", "27", 30, False),
        ("1972 Nov", "LEFT", 4, False),
    ],
)
def test_what_a_name_or_a_date_goes_on_with(first, then, gap, both):
    start = standing_in((0,), first, Box(100, 20, 200, 40))
    end = standing_in((0,), then, Box(200 + gap, 20, 230 + gap, 40))
    found = rules.findings([start, end], Identifiers(), Policy())
    assert (end.box in {each.box for each in found}) is both


def test_hyphens_with_spaces_join_a_number_too():
    (run,) = classify("RAD - 14- 86470", NOBODY, DEFAULT)
    assert run.category is Category.OTHER_ID


@pytest.mark.parametrize("side", ["LEFT KNEE", "L", "RT HIP"])
def test_but_no_side(side):
    number, rest = classify(f"12345678 - {side}", NOBODY, DEFAULT)
    assert (number.category, rest.category) == (Category.OTHER_ID, Category.CLINICAL)


def test_so_does_one_that_runs_upwards():
    name = standing_in((0,), "SMITH,", Box(100, 200, 120, 300))
    initial = standing_in((0,), "P", Box(100, 170, 120, 190))
    found = rules.findings([name, initial], Identifiers(), Policy())
    assert initial.box in {each.box for each in found}


@pytest.mark.parametrize(
    "text",
    [
        "Bemmett fracture",
        "Bemett fracture",
        "Achillkes tendon",
        "Watersview",
        "Waterssview",
        "Fontanconduit 30 fps",
    ],
)
def test_a_misread_eponym_beside_its_word_stays(text):
    assert {each.category for each in classify(text, NOBODY, DEFAULT)} == {
        Category.CLINICAL
    }


def test_a_name_like_an_eponym_does_not():
    (name, *_) = classify("NORTON FOOT", NOBODY, DEFAULT)
    assert name.category is Category.NAME


@pytest.mark.parametrize("text", ["Watersmith", "Watersviceroy", "Coopersmith"])
def test_a_name_that_an_eponym_begins_does_not(text):
    assert Category.CLINICAL not in {
        each.category for each in classify(text, NOBODY, DEFAULT)
    }


def test_a_misread_eponym_alone_does_not():
    assert {each.category for each in classify("Bemmett", NOBODY, DEFAULT)} == {
        Category.UNKNOWN
    }


def test_dates_are_told_with_their_gaps():
    assert items_in("AP Jum 21,   2018 LEFT") == [(3, 17)]


def test_titles_are_told_with_their_gaps():
    assert items_in("Dr Quz 12 cm") == [(0, 6)]


def test_names_of_things_are_told_with_their_gaps():
    assert items_in("Circle   of   Willis") == [(0, 20)]
    assert items_in("Tom   of   Willis") == []
    assert {e.category for e in classify("Foramer of Monro", NOBODY, DEFAULT)} == {
        Category.CLINICAL
    }


@pytest.mark.parametrize(
    "text",
    [
        "FoU 228 mm",
        "WLI 40 WWI 400",
        "DFOU 24.0 cm",
        "SUICE 2.47",
        "Rum 4",
        "D4.5 UTSAG",
        "DWIb=500",
        "rhin MIP 12",
        "rIs 0.2",
        "Dyn R65dB",
    ],
)
def test_a_misread_setting_before_its_number_stays(text):
    assert {each.category for each in classify(text, NOBODY, DEFAULT)} == {
        Category.CLINICAL
    }


def test_a_short_surname_before_a_number_is_no_setting():
    assert classify("Hoom 1962", NOBODY, DEFAULT)[0].category is Category.UNKNOWN
    assert classify("LI 45", NOBODY, DEFAULT)[0].category is Category.UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "FoU",
        "WLI",
        "MADISON, WI 53703",
        "Rum",
        "RLN 12:30",
        "MKG 01/02/2020",
        "DWIb",
        "rhomas",
        "R65423DB",
    ],
)
def test_the_same_elsewhere_does_not(text):
    assert Category.CLINICAL not in {
        each.category for each in classify(text, NOBODY, DEFAULT)
    }


def test_wide_print_read_as_crumbs_is_not_clinical():
    assert {e.category for e in classify("S t r and, Ar j un", NOBODY, DEFAULT)} == {
        Category.UNKNOWN
    }
    assert {e.category for e in classify("R CC MAG", NOBODY, DEFAULT)} == {
        Category.CLINICAL
    }


@pytest.mark.parametrize(
    "marked",
    [
        "{address:1027 ELDER CL0SE, HERONHAM, 0H 41385}",
        "{address:12 HER0NRY R0AD}",
    ],
)
def test_an_address_is_one_with_misread_letters_too(marked):
    assert not wrong(marked)


def test_a_short_number_is_no_name():
    dataset = Dataset()
    dataset.PatientName = "Loo^Gil"
    assert not wrong("kVp 100 {name:L00} {name:LOO}", collect(dataset))


@pytest.mark.parametrize(
    "marked",
    [
        "{phi:Vu, M.}",
        "{date:0.12.2019} LEFT",
        "{institution:HERONHAM UNIVERSTTY HOSPITAE}",
        "{address:HERONHAM, ON 28920}",
        "{address:NEW HERONHAM, ON M5G 2C4}",
        "{other_id:1/80-846-16}",
        "{date:18Ju 2011 15:56:1237}",
        "{date:6-MA-2000}",
        "{date:2013 Apr 28 12:30[04}",
        "{date:12:30} LUNG 04",
        "ACC (10^-6 mm2/s)",
        "ACC {accession:R17972168}",
        "ACC ({accession:1234})",
        "Date: {date:Oct-05-2024MASK} 5",
        "{date:24-MAY-2002MASK} 5",
        "{date:Time: 13.03}",
        "Exam time= 09.15 s",
        "Echo time: 20.00 msec",
        "Scan Time: 13.03",
        "10 mA 2000 ms",
        "IM 12 SE 2001",
        "SCALE 1:20:300",
        "{name:FOUBAX^0SCAR} W1684 C393",
        "{name:QUZ^LIVER}",
        "HEAD^ROUTINE",
        "KNEE^LEFT",
        "10 cm^2",
        "{name:I}. {physician:BA0, M.D}",
        "{address:Heronham, MD 20892}",
        "L, M.D",
        "{institution:MEDICAL CENTER}",
        "CENTER",
        "EXPOSURE El1478",
        "EI 1478",
        "{date:07/01/193}",
        "{date:0Z./01/1931}",
        "Acc No. {accession:RAD-18-40423}",
        "Meam 20.8 SD 10.6",
    ],
)
def test_what_misread_or_cut_letters_mean(marked):
    assert not wrong(marked)


def test_addresses_and_institutions_are_told_with_their_gaps():
    assert items_in("ST.   JUDE   MEDICAL   CENTER") == [(0, 29)]
    assert items_in("HERONHAM,    NY   41385") == [(0, 23)]
    assert items_in("CHEST   AP") == []


def test_the_beginning_of_a_line_of_other_frames_is_what_they_show():
    cut = TextLine((11,), Box(312, 456, 343, 492), SecretStr("Lo"), 1.0)
    whole = TextLine((0, 1, 2), Box(312, 457, 443, 490), SecretStr("Lossy 12:1"), 1.0)
    assert findings([cut, whole], NOBODY, DEFAULT) == ()
    assert findings([cut], NOBODY, DEFAULT) != ()
    apart = replace(whole, box=Box(12, 457, 143, 490))
    assert findings([cut, apart], NOBODY, DEFAULT) != ()


def test_a_place_with_a_name_of_the_header_is_hidden_whole():
    header = Dataset()
    header.InstitutionName = "Xelsebet"
    marked = "{institution:Xelsebet Breast Care} 0.3 Cu"
    assert wrong(marked, collect(header)) == {}


@pytest.mark.parametrize("text", ["Evergreen", "WISHBONES", "IMA", "Vida", "Figment"])
def test_a_plain_word_that_may_be_what_something_is_called_is_hidden(text):
    assert wrong(f"{{mask:{text}}}") == {}


def test_the_next_field_of_an_empty_form_is_no_value():
    fields = ("Surname", "First name", "Hospital no.:")
    rows = [
        line_of(text, Box(10, y, 90, y + 20))
        for y, text in zip((10, 40, 70), fields, strict=True)
    ]
    assert findings(rows, NOBODY, DEFAULT) == ()


@pytest.mark.parametrize("initials", ["SN", "HN", "PAT"])
def test_initials_that_look_like_a_label_are_a_value(initials):
    found = findings(right(initials, "Operator:"), NOBODY, DEFAULT)
    assert [each.category for each in found] == [Category.OPERATOR]


def test_a_duration_is_one_item_though_its_gap_is_wide():
    assert (0, 7) in items_in("TA 2:40")


@pytest.mark.parametrize(
    "marked",
    ["{unknown:Xelse} 1.72 {any:m}", "{unknown:Xelse} 34 {any:M}", "{unknown:Doex} 45 kg",
     "{unknown:Wunderlux} 3.2 cm"],
)  # fmt: skip
def test_what_is_measured_of_a_person_makes_no_measure_of_the_name(marked):
    assert wrong(marked) == {}


@pytest.mark.parametrize(("value", "stays"), [("17.5 cm", True), ("17", False)])
def test_a_short_form_with_a_measure_in_its_row_is_no_ones(value, stays):
    rows = [line_of("HC"), line_of(value, Box(200, 0, 270, 20))]
    assert (findings(rows, NOBODY, DEFAULT) == ()) is stays


@pytest.mark.parametrize("text", ["2706.65", "270665", "27 0665", "6506 27"])
def test_a_birth_date_of_the_header_is_known_without_its_separators(text):
    header = Dataset()
    header.PatientBirthDate = "19650627"
    assert wrong(f"{{birth_date:{text}}} Zoom 120%", collect(header)) == {}


@pytest.mark.parametrize("text", ["MMMMNMMM", "LLLLLLL", "00000"])
def test_what_is_read_as_ever_the_same_letters_is_unknown_and_so_hidden(text):
    assert wrong(f"{{mask:{text}}}") == {}


@pytest.mark.parametrize(
    "marked",
    [
        "{mask:KM} 1025",
        "RT {mask:KM} 1025",
        "R {mask:MB} 12",
        "{mask:JH} CHEST PORTABLE",
        "Tech: {mask:SENOGRAPHE}",
        "{mask:SENOGRAPHE} F 82Y",
        "{mask:SENOGRAPHE, E}",
        "{mask:Dr. SENOGRAPHE}",
        "CHEST CR {mask:CHO}",
        "{mask:LOPEZ} CALCIUM SCORE",
        "{mask:ROBERT} AP VIEW",
        "ECG {mask:ELI COHEN}",
        "{mask:LEUNG MEI} CRL 45.2 mm",
        "{mask:WOO} EFW 2300 g",
        "{mask:PATEL MIRA} SIEMENS",
        "{mask:JEFFERSON JOHN} FRACTURE",
        "GA ({mask:SMITH})",
        "{mask:PEACOCK HEALTH}",
        "{mask:NASCIMENTO JOAO}",
        "{mask:PAUL WAGNER} ULCER",
        "{mask:EMMA WEBER} FRACTURE",
        "{mask:HERMES} PET CT {mask:12345678}",
        "{mask:RISSER} 5 Y",
        "{mask:Iris}:45Y",
        "{mask:SMITH} TR {mask:12345}",
        "ID {mask:12.345.678}",
        "Plan ID {mask:881-B/77}",
    ],
)
def test_a_word_of_the_field_that_stands_as_a_name_does_is_hidden(marked):
    assert wrong(marked) == {}


@pytest.mark.parametrize(
    "line",
    [
        "US ABD",
        "1024 512 512",
        "SPINE L4 2ND",
        "L3-L4-L5",
        "T11-T12-L1-L2",
        "16 x 2048",
        "5 V 2020",
        "20-200-MM",
        "SYNGO.12.10.05",
        "Ratio 1:2:10",
        "TR 11000",
        "ENF 3",
        "LV 12 34 56 C",
        "23wld",
        "D95 57.4 Gy",
        "ECHO 3 H25.6",
        "S60-I450",
        "B-50-800",
        "100-120-BP",
        "1200 hours",
        "Baker popliteal cyst",
        "FoV385w190",
        "PVR 1.5 WU",
        "Hill-Sachs lesion",
        "LV Mass (Devereux)",
        "SPECTRALIS OCT 20 (6.1 mm)",
    ],
)
def test_figures_of_the_field_are_no_dates_and_no_numbers_of_a_person(line):
    assert wrong(line) == {}


@pytest.mark.parametrize(
    "marked",
    [
        "{date:5-X-2020}",
        "{date:14/III/22}",
        "{date:1405h}",
        "{date:2.05 pm}",
        "aged {age:93}",
        "Patient No {patient_id:4711}",
        "{patient_id:123 45 6789}",
        "{other_id:Study ID 4711}",
        "{other_id:A#4711}",
        "{other_id:00:1A:2B:3C:4D:5E}",
        "{phone:clinic.co.uk}",
        "{name:KIM Min-jun}",
        "{phi:J.R.R. Tolkien}",
        "{date:12 XI 2019}",
        "{date:2019.123}",
        "{date:03 14 19}",
        "{date:12 Meitheamh 1958}",
        "{date:14. listopadu 1987}",
        "{date:9:07:41 p. m}.",
        "{date:0415 hrs}",
        "{date:14:30 Uhr}",
        "{date:Fri 03 Jan 2014 19:2:28}",
        "{date:7.3.22 8.05}",
        "F.Nac.{birth_date:07-03-58}",
        "{name:De la Cruz Oscar}",
        "{name:dos Santos, Jo\xe3o}",
        "CT ABD {phi:Nguyen}",
        "PESEL {patient_id:44051401359}",
        "Ser. No.{phi:20-7741-CX}",
    ],
)
def test_dates_and_names_as_other_countries_write_them(marked):
    assert wrong(marked) == {}


@pytest.mark.parametrize(
    "marked",
    [
        "{phi:OKONJWE}, {name:J} ID {patient_id:4711}",
        "ID {patient_id:471}",
        "CT Abdomen ID {patient_id:4711}",
        "Operator ID {patient_id:4711}",
        "Protocol ID 123",
        "{other_id:Study No.: 4711}",
        "{other_id:Exam # 4711}",
        "{other_id:Fall-Nr. 4711}",
        "{phi:TOLKIEN} {phi:J.R.R}.",
        "{name:Lee Sung-Min}",
        "{name:WEBER} ANKLE FRACTURE",
        "Weber ankle fracture",
        "{name:Mr. Weber} fracture",
        "{phi:Okonjwe} {name:Baker} cyst",
        "{name:MORRISON} WHOLE BODY",
        "{other_id:S-24-1234}",
        "{other_id:118-331-JK}",
        "B-50-800",
        "{address:Thornbury BS35 9SE}",
        "L4 3AX",
        "{date:0830 hours}",
        "1200 hours",
        "Em 1.12",
        "1024H x 768V",
        "Data de Nascimento {birth_date:1958}",
        "{address:SUITE 200}",
        "{phi:SMITH} TR {other_id:12340}",
        "TR 11000",
        "WW 350 40 1000",
        "{phone:www.klolthaven-imaging. example}",
        "HC Hadlock",
        "HC {name:Hill}",
        "Cobb 28.4",
        "{name:Cobb} 45",
        "Risser 3",
        "{name:Risser} 34",
        "00:58 MIN",
        "FA 1:05.2",
        "FA {date:11:42}.5",
        "{date:0915H} XR",
        "{name:KIM} {date:14:30} MIN",
        "{name:Risser} 2 1 1950",
        "SM {date:8.05 PM}",
        "{patient_id:WW 400 45 6789}",
        "FA {date:10:11}",
        "Contrast 80 ml @ 3.5 ml/s",
        "{institution:Afd. Oncologie C4}",
        "Right/OD",
        "Right {phi:OD}",
        "# {phi:3626=766-83}",
        "0p: {operator:PH}",
        "384k224",
        "{phi:385k227}",
        "{other_id:PET-1874}",
        "DX-D 300",
    ],
)
def test_what_a_third_review_found(marked):
    assert wrong(marked) == {}


@pytest.mark.parametrize(
    ("modality", "text", "hidden"),
    [
        ("DX", "RA", True),
        ("CR", "LM", True),
        ("DX", "PA", False),
        ("US", "RA", False),
        ("MG", "LM", False),
        ("OPT", "OD", False),
        ("CR", "OD", True),
        ("", "OD", True),
    ],
)
def test_two_capitals_alone_mean_what_the_modality_lets_them(modality, text, hidden):
    header = Dataset()
    header.Modality = modality
    lines = [standing_in((0,), text, Box(300, 10, 330, 40))]
    assert bool(findings(lines, collect(header), DEFAULT)) is hidden


def test_an_end_that_was_misread_in_one_frame_is_what_the_others_say():
    whole, end = Box(10, 10, 110, 30), Box(60, 10, 110, 30)
    rest = standing_in((0, 1, 2), "Frame 25", whole)
    assert not findings([rest, standing_in((3,), "ne 25", end)], NOBODY, DEFAULT)
    for other in ("ne 26", "Oyelaran"):
        assert findings([rest, standing_in((3,), other, end)], NOBODY, DEFAULT)


@pytest.mark.parametrize(
    "marked",
    [
        "Giant cell ARTERITIS",
        "DIALYSIS",
        "10-12 min",
        "15-20 sec",
        "{date:10-12} {phi:AB}",
        "{date:10/12} min",
        "Mallampati III",
        "Prague C2M4",
        "{phi:Mallampati}, {name:III}",
        "{phi:Mallampati} 34",
        "{name:Weber B}",
        "Schatzki ring",
        "Spetzler-Martin grade III",
        "{phi:Spetzler}",
        "Budd-Chiari syndrome",
        "{name:Budd}",
        "Paris 0-IIa",
        "{name:Paris} 0",
        "Trend: Stable",
    ],
)
def test_words_of_diseases_and_names_of_grades(marked):
    assert wrong(marked) == {}


@pytest.mark.parametrize(
    "marked",
    [
        "{phi:RAO}, {name:S}",
        "{name:S}. {phi:Rao}",
        "{phi:TSE}, {name:H}",
        "{phi:RAO} 45Y F",
        "{phi:TAN} 45 M",
        "{phi:RAO} {other_id:12345678}",
        "{phi:RAO} F {date:12/03/1985}",
        "{phi:RAO MD}",
        "B/O {phi:RAO}",
        "{name:RAO MOHAN}",
        "RAO 30 CAU 20",
        "HAND, R",
        "L. Hand",
        "Reported by: {physician:Rao}",
        "Scanned by: {physician:LE}",
        "{physician:Dr. Ma}",
        "PT: {name:LE}",
        "{name:JOHN MANN}",
        "{name:CHANG E}",
        "{name:COSTA L}",
        "Flu oro",
        "{institution:Heart Center}",
        "Slice Center",
        "Window Center 40",
        "{name:JAMES} BODY CT",
        "{name:PACE} LEFT KNEE",
        "{phi:O'BRIEN} FL",
        "{phi:WATERS} 45Y F PA",
        "Waters view",
        "{name:COBB} {date:12.03.1985}",
        "Cobb 23\u00b0",
        "{name:O'Shaughnessy^Fntan^^Mr}",
        "{phi:Featherstonehaugh}, {name:Iris M}",
        "{date:07.:03:54PM}",
        "{date:10 : 11}",
        "Ratio 1 : 12",
        "{date:12 gen 2024}",
        "12 OUT",
        "{date:12|03|2024}",
        "{date:12~03~2024}",
        "{other_id:20-7741-AP}",
        "{patient_id:1234 5678 9012}",
        "{phone:01 23 45 67 89}",
        "100 200 300",
        "b 500 10 1000",
        "{other_id:MR# 1234}",
        "{phi:DOE} {age:91F}",
        "98.6 F",
        "{phi:Puh}.{phone:050 555 01 48}",
        "{other_id:KBTH/0311/22}",
        "K1:43.25",
        "FEV1 3.21 L",
        "{date:12 FEV 2020}",
        "SEP 5 mm",
        "{date:SEP 5}",
        "LEFT 6:00 RETROAREOLAR",
        "Fluoro time 01:23",
        "AUA 22w3d",
        "NG tube",
        "Ground glass opacity",
        "CC {patient_id:39.774.208}",
        "1.250.000 cts",
        "{other_id:H.C. 117-204}",
        "HC 175 mm",
        "TR/TE/TI 11000/125/2800",
        "{other_id:11000/125/2800}",
        "FT 03:42 min",
        "Modic I L4/5",
        "Rosenberg 30\u00b0 flex",
        "{name:Rosenberg}",
        "Paris 0-lla 12 mm",
        "Sydney: antrum",
        "Corte 1.25 mm",
        "{name:Corte} {date:12/03/2020}",
        "A. carotis",
        "PENTAX",
    ],
)
def test_what_a_fifth_review_found(marked):
    assert wrong(marked) == {}


@pytest.mark.parametrize(
    "marked",
    [
        "DR HAND AP",
        "{physician:DR. HAND}",
        "{name:LE QUANG} {phi:DUC}",
        "{physician:Dr. TA}",
        "{phi:LONG}, {name:J}",
        "B/O {phi:LONG}",
        "GALL BLADDER",
        "LAT, R",
        "Fluoro {date:14:30}",
        "Fluoro 01:30",
        "{phi:FT} {date:14:30}",
        "{phi:JB} 22w3d",
        "TSE/3500/100",
        "512 512 320",
        "105 110 115",
        "{patient_id:123 456 789}",
        "{date:10 : 24}",
        "Im 10 : 24",
        "12/10 mmHg",
        "{date:OCT 23} MS",
        "{name:HARRIS SALTER}",
        "Salter-Harris II",
        "{name:WEISS MALLORY}",
        "{name:LIMA GRAFT} F 45",
        "Garden III",
        "{name:Garden}",
        "{phi:KELLGREN} V",
        "Tanner-Whitehouse 11.3 y",
        "{name:COBB} {date:12.05.61}",
        "Cobb 32 deg",
        "{other_id:MR-2019-5}",
        "Gain:M",
        "Stimulus: III, White",
        "Rx: +2.75 DS",
        "Transcribed by {physician:MA}",
        "{institution:Tidewater Endoscopy}",
        "New York Heart Association",
    ],
)
def test_what_a_sixth_review_found(marked):
    assert wrong(marked) == {}


@pytest.mark.parametrize(
    "marked",
    [
        "{physician:DR PAGE} {date:12/03/2014}",
        "REF: {physician:DR SHARP}",
        "DR HAND AP",
        "{name:ROBERT GARDEN III}",
        "{name:PETER GLEASON II}",
        "Pfirrmann IV",
        "{patient_id:256 123 456}",
        "512 512 320",
        "Exam {date:09: 45}",
        "CHEST PA {date:10 : 11}",
        "Im 10 : 24",
        "Rx: +2.75 DS",
        "CHEST 70 {phi:DS}",
        "{name:HUNTER IAN}",
        "{phone:01 02 33 44 55}",
        "02 04 06 08 10",
        "{other_id:CT/1234/345}",
        "EC-{phi:123AB}",
        "EG-760R",
        "{name:WHITEHOUSE-TANNER, ANNA}",
        "Tanner-Whitehouse 11.3 y",
        "Hill Sachs lesion",
        "Budd Chiari syndrome",
        "SE-2000-10",
        "{other_id:MR-2019-5538}",
    ],
)
def test_what_a_seventh_review_found(marked):
    assert wrong(marked) == {}


@pytest.mark.parametrize(
    "marked",
    [
        "{name:HARRIS WALTER}",
        "{name:WHITE MATTEO} CHEST PA",
        "{name:VICTORIA CASTLE}",
        "{name:ELI BURDICK}",
        "{name:MARIA ANGULO COBB}",
        "{name:HICKS BRAXTON} Exam Type: CHEST",
        "{name:HARRIS SALTER} TYPE",
        "Salter Harris type II",
        "Mallory Weiss lesion",
        "{name:WHITEHOUSE-TANNER ANNA}",
        "{name:BRAXTON-HICKS, ANNA}",
        "Osgood-Schlatter, left",
        "Time:{date:10 : 45}",
        "Time:{date:10:11:55}",
        "{date:9: 45 AM}",
        "Fr {date:14: 30:05}",
        "IMG 12 : 15",
        "K:43.25",
        "{date:09119:22 AM}",
        "{date:01-MaC 0014 11:37:10}",
        "{phone:00 47 22 12 34 56}",
        "{phone:0033 1 44 55 66 77}",
        "{phone:06 01 02 33 44}",
        "01 02 03 04 05",
        "{other_id:B-2023-12}",
        "{other_id:SE-2024-07}",
        "SE-2000-12",
        "{phi:Idade}: {age:95}",
        "{patient_id:451.882-7}",
        "{phi:Ne} {other_id:5583/21}",
        "No 120",
        "{phi:DUVANT} {name:R L}",
        "HIP R L",
        "{name:SMITH O}.{date:23.09.1956}",
        "{date:7 de jul1o de 1953}",
        "Data di nascita: {birth_date:3.4.1960}",
        "{institution:SWITHIN BREAST CARE}",
        "PA 29/12 (19)",
        "{date:12/11} (45)",
        "3h 12 mm",
        "{date:14 h 30}",
        "{name:Paul Sprain} {date:12/03/1976}",
        "{name:Nguyen R Tear}",
        "{name:ANNA TEAR}",
        "Datei Ansicht Hilfe",
        "Tech: {operator:DE}",
        "{date:12/03/2024} Fr {date:14:30}",
        "Exam {date:05/19} (15)",
        "{date:14H 30} MM",
        "{name:Salter-Harris, J}",
        "{name:CHEEK}^{name:BUD} M 45Y",
        "{name:Leak J}",
        "Age, Weight",
        "Circle of Willis W/O CONTRAST",
        "{name:Willis W}",
        "JudkinsL4",
        "Transaxlal NAC",
    ],
)
def test_what_an_eighth_review_found(marked):
    assert wrong(marked) == {}


@pytest.mark.parametrize(
    "marked",
    [
        "{date:1949-05.23}",
        "{date:2004.06-15}",
        "{date:20,06,85}",
        "Date: {date:10/23}",
        "FECHA: {date:23/10}",
        "{date:10/23} - CHEST",
        "CHEST PA - {date:23/10}",
        "{date:23/10}: KNEE",
        "SCAN {date:25-12}",
        "IM: 10/23",
        "12/15-2",
        "NHC: {patient_id:4711}",
        "Prontuario: {patient_id:319 4634}",
        "Historia: {patient_id:47/11}",
        "F. Nasc {birth_date:12 3 76}",
        "{name:Larry L. Page}",
        "{name:EMILY E POST} 45Y",
        "{name:SMITH J} HEAD AP",
        "{name:DOE} {age:F92}",
        "Sex: F {age:92}",
        "{age:92} F CHEST",
        "Female, {age:92}",
        "Female, 82",
        "Age({age:92})",
        "Tech: {operator:MD}",
        "ID No: {patient_id:4711}",
        "Performed by {physician:AS}",
        "Reported by: {physician:CC}",
        "CHEST PA {date:24/12} (19)",
        "LA {date:31/12} (25)",
        "PCWP 22/12 (16)",
        "{date:9H 30} CM",
        "10h 12 mm",
        "{name:Prem Rao} M 45Y",
        "{name:DAN GRAY} {date:12/03/1976}",
        "RAO CAUD 30",
        "{phi:HEAD}, {name:J}",
        "HAND, R",
        "{physician:Mr Gray}",
        "MR HEAD",
        "{name:Sharad}",
        "Heart, Lung",
        "Hill-Sachs lesion, R shoulder",
        "{name:Hill-Sachs, J}",
        "Ratio 1:20",
        "Se: 2/12 Sep 0.30",
        "Se 2 {date:12 Sep 2003}",
        "Mog 1.6\u00d7",
        "{phi:Mog} 12",
        "DW b=1000",
        "{phi:DW} 12",
        "Tm: 47/153 10cm",
        "CTDlvol 46.35 mGy",
        "TDlvol 46.35 mGy",
        "ludet",
        "{name:lohn}",
        "{name:W00D}",
        "{name:R0Y}",
        "{name:0TT0}",
        "{name:ENZ0}",
        "{name:Gi11}",
        "{name:Ro55}",
        "{name:Pau1}",
        "{name:ZIE8A}",
        "Nom: {name:M. Gi11}",
        "LA0 30",
        "Sag1",
        "T10",
        "SE0",
        "B0NE",
        "M1A",
        "{date:09.09.31} Male {age:90 yrs}",
        "30 mm Cleopatra vlew",
        "DAP 52.7 Gycm2 Amplatz 2",
        "{phi:Amplatz} {date:3/5/76}",
        "{phi:Nikolaidis}. {name:M}.",
        "{date:29/04/2020 .12:30}",
        "SYNGO.12.10.05",
        "{institution:HASDALE HEART INSTI TUTE}",
        "OSEM3i21s",
        "T1SE AX",
        "{name:T1NA}",
        "{date:1101.14 09:00}",
        "512/512 {date:12:30}",
        "{date:23.1 019}",
        "10.1 120",
        "HEAD BCH",
        "{phi:BCH} 4",
        "FoV244s299",
        "{name:POWER, CARMINE} 45Y",
        "{name:THOMAS JUDKINS} L4",
        "{name:JUDKINS} 3 yrs",
        ".{date:12/03/1976}",
        "{name:SMITH}.{date:14:30:05}",
        "KNEE.{date:2:05 PM}",
        "{name:ABBOTT} ({age:99} F)",
        "MALE: {age:95}",
        "{age:95F}, {name:SMITH}",
        "SCALE {date:1:30 PM}",
        "10,12,15",
        "PA {date:10/10} (10)",
        "Rest PA 28/12 (18)",
        "Pressures PA 30/12 (20) mmHg",
        "KNEE LAT 45Y",
        "Tc-99m sestamibi",
        "98 F HR 72",
        "M 95 GAIN",
        "T2 N1a M0",
        "PO10",
        "Bin2",
        "SPINE, C",
        "CHILD, B",
        "Mr Knee",
        "LT BREAST 3H 12MM",
    ],
)
def test_what_a_tenth_review_and_new_seeds_found(marked):
    assert wrong(marked) == {}


def test_the_label_of_a_number_or_birth_in_the_languages_of_iberia_is_open():
    for text in ("NHC:", "Prontuario:", "Nasc.:", "Data nasc:", "Fecha nacimiento"):
        assert open_label(text) is not None
    assert open_label("Nombre de paciente:") is Category.NAME
    assert open_label("Historia") is None
