"""Words as data: clinical phrases of consoles by modality, and the parts of names.

In a phrase a slot ``{a-b}`` stands for a whole number, ``{a-b.n}`` for one with n
decimals and ``{x|y}`` for one of the choices.
"""


def words(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


FAMILY_NAMES = words("""
    Abernethy Adeyemi Ahlqvist Al-Harbi Amankwah Andersson Arsenault Avetisyan Ayala
    Balogun Banerjee Bao Barzani Bengtsson Berhane Bianchi Boateng Bouchard
    Brzezinski Bui Castellanos Chakraborty Chaudhry Chevalier Chikwanha Cho Cisneros
    Coetzee Costa D'Amico D'Souza Dang Darzi De_la_Cruz Demir Deshpande Diallo
    Dimitrov Dlamini Do Dubois Dvorak Ekwueme El-Sayed Engstrom Eriksen Esposito
    Fa'asavalu Fairweather Farkas Fernandes Ferreira Fitzgibbon Fong Fujimoto
    Garcia-Lopez Gebremariam Gill Goncalves Grzyb Gutierrez Haddad Hakimi Halvorsen
    Hashemi Hernandez Hirvonen Ho Horvath Hussain Ibrahimovic Ilves Ismail Ivanova
    Iwasaki Jansen Jimenez Johansen Kaplan Kaur Keita Kiplagat Ko Koskinen Kovacs
    Kowalczyk Krishnan Kurt Kwon Lafontaine Larsen Le Lehtonen Li Lindqvist Ludwig
    Lungu Mac_Giolla Mahlangu Makinen Marchetti Marsh Mbeki McAllister Mehta Mensah
    Meyer Mkhize Moller Montoya Moreau Muller Munoz Nakagawa Naidoo Ng Nguyen
    Nikolaidis Novak Nunez O'Brien O'Sullivan Obi Oduya Okafor Olsen Ortiz Osman
    Ozturk Pak Papadopoulos Park Patel Pereira Petrov Pham Popescu Quispe Rahman
    Ramos Reid Rossi Ruiz Saarinen Said Sandoval Santos Schafer Schroder Sharma
    Shevchenko Shrestha Sidibe Singh Smith Smith-Jones Sokolov Sorensen St.Clair
    Strand Suzuki Svensson Szabo Tadesse Takahashi Tan Tavares Teixeira Thapa Toure
    Tran Tsang Tupou Uchida Unger Vaananen Van_der_Berg Vasquez Von_Arnim Vu Wagner
    Walsh Watanabe Wiersma Wu Xiong Yamada Yilmaz Young Zapata Zhang Zielinski
""")
"""Of many origins, folded to ASCII; an underscore stands for a space."""

GIVEN_NAMES_F = words("""
    Aaliyah Abena Adaeze Agnieszka Aino Alessia Amara Amina Anahit Anneliese
    Anne-Marie Ayse Beatriz Bich Birgit Brigid Catarina Chiara Chidinma Chloe Dagny
    Daniela Dolores Dorothy Edith Eleni Elif Esi Fatima Feng Francoise Freya Gita
    Greta Guadalupe Hana Helga Hyun-Joo Ingrid Ioana Irena Jadwiga Jia Joy Kateryna
    Keiko Lakshmi Leila Linh Ludmila Maeve Mahnaz Maria Marit Mei Meera Miriam Nadia
    Naoko Ngozi Nomvula Olena Oya Paloma Priya Rosa Ruth Salome Sanna Shanelle
    Siobhan Sofia Solveig Svetlana Thandiwe Thi Tuyet Ursula Vera Wanjiru Xiomara
    Yara Yuki Zanele Zofia
""")
GIVEN_NAMES_M = words("""
    Aarav Abdul Adewale Ahmed Aleksander Alvaro Anders Anh Arjun Bartosz Bjorn
    Bogdan Carlos Chen Chinedu Cormac Darius Diego Dmitri Eamon Eero Emeka Emre
    Enrique Etienne Farid Felipe Ferenc Giorgos Goran Gunther Hamza Harold Hassan
    Hiroshi Hussein Ivo Jae-Won Jakub Jamal Jean-Luc Joao Jorge Juhani Kaito Karim
    Kofi Kwame Lars Leopold Luca Magnus Manoj Marek Mateusz Mehmet Minh Mohammed
    Moses Naveen Nikola Ola Olumide Omar Oscar Pablo Pavel Pierre Piotr Rajesh
    Rafael Raymond Roald Salvatore Samir Sandor Seamus Sipho Soren Stavros Takumi
    Tariq Tendai Thabo Tomas Toshiro Uri Vikram Viktor Walter Wei Yaw Yusuf Zoltan
""")

ACCENTED = {
    "Muller": "M\u00fcller", "Schafer": "Sch\u00e4fer", "Munoz": "Mu\u00f1oz",
    "Nunez": "N\u00fa\u00f1ez", "Goncalves": "Gon\u00e7alves", "Moller": "M\u00f8ller",
    "Sorensen": "S\u00f8rensen", "Schroder": "Schr\u00f6der", "Jimenez": "Jim\u00e9nez",
    "Makinen": "M\u00e4kinen", "Gutierrez": "Guti\u00e9rrez", "Soren": "S\u00f8ren",
    "Francoise": "Fran\u00e7oise", "Bjorn": "Bj\u00f6rn", "Joao": "Jo\u00e3o",
}  # fmt: skip
"""How a header may write names that consoles fold to ASCII."""
ONSETS = words("B Br Ch D Dr F G Gr H J K Kl L M N P Qu R S St T Th V W Y Z")
VOWELS = words("a a e e i o o u ai au ea io ou")
CODAS = words("d k l ld lt m n nd ng r rd rn s sk t th v x")
TOWN_ENDS = words("burg dale field ford haven mere ridge stad vale ville wick")
SAINTS = words("Anne Brigid Columba Elsebet Jude Odile Ruperta Swithin Wendelin")
STREETS = words("Street St. Lane Road Ave Blvd Way Close")
STATES = words("OH TX NY ON QLD KA WA")
HOSPITALS = (
    "{town} General Hospital", "St. {saint} Medical Center", "{town} Imaging Center",
    "Klinikum {town}", "Hopital Sainte-{saint}", "{town} University Hospital",
    "Hospital San {saint}", "{town} Radiology Associates", "{town} Vet & Med Clinic",
    "Ospedale {town}", "{town} Heart Institute", "{town} Women's Health",
    "{town} MEM HOSP", "Univ. Klinik {town}", "{saint} Breast Care",
)  # fmt: skip

DATE_FORMATS = (
    "%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%Y%m%d",
    "%m/%d/%y", "%Y/%m/%d", "%d%b%Y", "%d.%m.%y", "%b-%d-%Y", "%d/%m/%Y", "%Y %b %d",
    "%d-%m-%Y", "%a %d %b %Y",
)  # fmt: skip
TIME_FORMATS = (
    "%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H%M%S", "%H:%M:%S.37", "%Hh%M",
)  # fmt: skip
MONTHS = words("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec")
WEEKDAYS = words("Mon Tue Wed Thu Fri Sat Sun")

SIDES = words("L R LT RT LEFT RIGHT (L) (R) L> R> UPRIGHT SUPINE ERECT PORTABLE")
"""What lead markers show."""

FAMILIES = {"DX": "CR", "PX": "CR", "RF": "XA", "SC": "CT", "OT": "CT", "PT": "NM"}
"""Modalities that borrow another's phrases."""

_LISTS = {
    "ANY": """
        Se:{1-12}; Im:{1-240}; Se: {1-9}/{9-12}; Im: {1-80}/{81-200}; Zoom 1{0-9}0%;
        W: {80-2000} L: {20-600}; W{80-2000} C{20-600}; WL: {20-90} WW: {200-450};
        Compressed {5-20}:1; Mag {1-3.1}x; {L|R|A|P|H|F}; {5|10} cm; {0-180.1} mm;
        Scale 1:{1-4}; Lossy {10-30}:1; Image {1-60} of {61-90}; Angle {0-170} deg;
        Page {1-3}/{4-6}; Area {1-40.2} cm2; Mean {20-80.1} SD {2-19.1};
        {R|L}-{P|A}; FOR PRESENTATION; NOT FOR DIAGNOSIS; Dist {1-90.1} mm; Series
        {2-12}
    """,
    "CT": """
        {80|100|120|140} kV; {40-600} mA; kVp {80|100|120}; mAs {50-400}; SLICE
        {1-5.2}; {1|2|3|5}.0 mm thick; Tilt {0-20.1}; GT {-|+}{1-9}.0; FoV {180-480}
        mm; I{1-290}; DFOV {20-48.1} cm; CONTRAST; AXIAL; CORONAL MPR; SAG MPR 3.0;
        BONE PLUS; H{30-60}s; B{20-70}f; LUNG; STANDARD; W/O CONTRAST; ARTERIAL
        PHASE; PORTAL VENOUS; HFS; FFS; Pitch {0-1.3}; CTDIvol {2-60.2} mGy; DLP
        {90-900.1} mGy.cm; 512 x 512; Rot {0-1.2} s; SP {-|+}{10-300.1}; Thin MIP
        {5-20}; Abdomen Routine; HEAD SEQ 4.8; C-Spine BONE; TOPOGRAM; Scout; RECON
        {2-5}; ASIR {20|30|40}%; Liver 3 phase; Delay {25-80} s; Fissure of Rolando;
        Circle of Willis; Sylvian fissure; Foramen of Monro
    """,
    "MR": """
        TR {400-6000}; TE {8-120.1}; TI {120-2500} ms; FA {8-90}; ET:{1-24}; NEX
        {1-4}; T1 SE SAG; T2 TSE TRA; Ax T2 FLAIR; Cor STIR; DWI b={500|800|1000};
        ADC (10^-6 mm2/s); FoV {180-400}*{180-400}; {256|320|384}x{192|224|256};
        {3-6.1}thk/{0-2.1}sp; EC:1/1; SL {3-6.1}; BW {80-400} Hz/px; TA
        0{1-5}:{10-59}; Sag PD FS; +C; POST GAD; TOF 3D; SAR {0-3.2} W/kg; 1.5T; 3T;
        HEAD 8CH; KNEE COIL; Body 60; AP>>RL; NoFS; A{1-90.1}; S{1-90.1}; H{5-80.1};
        Baker cyst; Lisfranc joint; Achilles tendon; Meckel cave; Hoffa fat pad; Sagittal;
        MIP; Fat Sat; echo {1-4}
    """,
    "US": """
        MI {0-1.1}; TIS {0-1.1}; TIb {0-2.1}; {18-60} Hz; FR {18-60}Hz; {3-22.1} cm;
        DR {50-70}; 2D {40-80}%; Gn {30-90}; C {50-60}; P Low; HGen; Gen Abd; C5-1;
        L12-5; S5-1; Frq Gen; PRF {700-5000} Hz; WF {50-150}Hz; Dyn R {50-70} dB;
        AO% 100; D {4-20.1}; RT KIDNEY SAG; LT KIDNEY TRV; GALLBLADDER; LIVER SAG;
        CBD; PANC; AORTA PROX; SPLEEN; LONG; TRANS; SAG ML; UT SAG; RT OVARY; FETAL
        HEART; 4CH VIEW; PLAX; A4C; SUBCOSTAL; BPD {20-95.1}mm {14-38}w{0-6}d; FL
        {15-70.1}mm; HC {90-330.1} mm; GA={14-38}w{0-6}d; EFW {300-3200}g; 1 L
        {1-9.2} cm; 2 D {1-9.2} cm; + Dist {1-9.2} cm; Vol {4-90.1} ml; PSV
        {20-220.1} cm/s; EDV {5-60.1} cm/s; RI {0-1.2}; SV Angle 60; CCA DIST; ICA
        PROX; LVEF {30-70}%; HR {55-99} bpm; Freeze; Cine; THI; CHI; Sep {0-1.2};
        XRES ON; M3 M4; Morison pouch; Cooper lig; Pouch of Douglas; Mid Transverse; Left
        Lobe; Thyroid; BREAST 3:00 4CM FN; Map {1-9}; Persist Med; {8-14} MHz
    """,
    "XA": """
        LAO {5-60}; RAO {5-60}; CRAN {5-35}; CAUD {5-35}; RAO {5-40} CAU {5-30};
        {60-120} kV; {100-800} mA; {5-12.1} ms; {15|30} fps; {7.5|15} f/s; FD
        {15-42} cm; SID {95-120}; LCA; RCA; LAD; LV gram; DSA; MASK {1-9}; Roadmap;
        DAP {1-60.1} Gycm2; AK {5-900} mGy; Fluoro; LIH; Frame {1-40}; Scene {1-20};
        Run {1-20}; Left Coronary; Cardiac 15; Zoom 2; CERVICAL; Barium swallow;
        CINE LOOP; Table {10-99}; Judkins L4; Amplatz L2; Fontan
        conduit; Edge {1-5}; 0.{1-9}
        Cu
    """,
    "CR": """
        AP; PA; LAT; LATERAL; OBLIQUE; AP PORTABLE; PA CHEST; CHEST AP; SUPINE;
        UPRIGHT; DECUB; L LAT DECUB; KUB; S={80-400}; EI {1200-2100}; EXI {200-900};
        DI {0-3.1}; S: {90-300} L: 2.{0-3}; {60-125} kVp; {1-40.1} mAs; {2-90} ms;
        SID {100|180} cm; 72 IN SID; GRID; NON GRID; INSP; EXP; LEFT HAND; RT KNEE
        AP; L-SPINE LAT; C-SPINE; PELVIS; WEIGHT BEARING; STANDING; CROSS TABLE;
        Waters view; Towne; Caldwell; Judet; Bennett fracture; Grashey; Stenvers; Merchant;
        Y VIEW; REX {150-400}; SC {1-9}.{0-9}; LGM {1-2.2}; FLEX; EXT; AXIAL;
        SWIMMERS; WALL STAND
    """,
    "MG": """
        R MLO; L MLO; R CC; L CC; RMLO; LCC; RCC-M; L XCCL; {24-32} kV; {24-32} kVp;
        {40-160} mAs; Mo/Rh; W/Ag; W/Rh; {30-160} N; {25-70} mm; Comp {5-16} daN;
        AGD {0-2.2} mGy; ESD {2-9.1}; AEC; Angle {0-60}; SPOT; MAG 1.8; TOMO;
        C-View; IMPLANT; BIRADS {1-3}; LARGE PADDLE; Eklund view; Cleopatra view;
        Filter Rh;
        Slice {1-60}/{61-70}
    """,
    "NM": """
        ANTERIOR; POSTERIOR; ANT; POST; WHOLE BODY; Tc-99m MDP; {200-900} kcts;
        {100-900}K; LEHR; Delayed {2-4} hr; Bone Scan; RAO; LPO; SUV max {1-18.1};
        FDG; F-18; {0-10} SUV; Bq/ml; AC; NAC; OSEM 3i 21s; Zoom 1.{0-9}; Matrix 256
        x 1024; {10-20} cm/min; 140 keV 20%; STRESS; REST; SA; HLA; VLA; Gated 8; EF
        {35-70}%; Map Geiger; MIP; CORONAL; Fused; Transaxial
    """,
}

PHRASES: dict[str, tuple[str, ...]] = {
    family: tuple(" ".join(item.split()) for item in text.split(";"))
    for family, text in _LISTS.items()
}
"""Phrases by modality family; ``ANY`` fits all.

No surname stands alone but those of views: nobody could tell it from a person's.
"""

CLINICAL_WORDS = frozenset(
    word.strip("().,:").upper()
    for phrase in (*SIDES, *(phrase for pool in PHRASES.values() for phrase in pool))
    for word in phrase.split()
) | frozenset("WB NWB LE UE RA LA LM RM LL RL AT".split())
"""Words that nobody's initials shall equal, or a label would be open to dispute.

Among them what radiographers write beside a side: weight bearing, a limb, a view.
"""
