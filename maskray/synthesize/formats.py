"""Which encodings the set covers, and which instance gets which."""

from dataclasses import dataclass

import numpy as np
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from maskray.synthesize.people import Rng, chance, pick


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of instance is encoded.

    ``frames`` is the smallest and largest number of frames. ``where`` names the place
    text may go besides the stored values. ``entry_bits`` is for palettes.
    """

    modality: str
    photometric: str
    bits_stored: int
    transfer_syntax: UID
    signed: bool = False
    frames: tuple[int, int] = (1, 1)
    planar: int = 0
    entry_bits: int = 0
    where: str = "pixels"
    kind: str = "dicom"

    @property
    def coloured(self) -> bool:
        """Whether a pixel has three samples."""
        return self.photometric.startswith(("RGB", "YBR"))

    @property
    def bits_allocated(self) -> int:
        """Bits of memory per sample."""
        return 8 if self.bits_stored == 8 else 16

    @property
    def limits(self) -> tuple[int, int]:
        """The smallest and the largest stored value."""
        if self.signed:
            half = 1 << (self.bits_stored - 1)
            return -half, half - 1
        return 0, (1 << self.bits_stored) - 1


_LE, _IMPLICIT = ExplicitVRLittleEndian, ImplicitVRLittleEndian
_BE, _DEFLATED = ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian
_JPEG, _JLS, _J2K, _RLE = (
    JPEGBaseline8Bit,
    JPEGLSLossless,
    JPEG2000Lossless,
    RLELossless,
)
_M1, _M2, _PALETTE = "MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"

FORMATS: tuple[Format, ...] = (
    Format("CT", _M2, 16, _LE, signed=True),
    Format("CT", _M2, 12, _IMPLICIT),
    Format("CT", _M2, 13, _J2K, signed=True),
    Format("CT", _M2, 16, _RLE, signed=True),
    Format("CT", _M2, 12, _JLS),
    Format("CT", _M2, 16, _DEFLATED, signed=True),
    Format("MR", _M2, 12, _LE),
    Format("MR", _M2, 16, _IMPLICIT),
    Format("MR", _M2, 16, _BE, signed=True),
    Format("MR", _M2, 12, _J2K),
    Format("MR", _M2, 12, _LE, where="overlay"),
    Format("MR", _M2, 12, _IMPLICIT, where="high_bits"),
    Format("CR", _M1, 12, _IMPLICIT),
    Format("CR", _M1, 10, _JLS),
    Format("CR", _M2, 12, _LE, where="overlay"),
    Format("CR", _M1, 10, _LE, where="high_bits"),
    Format("DX", _M2, 12, _J2K),
    Format("DX", _M1, 12, _RLE),
    Format("DX", _M2, 16, _LE),
    Format("MG", _M1, 12, _LE),
    Format("MG", _M2, 12, _JLS),
    Format("XA", _M2, 8, _JPEG, frames=(8, 24)),
    Format("XA", _M2, 10, _IMPLICIT, frames=(3, 10)),
    Format("RF", _M2, 8, _RLE, frames=(4, 12)),
    Format("NM", _M2, 16, _IMPLICIT, frames=(2, 4)),
    Format("NM", _PALETTE, 8, _LE, entry_bits=8),
    Format("PT", _M2, 16, _BE, signed=True),
    Format("US", "RGB", 8, _LE),
    Format("US", "RGB", 8, _BE, planar=1),
    Format("US", "YBR_FULL", 8, _LE),
    Format("US", "YBR_FULL_422", 8, _LE, frames=(2, 5)),
    Format("US", "YBR_FULL_422", 8, _JPEG, frames=(8, 40)),
    Format("US", _PALETTE, 8, _IMPLICIT, entry_bits=16),
    Format("US", _PALETTE, 8, _RLE, entry_bits=8, frames=(3, 8)),
    Format("US", _M2, 8, _JLS, frames=(3, 10)),
    Format("US", "YBR_RCT", 8, _J2K),
    Format("US", "RGB", 8, _RLE, planar=1, frames=(2, 4)),
    Format("SC", "YBR_FULL", 8, _JPEG),
    Format("SC", _M2, 8, _DEFLATED),
    Format("US", "RGB", 8, _LE, kind="png"),
    Format("CR", _M2, 8, _LE, kind="jpeg"),
)
"""One of each is made before any is made twice."""

SIZES: dict[str, tuple[tuple[int, int], ...]] = {
    "CT": ((512, 512),),
    "MR": ((256, 256), (320, 320), (384, 512), (512, 512), (512, 384)),
    "CR": ((1400, 1140), (1760, 2140), (2140, 1760), (1000, 820)),
    "DX": ((2000, 2500), (2400, 2000), (1500, 1500)),
    "MG": ((2294, 1914), (2000, 1600)),
    "XA": ((512, 512), (768, 768), (1024, 1024)),
    "RF": ((768, 768), (512, 512)),
    "NM": ((1024, 512), (512, 512), (1024, 256)),
    "PT": ((400, 400), (512, 512)),
    "US": ((480, 640), (600, 800), (768, 1024)),
    "SC": ((768, 1024), (600, 800), (1024, 1280)),
}
"""Rows and columns of each modality."""

HEADERS = ("same", "same", "same", "other", "scrubbed")
"""Whose header it is: the patient's in the picture, somebody else's, or nobody's."""

MOST_PIXELS = 12_500_000
"""Pixels of all frames of an instance; cines with large frames get fewer of them."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What one instance of the set shall be, before anything is drawn."""

    file: str
    entropy: tuple[int, int]
    format: Format
    rows: int
    columns: int
    frames: int
    has_phi: bool
    has_text: bool
    header: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """Frames, rows, columns."""
        return self.frames, self.rows, self.columns

    def rng(self, purpose: int) -> Rng:
        """Random numbers of this instance for one purpose, always the same."""
        return np.random.default_rng((*self.entropy, purpose))


def spread(count: int, of: int, offset: int) -> list[bool]:
    """``count`` times true among ``of``, as evenly as possible."""
    ends = [((index + 1) * count + offset) // of for index in range(of)]
    return [end > start for start, end in zip([offset // of, *ends], ends, strict=False)]


def plan_scenes(n: int, seed: int, phi_share: float) -> list[Scene]:
    """The scenes of a set, in the order of their file names.

    Two instances of one format mostly differ in whether they hold PHI, so that no
    encoding gives the answer away.
    """
    rng = np.random.default_rng((seed, n))
    order = [int(index) for index in rng.permutation(len(FORMATS))]
    turns = [order[index % len(order)] for index in range(n)]
    by_format = sorted(range(n), key=lambda index: (order.index(turns[index]), index))
    phi = spread(round(n * phi_share), n, int(rng.integers(n)))
    _show_everywhere([FORMATS[turns[index]] for index in by_format], phi)
    without = n - sum(phi)
    silent = iter(spread(round(without / 3), max(without, 1), int(without // 2)))
    headers = rng.permutation([HEADERS[index % len(HEADERS)] for index in range(n)])
    scenes: list[Scene | None] = [None] * n
    places = [int(place) for place in rng.permutation(n)]
    for index, has_phi in zip(by_format, phi, strict=True):
        has_text = has_phi or not next(silent)
        place = places[index]
        scenes[place] = _scene(
            (seed, place),
            FORMATS[turns[index]],
            has_phi=has_phi,
            has_text=has_text,
            header=str(headers[place]),
        )
    return [scene for scene in scenes if scene is not None]


def _show_everywhere(forms: list[Format], phi: list[bool]) -> None:
    """Exchanges places in ``phi`` so that overlays and high bits hold some, too."""
    for where in ("overlay", "high_bits"):
        places = [i for i, form in enumerate(forms) if form.where == where]
        if not places or any(phi[i] for i in places):
            continue
        family = {forms[i].modality for i in places}
        for i, form in enumerate(forms):
            if phi[i] and form.where == "pixels" and form.modality in family:
                phi[i], phi[places[0]] = False, True
                break


def _scene(
    entropy: tuple[int, int],
    form: Format,
    *,
    has_phi: bool,
    has_text: bool,
    header: str,
) -> Scene:
    rng = np.random.default_rng((*entropy, 0))
    rows, columns = pick(rng, SIZES[form.modality])
    low, high = form.frames
    frames = min(int(rng.integers(low, high + 1)), MOST_PIXELS // (rows * columns))
    endings = {"png": ".png", "jpeg": ".jpg"}
    ending = endings.get(form.kind, "" if chance(rng, 0.15) else ".dcm")
    if form.kind != "dicom":
        header = "scrubbed"
    elif header == "other" and not has_phi:
        header = "same"
    return Scene(
        file=f"{entropy[1] + 1:04d}{ending}",
        entropy=entropy,
        format=form,
        rows=rows,
        columns=columns,
        frames=max(low, frames),
        has_phi=has_phi,
        has_text=has_text,
        header=header,
    )
