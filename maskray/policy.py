"""What counts as PHI, and what becomes of text nobody can name."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from maskray.records import Category

NOT_CHOOSABLE = frozenset({Category.UNKNOWN, Category.CLINICAL})
"""``unknown_text`` and ``allow`` say what becomes of these."""


class Policy(BaseModel):
    """Which categories are PHI and what unknown text means. Read from YAML.

    The default masks all that PS3.15 and the HIPAA list call identifying and keeps the
    patient's sex and ages up to 89, as both do.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")] = (
        "default"
    )
    """Goes into the manifest."""
    phi: frozenset[Category] = frozenset(Category) - NOT_CHOOSABLE - {Category.SEX}
    """Categories to hide."""
    age_limit_years: Annotated[int, Field(ge=0, le=150)] = 89
    """Ages up to this stay (45 CFR 164.514(b)(2)(i)(C)); 0 hides every age."""
    unknown_text: Literal["mask", "review", "keep"] = "mask"
    """Text that is neither PHI nor clinical. ``keep`` weakens the protection."""
    allow: tuple[
        Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)], ...
    ] = ()
    """Extra clinical words or phrases that stay, case ignored."""

    @field_validator("phi")
    @classmethod
    def _choosable(cls, phi: frozenset[Category]) -> frozenset[Category]:
        if phi & NOT_CHOOSABLE:
            raise ValueError("unknown and clinical are no categories of PHI")
        return phi

    def hides(self, category: Category) -> bool:
        """Whether text of this category is to be masked."""
        if category is Category.UNKNOWN:
            return self.unknown_text == "mask"
        return category in self.phi
