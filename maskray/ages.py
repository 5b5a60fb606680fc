"""Ages by their form: ``93 yo``, ``F 93``, ``Alter: 93``."""

from collections.abc import Iterator

from maskray.text import as_digits, patterns

_YEARS = r"(?=[OQIL|]{0,2}\d)([\dOQIL|]{1,3})(?![\dOQIL|])"
"""Digits of an age, some of them misread; one at least was not."""
_OLD = r"(?:0?9\d|1[01]\d)"
_SETTINGS = (
    "(?:GAIN|DEPTH|ZOOM|FRAME|RATE|PERSIST|SETMI|SESTA|[KM]HZ|BPM|FPS|DEG|TI[SBC]|PWR|MAP"
    r"|PRF|DYN|(?:LOW|MED|HIGH|GEN|RES|PEN)(?=\s*$|\s\d))"
)
_AGED = (
    rf"\s*$|\s*[),]|\s-\s(?!\d{{1,3}}(?!\d|[/.-]\d))|\s(?!{_SETTINGS})[A-Z]{{3}}"
    r"|\s(?:[A-Z]{1,3}\d{4}|\d{5}|\d{1,2}/\d{1,2}/\d|\d{1,2}\.\d{1,2}\.\d"
    r"|\d{1,2}-\d{1,2}-\d|\d\d-\d{4}|\d{4}[/.-]\d\d|\d{4} \d\d "
    r"|(?:1\d\d\s?CM|\d{2,3}\s?KG)\b)"
)
"""What stands behind an age and its sex: the end, a word, a date, the patient's number."""
_AGES = patterns(
    rf"(?<![\w.])(?<!\b[TIJL1][CE]-)(?<!\b[TIJL1]C\s)({_OLD}),?\s?[MF](?!\s?-?TC\b)"
    rf"(?={_AGED}|\s\()",
    r"(?<![\w.])(9\d|10\d)AR(?!\w)",
    rf"(?<![\w.])[MF][\s,(-]{{0,2}}({_OLD})(?={_AGED})",
    r"^\s*[MF]:\s?(9\d)\s*$",
    rf"^\s*[MFW][\s,/]{{0,2}}({_OLD})\s?J\.?\s*$",
    r"^\s*(9\d)\s?J\.?(?:[\s,/]{0,2}[MFW])?\s*$",
    rf"^\s*[MFH][\s,/]{{0,2}}({_OLD})\s?A\.?\s*$",
    rf"(?<!\w)(?:HOMME|FEMME|MANN|FRAU|HOMBRE|MUJER|UOMO|DONNA|HOMEM|MULHER|VROUW)"
    rf"[\s,/:(-]{{1,3}}({_OLD})(?!\d|\.\d|\s?(?:BPM|%))",
    rf"(?<!\w)(?:FE)?MALE[\s,/:(-]{{1,3}}({_OLD})(?!\d|\.\d|\s?(?:BPM|%))",
    rf"(?<![\w.])({_OLD})[\s,/(-]{{1,3}}(?:(?:FE)?MALE(?!\w)|[MF]\))",
    rf"(?<!\w)(?<!\d\.)[MF]?{_YEARS}(?P<unit>[\s-]?(?:Y|YR|YRS|YO|Y/O|YEARS?|JAHRE?|ANS|ANNI|ANOS?|JAAR)"
    r"(?:[\s-]?OLD)?)(?![A-Z0-9](?<![MF])|[MF][A-Z0-9])",
    rf"(?<!\w)(?:AGED?|ALTER|EDAD|IDADE|LEEFTIJD|WIEK)(?:\s?\((?:Y|YRS?|YEARS)\))?"
    rf"[\s:=(.-]{{0,3}}{_YEARS}",
    rf"(?<!\w)(?:ALDER|ETA|IKA|VEK|YAS)\s*[:=]\s*{_YEARS}",
    r"(?<![\w.])[MF]\s?/\s?(\d{1,3})(?!\d|G/MIN)",
    r"(?<![\w.])(\d{2,3})\s?/\s?[MF](?![A-Z])",
)


def find_ages(text: str) -> Iterator[tuple[int, int, int]]:
    """Ages in a folded line: half-open character indices, units included, and the years."""
    for pattern in _AGES:
        for match in pattern.finditer(text):
            end = match.end("unit") if "unit" in pattern.groupindex else match.end(1)
            yield match.start(1), end, int(as_digits(match.group(1)))
