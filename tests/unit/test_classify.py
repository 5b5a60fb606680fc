# ruff: noqa: RUF001 - letters of other scripts are the point
"""What each piece of a line of text is: tables of lines as consoles print them.

How a line says what is expected of it: ``marked``.
"""

from dataclasses import replace

import pytest
from pydantic import SecretStr
from pydicom import Dataset

from maskray import rules
from maskray.classify import classify, items_in
from maskray.geometry import Box
from maskray.identifiers import Identifiers, collect
from maskray.labels import open_label
from maskray.policy import Policy
from maskray.records import Category, TextLine
from maskray.rules import findings
from tests.unit.marked import (
    DEFAULT,
    NOBODY,
    line_of,
    lines,
    right,
    seen,
    standing_in,
    wrong,
)

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
        "Operator ID {operator:4711}",
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
        "{name:Risser} {date:2 1 1950}",
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
        ("CR", "LTK", True),
        ("CR", "RAO", False),
        ("MG", "PDA", True),
        ("DX", "EGA", True),
        ("DX", "EXP", False),
        ("CR", "TOE", False),
        ("XA", "PDA", False),
        ("US", "LTK", False),
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
        "{date:10=07\u22652021}",
        "12.2 may/mln",
        "12.{date:2 may}",
        "Sep0.70",
        "{date:230ct 2023}.1",
        "{date:230 CT 2023}",
        "CT 230 ct",
        "Cooper lig",
        "rE 100.2",
        "{phi:rE} {date:12.03.76}",
        "{age:99} F Run 5",
        "F 99 kHz",
        "{age:M93} - Foramen of Monro",
        ".{age:95yo} M",
        "{date:5 20 1938}",
        "Ph: ({phone:555)677-0645}",
        "{name:0. LARSEN}",
        "0.5 mm",
        "Area 3.4 cm2 {date:21 05 40}",
        "02 04 06 08",
        "{physician:Mr Chin}",
        "{phi:Off}, {name:B}",
    ],
)
def test_what_a_tenth_review_and_new_seeds_found(marked):
    assert wrong(marked) == {}


@pytest.mark.parametrize(
    "marked",
    [
        "{date:12 de outubro de 2023}",
        "{date:12-dezembro-24}",
        "{date:05 março 19}",
        "{date:maio 2023}",
        "{date:24 januari, 2024}",
        "{date:09-maart-20}",
        "{date:14-JANV.-25}",
        "{date:14JANV.2025}",
        "{date:12 de out. de 2023}",
        "{date:12 set. 2023}",
        "{date:12 mag. 2023}",
        "{date:17 out, 2021}",
        "{date:12 set '15}",
        "{date:27 gen 23}",
        "{date:12 de mayo del 2019}",
        "{date:12th of March 2019}",
        "{date:1er mai 2023}",
        "{date:12/03/2 019}",
        "{date:12/0 3/2019}",
        "{date:11.1 2.1991}",
        "{date:05/24/0 9}",
        "{date:12.03.201 9}",
        "{date:1 2/03/2019}",
        "{date:25.05 1997}",
        "{date:28 08.1977}",
        "{date:1203/2019}",
        "{date:12.03..2019}",
        "{date:1979/05//01}",
        "{date:06-09/48}",
        "{date:24-05.09}",
        "{date:2019 0312}",
        "Head {date:1203.2019}",
        "Head {date:12.032019}",
        "{date:1941/0/11}",
        "{date:1982/05/0}",
        "{date:196/11/07}",
        "{date:12/1|/1991}",
        "{date:02.1|.1961}",
        "{date:2007/10/0}|",
        "{date:22-0ec-2019}",
        "{date:14 50:26}",
        "{date:11,50:44}",
        "{date:11:52::19}",
        "{date:14;22;33}",
        "{date:14.22 Uhr}",
        "{date:Hora: 14.22}",
        "{date:Uhrzeit: 1422}",
        "{date:Time: 14 22 33}",
        "{age:93} J",
        "{age:93} J.",
        "w, {age:93} J",
        "100A",
        "V 93 A",
        "H {age:93} A",
        "{age:93 jaar}",
        "{age:93 año}",
        "Age(y): {age:93}",
        "Age (yrs): {age:93}",
        "M {age:093}",
        "{age:093M}",
        "{age:F093}",
        "{age:93}, F",
        "M:{age:93}",
        "Homme {age:93}",
        "{age:93F} 165 cm",
        "{age:M93} {date:12/03/2019}",
        "{address:Hauptstraße 12a}",
        "{address:Via Roma 12}",
        "{address:Kerkstraat 12}",
        "{address:Av. Central 12}",
        "{address:SW1A 1AA}",
        "({phone:11) 91234-5678}",
        "{phone:912 34 56 78}",
        "{other_id:12345A}",
        "{name:SMITH JOHN} {other_id:12345S}",
        "{other_id:78752A}",
        "{other_id:0942S1}",
        "PatNr {patient_id:1234}",
        "N° patient: {patient_id:1234}",
        "N° dossier: {other_id:1234}",
        "IPP: {patient_id:1234}",
        "NIP: {patient_id:1234}",
        "Fall: {patient_id:1234}",
        "{institution:Hosp}. No: {patient_id:1234}",
        "Reg No: {patient_id:1234}",
        "Folder: {other_id:1234}",
        "Fall-Nr.: {patient_id:12}",
        "Patientennummer: {patient_id:12}",
        "UHID: {patient_id:12}",
        "Operator ID: {operator:MG}",
        "Tech ID: {operator:AP}",
        "Scan by: {physician:MG}",
        "Exam by: {physician:AP}",
        "User: {operator:MG}",
        "Examiner: {operator:AP}",
        "Init: {operator:MG}",
        "Untersucher: {operator:AP}",
        "Operatore: {operator:MG}",
        "Operador: {operator:RA}",
        "Opérateur: {operator:CT}",
        "MTR: {operator:SL}",
        "Überweiser: {physician:AP}",
        "Operator: {operator:12}",
        "Tech: {operator:1234}",
        "Patient: {patient_id:1234}",
        "{name:L0NG, JOHN}",
        "{name:MARY L0NG}",
        "{name:PO5T, ANNA}",
        "{name:1EE, ANNA}",
        "{name:K1M, JOHN}",
        "{name:SMITH, L1N}",
        "{name:Patient: L0NG, JOHN}",
        "Name: {name:K1M JOHN}",
        "{name:Dr. L0ng}",
        "{name:HE1D}",
        "{name:B0B}",
        "{name:HART1}",
        "Ms {physician:Hand}",
        "{physician:Mr Head}",
        "{name:W00D}.12",
        "{name:ENZ0}.5",
        "{institution:Klinikum Berlin}",
        "{name:Max Berlin}",
        "Study Date: {date:12 3 19}",
        "Date: {date:1203 19}",
        "Birth Date: {birth_date:12 3 19}",
        "Datum: {date:12.3 19}",
        "Date: {date:2019}",
        "M 90 TIS 0.4",
        "F 95 PWR 100",
        "M 95 MAP 3",
        "M 97 PRF 1500",
        "95M Low",
        "90F Res",
        "G 95 M Med",
        "M 90 1024",
        "M 90 - 100",
        "F 95 3000",
        "0 5 10 2000",
        "b 0 5 10 2000",
        "10CT",
        "{date:10*12*2000}",
        "b 10*12*200",
        "WW:400WL:40",
        "Sl 5 Sep 6.0",
        "Thick 5.0 Sep 1.0",
        "SEP 1.2 cm",
        "6 Sep 1.0",
        "Serie 3",
        "Bild 12",
        "Coupe 3",
        "Corte 3",
        "Fenster: W 400",
        "Milz",
        "{name:Leber}",
        "Niere re",
        "4 CH",
        "APICAL 4 CH",
        "2 CH VIEW",
        "Loop 10/23",
        "Cine 10/23",
        "Phase 10/23",
        "GCS 12/15",
        "R MLO ID",
        "RCC ID",
        "R ML ID",
        "LEFT, J",
        "LEFT, M",
        "RIGHT, B",
        "LEFT, O",
        "Right, M",
        "FOOT, B",
        "FOOT, O",
        "BRAIN, C",
        "HAND, B",
        "Via femoral 12 Fr",
        "98 F HR 72",
        "Tc-99m MDP",
        "T2 3DS",
        "L4 2CM",
        "R2 4DB",
        "TA 14 50:26",
        "T1SE",
        "Sep0.70",
        "Mr KNEE",
        "MR HEAD",
        "MARKED L5",
        "{name:SMITH} L5",
        "Birth Date: {birth_date:12/03/1976}",
        "Date of Birth: {birth_date:12/03/1976}",
        "Study Date: {date:12/03/2019 10:33} HEAD AP",
        "Patient: SUPINE",
        "PAT: 45 ms",
        "Data: 3D",
        "Circle of Willis R",
        "Circle of Wils",
        "Fracture of {name:Smithe}",
        "Circle of {name:John R}",
        "Ic-99m MDP",
        "XRESON",
        "CHION",
        "OCNTRAST",
        "REOCN 3",
        "HHEAD SEQ 4.8",
        "Dgm R 63 dB",
        "{unknown:Distr15}.4 mm",
        "{address:Hauptstr. 15}",
        "F {age:93} {date:1952 11 09}",
        "ST 5.0 {date:5 11 1957}",
        "Achilles tendon {age:93} F low back pain",
        "{physician:Mr Hand}",
        "Ms {physician:Head}",
        "Operator ID: {operator:4711}",
        "{date:2004:10:30F} 18yo",
        "{date:30:10:2004}",
        "{date:07:3}",
        "{age:90} F {other_id:70-9498}",
        "Nom: {name:Said. 1}. BPD 64.7mm",
        "{address:1328 Fit B1ud, Nultridge, TX 41561}",
        "10:1",
        "*{date:Mar 23.,1960} ",
        "Te-99m MDP",
        "FR 22Hz2",
        "Foramen of Mow",
        "Foramen of {name:Miller}",
        "Cimcele of willis",
        "Sylvion fissure",
        "{phi:Sylvion}, {name:M}",
        "Di st 23.5 nmm",
        "CHI M3 M4",
        "{phi:CHI} M45",
        "WL: 33 VWV: 416",
        "{phi:VWV}",
        "Senes 11",
        "Acq. {date:2023:03:17}",
    ],
)
def test_what_a_twelfth_review_found(marked):
    assert wrong(marked) == {}


@pytest.mark.parametrize(
    "marked",
    [
        "AV Vmax 2.5 m/s",
        "AV VTI 25.3 cm",
        "AV Peak Gradient 25",
        "AV Delay 120",
        "AV BLOCK 2",
        "via PICC line 12",
        "via endotracheal tube 7.5",
        "AO 120/70/90",
        "LV 130/10/15",
        "NIBP 128/74/92",
        "TE/TR/FA 100/10/90",
        "TR/TE/NEX 2000/80/2",
        "TR/TE/FA: 2000/8/90",
        "F 100 15cm",
        "F 95 1.5",
        "M 110 0.8",
        "F100 10-2",
        "F: 100",
        "M: 112",
        "100 J",
        "V 100 A",
        "Data: 512",
        "Raw data: 120",
        "Data: 100%",
        "Data: 128 x 128",
        "DATA: CINE 1",
        "Images: 10-12/24",
        "Im: 05-12/24",
        "Im: 1012/2000",
        "Matrix: 2048 1024",
        "2048 1024",
        "TE: 12.10/15",
        "Range: 10.05-15",
        "PreT1",
        "CorT1",
        "CORT1 SE",
        "ISO800",
        "F2.8 1/125 ISO800",
        "Heparin 10000U",
        "64000K",
        "10000x",
        "Patient: 60 kg",
        "Patient: 98 %",
        "Acq Time: 1045",
        "Time: 1230 frames",
        "12.30 hrs",
        "Frame 12 45:30",
        "TR 800 12 90 16",
        "GN5 3DB",
        "FR5 5HZ",
        "Berlin Heart",
        "Water bath",
        "Mr Hand 2",
        "10 Ms Head",
        "5 SET 10",
        "10 GEN 50",
        "Operador: {operator:1234}",
        "Técnico: {operator:1234}",
        "Init: {operator:1234}",
        "Ueberweiser: {physician:1234}",
        "User: {operator:1234}",
        "{date:12*03*2019}",
        "{date:12+03+2019}",
        "{date:12%03%2019}",
        "{birth_date:DOB: 12%03%1957}",
        "{name:Herr Leber}",
        "{name:LEBER K}",
        "Data: {date:12 03 2019}",
        "Data: {date:120319}",
        "{date:Ora: 23.27}",
        "{date:Series Time: 23.27}",
    ],
)
def test_what_a_thirteenth_review_found(marked):
    assert wrong(marked) == {}


def test_the_label_of_a_number_or_birth_in_the_languages_of_iberia_is_open():
    for text in ("NHC:", "Prontuario:", "Nasc.:", "Data nasc:", "Fecha nacimiento"):
        assert open_label(text) is not None
    assert open_label("Nombre de paciente:") is Category.NAME
    assert open_label("Historia") is None
