"""Every error maskray raises on purpose, as one tree.

::

    MaskrayError             code, stage; fatal = False
    ├─ InputError            this source cannot be read or is not supported
    │  └─ UnsupportedPixelsError  the pixels cannot be decoded, or not written back
    ├─ DetectionError        no usable answer: unknown, which is never clean
    │  └─ ModelReplyError    the reply is cut off, empty or not the schema
    ├─ RedactionError        the plan cannot be carried out on these pixels
    │  └─ VerificationError  the result could not be proven
    ├─ HeaderError           the header cannot be de-identified
    ├─ OutputError           the result could not be written safely
    └─ RunError              fatal: the whole run cannot go on
       ├─ ConfigError        an option or configuration value is wrong
       └─ ServiceDownError   a model or service the run needs is missing

``code`` is a constant in snake_case that names the rule that was broken; it goes into
the manifest. Neither ``code`` nor the message ever holds a value read from a patient:
messages are constants, and errors that cross a library boundary are raised
``from None`` because the cause may quote the value it stumbled over.
"""

from typing import ClassVar


class MaskrayError(Exception):
    """Base of the tree. Survives pickling, so it may cross process borders."""

    fatal: ClassVar[bool] = False
    default_code: ClassVar[str] = "internal"

    def __init__(
        self, message: str = "", code: str | None = None, stage: str | None = None
    ) -> None:
        super().__init__(message, code, stage)
        self.message = message
        self.code = code or self.default_code
        self.stage = stage

    def __str__(self) -> str:
        return self.message or self.code


class InputError(MaskrayError):
    """This source cannot be read, or is not an image maskray treats."""

    default_code = "unreadable"


class UnsupportedPixelsError(InputError):
    """The pixel data cannot be decoded here, or could not be written back."""

    default_code = "unsupported_pixels"


class DetectionError(MaskrayError):
    """A detector gave no usable answer. Unknown is never clean."""

    default_code = "detection_failed"


class ModelReplyError(DetectionError):
    """A model's reply is cut off, empty, refused, or does not fit the schema."""

    default_code = "unusable_reply"


class RedactionError(MaskrayError):
    """A planned region cannot be applied to these pixels."""

    default_code = "redaction_failed"


class VerificationError(RedactionError):
    """The redacted result could not be proven free of what had to be hidden."""

    default_code = "not_verified"


class HeaderError(MaskrayError):
    """The header cannot be brought to the profile."""

    default_code = "header_failed"


class OutputError(MaskrayError):
    """The result could not be written safely."""

    default_code = "not_written"


class RunError(MaskrayError):
    """The whole run cannot go on."""

    fatal = True
    default_code = "run_failed"


class ConfigError(RunError):
    """An option or a configuration value is wrong. The message names it."""

    default_code = "configuration"


class ServiceDownError(RunError):
    """A model or a service that this run needs is not there."""

    default_code = "service_down"
