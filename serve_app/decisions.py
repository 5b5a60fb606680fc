"""What people decided about which instance, and when: a private ledger.

One file for each decision, for its owner's eyes only: it links a source's hash to what
was released.
"""

import json
import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from maskray.errors import ConfigError, OutputError


class Ledger:
    """A folder of decisions, mode 0700.

    Raises:
        ConfigError: If it cannot be written to.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.chmod(0o700)
        except OSError:
            raise ConfigError("the ledger's folder cannot be written to") from None

    def add(self, who: str, decision: Mapping[str, object]) -> None:
        """Writes a decision down, before anything is released.

        Raises:
            OutputError: If that fails.
        """
        now = datetime.now(UTC)
        entry = {"when": now.isoformat(timespec="seconds"), "who": who, **decision}
        name = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(6)}.json"
        try:
            handle = os.open(
                self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600
            )
            with open(handle, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a handle
                json.dump(entry, stream)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError:
            raise OutputError("the ledger cannot be written", stage="account") from None
