"""Step 8, mask: stored values change inside the regions, and nowhere else."""

from collections.abc import Iterable

from maskray.geometry import Box
from maskray.open import Instance
from maskray.pixels import Masks, write_masked
from maskray.records import Region
from maskray.settings import MaskSettings


def boxes_by_frame(regions: Iterable[Region]) -> dict[int, tuple[Box, ...]]:
    """What to hide in each frame, in native pixels."""
    boxes: dict[int, list[Box]] = {}
    for region in regions:
        for index in region.frames:
            boxes.setdefault(index, []).append(region.box)
    return {index: tuple(sorted(set(each))) for index, each in sorted(boxes.items())}


def mask(
    instance: Instance,
    regions: Iterable[Region],
    settings: MaskSettings,
    *,
    clear_unused_bits: bool = False,
) -> Instance:
    """The instance with masked pixels; the argument stays as it is.

    Transparency inside a region becomes opaque, so that the mask is seen.

    Raises:
        RedactionError: If a region lies outside the pixel matrix.
        UnsupportedPixelsError: If the pixels cannot be written back.
    """
    boxes = boxes_by_frame(regions)
    masks = Masks(boxes, settings.fill, clear_unused_bits)
    alpha = instance.alpha
    if alpha is not None:
        alpha = alpha.copy()
        for box in boxes.get(0, ()):
            inside = box.clip(*alpha.shape)
            if inside is not None:
                alpha[inside.index] = 255
    dataset = write_masked(instance.dataset, instance.pixels, masks)
    return instance.with_pixels(dataset, alpha)
