"""``report.html``: what was done to how many files, free of PHI, in one file.

It reads the manifest and files of the release folder, and nothing else.
"""

import importlib.resources
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Annotated

import jinja2
from pydantic import Field
from pydicom.uid import UID

from data_jobs.explain import CODES, STAGES, VERDICTS, explain
from data_jobs.output import Output
from data_jobs.pictures import Picture, choose, picture
from data_jobs.tally import (
    MOST_SHOWN,
    MOST_SHOWN_PIXELS,
    Group,
    Grouped,
    Tally,
    began,
    tally_manifest,
)
from maskray import __version__
from maskray.account import STAGES as STAGE_ORDER
from maskray.errors import ConfigError, OutputError
from maskray.open import Kind
from maskray.records import Verdict
from maskray.settings import ModelSettings, Part

REPORT = "report.html"
"""Its name in the output folder."""

_MOST_RUNS = 20
_MOST_USED = 50
_PER_FRAMES = 100_000
_NO_BREAK = "\N{NO-BREAK SPACE}"
_NONE = "\N{EN DASH}"
_DUPLICATES = ("duplicate_instance", "duplicate_sop_instance_uid")

Dollars = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class Prices(Part):
    """What the work costs; what is left out costs nothing."""

    dollars_per_million_tokens_in: Dollars = 0.0
    """Tokens a model is given: prompt and pictures."""
    dollars_per_million_tokens_out: Dollars = 0.0
    """Tokens a model replies with."""
    dollars_per_hour: Dollars = 0.0
    """One worker that is busy for an hour: the machine's price over its workers."""
    dollars_per_model_hour: Dollars = 0.0
    """One process that hosts a model, with its GPUs; 0: it costs what a worker does."""

    @classmethod
    def of(cls, model: ModelSettings) -> "Prices | None":
        """The prices in a run's settings, if there are any."""
        prices = cls(
            dollars_per_million_tokens_in=model.dollars_per_million_tokens_in,
            dollars_per_million_tokens_out=model.dollars_per_million_tokens_out,
            dollars_per_model_hour=model.dollars_per_hour,
        )
        return None if prices == cls() else prices


@dataclass(frozen=True, slots=True)
class Cost:
    """Dollars for 100,000 frames."""

    tokens_in: float
    tokens_out: float
    workers: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.tokens_in + self.tokens_out + self.workers


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage's share of the time."""

    name: str
    does: str
    seconds: float
    share: float
    per_frame: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table of groups."""

    names: tuple[str, ...]
    files: int
    frames: int
    verdicts: tuple[int, ...] = ()


def write_report(output: str, prices: Prices | None = None) -> str:
    """Writes ``report.html`` into an output folder; its path or URI.

    Args:
        output: The folder's path or URI.
        prices: ``None`` leaves the cost in dollars out.

    Raises:
        ConfigError: If this is no maskray output, nothing is done in it yet, or it
            cannot be read or written.
    """
    place = Output(output)
    tally = tally_manifest(place)
    page = _page(tally, prices, *_pictures(place, tally))
    try:
        place.write(REPORT, page.encode())
    except OutputError:
        raise ConfigError(f"the report cannot be written to: {place.uri}") from None
    return f"{place.uri}/{REPORT}" if place.local is None else str(place.local / REPORT)


def _pictures(output: Output, tally: Tally) -> tuple[list[Picture], int]:
    """The pictures, and how many of those chosen cannot be shown."""
    made = [picture(output, row) for row in choose(tally.shown(), MOST_SHOWN)]
    shown = [each for each in made if each is not None]
    return shown, len(made) - len(shown)


# --- what the page says ---------------------------------------------------------------


def _page(
    tally: Tally, prices: Prices | None, pictures: list[Picture], not_shown: int
) -> str:
    return _template().render(
        tally=tally,
        prices=prices,
        pictures=pictures,
        not_shown=not_shown,
        released=sum(_verdict_files(tally, each) for each in Verdict if each.releasable),
        verdicts=[(each, VERDICTS[each], _verdict_files(tally, each)) for each in Verdict],
        modalities=_modalities(tally),
        formats=_formats(tally),
        codes=_codes(tally),
        duplicates=_duplicates(tally),
        categories=sorted(tally.categories.items(), key=lambda each: (-each[1], each[0])),
        stages=_stages(tally),
        seconds=sum(tally.seconds.values()),
        frames_per_second=_ratio(tally.totals["frames"], sum(tally.frame_seconds.values())),
        cost=None if prices is None else _cost(tally, prices),
        per_frames=_PER_FRAMES,
        masked=_ratio(sum(tally.masked_pixels.values()), sum(tally.pixels.values())),
        masked_redacted=_ratio(
            tally.masked_pixels[Verdict.REDACTED], tally.pixels[Verdict.REDACTED]
        ),
        runs=_runs(tally),
        used=_lines(tally.used.largest()[:_MOST_USED], tally.used),
        most_shown_pixels=MOST_SHOWN_PIXELS,
        version=__version__,
    )


def _verdict_files(tally: Tally, verdict: Verdict) -> int:
    return tally.verdicts.files[(verdict.value,)]


def _lines(groups: Iterable[Group], grouped: Grouped) -> list[Line]:
    return [
        Line(
            tuple(_named(name) for name in group),
            grouped.files[group],
            grouped.frames[group],
        )
        for group in groups
    ]


def _named(name: str | None) -> str:
    return name or "none"


def _modalities(tally: Tally) -> list[Line]:
    """Files of each modality, all and by verdict."""
    counts = tally.modalities
    lines: list[Line] = []
    for modality in {group[0] for group in counts.files}:
        groups = [(modality, verdict.value) for verdict in Verdict]
        lines.append(
            Line(
                (_modality(modality),),
                sum(counts.files[group] for group in groups),
                sum(counts.frames[group] for group in groups),
                tuple(counts.files[group] for group in groups),
            )
        )
    return sorted(lines, key=lambda line: (-line.files, line.names))


def _modality(value: str | None) -> str:
    if value is None:
        return "not known (not released)"
    return value or "not given"


def _formats(tally: Tally) -> list[Line]:
    lines: list[Line] = []
    for group in tally.formats.largest():
        kind, syntax, photometric = group
        if kind is None:
            names = ("not known (not released)", "", "")
        elif kind == Kind.DICOM.value:
            names = ("DICOM", _syntax(syntax or ""), photometric or "")
        else:
            names = (kind.upper(), "", photometric or "")
        lines.append(Line(names, tally.formats.files[group], tally.formats.frames[group]))
    return lines


def _syntax(uid: str) -> str:
    name = UID(uid).name
    return uid if name == uid else f"{name} ({uid})"


def _codes(tally: Tally) -> list[tuple[str, str, str, int]]:
    """Code, verdict, explanation and count, the most frequent first."""
    return [
        (code or "", verdict or "", explain(code or ""), tally.codes.files[code, verdict])
        for code, verdict in tally.codes.largest()
    ]


def _duplicates(tally: Tally) -> list[tuple[str, int]]:
    return [
        (CODES[code], sum(n for group, n in tally.codes.files.items() if group[0] == code))
        for code in _DUPLICATES
    ]


def _stages(tally: Tally) -> list[Stage]:
    total = sum(tally.seconds.values())
    unknown = sorted(set(tally.seconds) - set(STAGE_ORDER))
    return [
        Stage(
            name,
            STAGES.get(name, ""),
            tally.seconds[name],
            tally.seconds[name] / total if total else 0.0,
            _ratio(tally.frame_seconds.get(name, 0.0), tally.totals["frames"]),
        )
        for name in (*STAGE_ORDER, *unknown)
        if name in tally.seconds
    ]


def _cost(tally: Tally, prices: Prices) -> Cost | None:
    """For 100,000 frames; work on instances that were not released counts too."""
    frames = tally.totals["frames"]
    if not frames:
        return None
    scale = _PER_FRAMES / frames
    hours = sum(tally.seconds.values()) / 3600
    hosting = tally.seconds.get("detect", 0.0) / 3600
    if not prices.dollars_per_model_hour:
        hosting = 0.0
    return Cost(
        tally.totals["tokens_in"] / 1e6 * prices.dollars_per_million_tokens_in * scale,
        tally.totals["tokens_out"] / 1e6 * prices.dollars_per_million_tokens_out * scale,
        (
            (hours - hosting) * prices.dollars_per_hour
            + hosting * prices.dollars_per_model_hour
        )
        * scale,
    )


def _runs(tally: Tally) -> list[tuple[str, str, int, int]]:
    """Name, begin, instances and frames of the last runs, the newest first."""
    groups = sorted(
        tally.runs.files, key=lambda group: (began(group[0] or "") or 0, str(group[0]))
    )
    return [
        (
            group[0] or "",
            _began(group[0] or ""),
            tally.runs.files[group],
            tally.runs.frames[group],
        )
        for group in reversed(groups[-_MOST_RUNS:])
    ]


def _began(run: str) -> str:
    seconds = began(run)
    if seconds is None or not 0 < seconds < 2**32:
        return "not known"
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


# --- how it says it -------------------------------------------------------------------


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=_number, share=_share, span=_span, dollars=_dollars, brief=_brief
    )
    source = importlib.resources.files("data_jobs").joinpath(REPORT)
    return environment.from_string(source.read_text(encoding="utf-8"))


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _share(value: float | None) -> str:
    """Per cent with one digit; what is not all is never rounded to all or nothing."""
    if value is None:
        return _NONE
    percent = 100 * value
    if 0 < percent < 0.1:
        return f"<{_NO_BREAK}0.1{_NO_BREAK}%"
    if 99.9 < percent < 100:
        return f">{_NO_BREAK}99.9{_NO_BREAK}%"
    return f"{percent:.1f}{_NO_BREAK}%"


def _span(seconds: float) -> str:
    """A time in the unit that fits."""
    if seconds < 60:
        return f"{seconds:.1f}{_NO_BREAK}s"
    if seconds < 3600:
        return f"{int(seconds // 60)}{_NO_BREAK}min {int(seconds % 60)}{_NO_BREAK}s"
    hours, minutes = divmod(int(seconds // 60), 60)
    return f"{hours:,}{_NO_BREAK}h {minutes}{_NO_BREAK}min"


def _brief(seconds: float | None) -> str:
    """The time one frame takes, in milliseconds."""
    if seconds is None:
        return _NONE
    milliseconds = 1000 * seconds
    digits = 0 if milliseconds >= 100 else 1 if milliseconds >= 1 else 3
    return f"{milliseconds:,.{digits}f}{_NO_BREAK}ms"


def _dollars(value: float) -> str:
    """Cents, and smaller parts where they count: prices of tokens are low."""
    digits = 2 if value >= 10 or round(value, 2) == value else 4
    return f"${value:,.{digits}f}"
