"""The stages of the batch job: thin classes around the core's steps.

Each loads its models once per actor and turns rows into rows. What goes wrong with one
instance ends in its row; only a missing model stops the run. The stage that asks a vision
language model is in ``asking.py``.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa

from data_jobs.config import JobSettings
from data_jobs.output import ATTEMPTS, CLAIMS, RELEASE, Output
from data_jobs.rows import (
    ACCOUNTED,
    EXAMINED,
    Row,
    accounted,
    examined_row,
    facts_of,
    findings_of,
    seen_of,
    table,
    usage_of,
)
from data_jobs.sources import read_source
from maskray.account import ledger_row, manifest_row
from maskray.deidentify import (
    Engines,
    Outcome,
    detect,
    facts,
    failed,
    finish,
    look,
    new_name,
    opened,
)
from maskray.detect import RulesDetector
from maskray.errors import InputError
from maskray.keys import Key
from maskray.open import Instance
from maskray.quiet import keep_quiet
from maskray.read import Reader
from maskray.records import Stopwatch, Verdict
from maskray.write import SUFFIX

_MAKES_ROOM = 4
"""How much nicer examining is than finishing, or one would wait for the other at the
end of a run."""


class Examine:
    """Opens, renders, reads and detects. REQUIRES the listing; ADDS what was seen.

    Raises:
        ServiceDownError: If RapidOCR is missing.
    """

    def __init__(self, settings: JobSettings, output: str, key: Key) -> None:
        keep_quiet()
        os.nice(_MAKES_ROOM)
        self._settings = settings.core
        self._attempts = Attempts(Output(output), key, settings.attempts)
        self._reader = Reader(settings.read)
        self._detectors = [RulesDetector()] if "rules" in settings.detectors else []

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Examines the instances of one block."""
        return table([self._row(row) for row in batch.to_pylist()], EXAMINED)

    def _row(self, row: Row) -> Row:
        clock = Stopwatch()
        row = dict(row)
        if row["error_code"] is not None:
            return {**row, "verdict": Verdict.FAILED.value, "stage": "open"}

        def work() -> Row:
            data = read_source(row["source"], self._settings.limits)
            row["sha256"] = hashlib.sha256(data).hexdigest()
            instance = opened(data, self._settings, clock)
            row["facts"] = json.dumps(facts(instance))
            seen = look(instance, self._reader, self._settings, clock)
            findings = detect(instance, seen, self._detectors, self._settings, clock)
            return examined_row(row, seen, findings)

        done = self._attempts.guard(row["source"], "examine", work)
        if isinstance(done, Outcome):
            done = ended_row(row, done)
        return {**done, "seconds": list(clock.seconds.items())}


def ended_row(row: Row, outcome: Outcome) -> Row:
    """A row whose way ends here; the next stages hand it on."""
    return {
        **row,
        "verdict": outcome.verdict.value,
        "error_code": outcome.error_code,
        "stage": outcome.stage,
    }


class Finish:
    """Locates, plans, masks, cleans the header, verifies, writes and accounts.

    REQUIRES what ``Examine`` adds; GIVES the two account rows.

    Raises:
        ServiceDownError: If RapidOCR, EasyOCR or its weights are missing.
    """

    def __init__(self, settings: JobSettings, output: str, key: Key, run: str) -> None:
        keep_quiet()
        self._settings = settings.core
        self._output = Output(output)
        self._key = key
        self._run = run
        self._attempts = Attempts(self._output, self._key, settings.attempts)
        self._engines = Engines.load(self._settings)

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Finishes the instances of one block."""
        return table([self._row(row) for row in batch.to_pylist()], ACCOUNTED)

    def _row(self, row: Row) -> Row:
        clock = Stopwatch()
        clock.seconds.update(dict(row["seconds"] or ()))
        released: list[str] = []
        if row["verdict"] is not None:
            outcome = Outcome(
                Verdict(row["verdict"]),
                row["error_code"],
                row["stage"],
                seconds=clock.seconds,
            )
        else:
            outcome = self._attempts.guard(
                row["source"], "finish", lambda: self._finish(row, clock, released)
            )
            outcome = replace(outcome, seconds=dict(clock.seconds))
        outcome = replace(outcome, usage=usage_of(row), facts=facts_of(row))
        return self._account(row, outcome, released[0] if released else None)

    def _finish(self, row: Row, clock: Stopwatch, released: list[str]) -> Outcome:
        data = read_source(row["source"], self._settings.limits)
        if hashlib.sha256(data).hexdigest() != row["sha256"]:
            raise InputError("the source changed meanwhile", "source_changed", "open")
        instance = opened(data, self._settings, clock)
        claim = self._claim(instance, row["source"])
        outcome = finish(
            instance,
            seen_of(row),
            findings_of(row),
            self._engines,
            self._key,
            self._settings,
            clock,
            distinct=claim == "duplicate_sop_instance_uid",
        )
        if outcome.data is not None and outcome.verdict.releasable:
            name = f"{RELEASE}/{outcome.name}{SUFFIX[instance.kind]}"
            with clock.stage("write"):
                self._output.write(name, outcome.data)
            released.append(name)
        return _with_code(outcome, claim)

    def _claim(self, instance: Instance, source: str) -> str | None:
        """Takes the new name for this source; a code if another source has it.

        Two sources may bear one SOP Instance UID. The first keeps the name; the same
        bytes may have it again, other bytes get another name.
        """
        name = f"{CLAIMS}/{new_name(instance, self._key)}"
        own = f"{self._key.instance(source)} {instance.sha256}".encode()
        if self._output.write(name, own, new=True):
            return None
        holder = self._output.read(name)
        if holder == own:
            return None
        same = holder.split()[-1:] == [instance.sha256.encode()]
        return "duplicate_instance" if same else "duplicate_sop_instance_uid"

    def _account(self, row: Row, outcome: Outcome, released: str | None) -> Row:
        instance = self._key.instance(row["source"])
        return accounted(
            manifest_row(
                outcome,
                instance=instance,
                run=self._run,
                released=released,
                settings=self._settings,
            ),
            ledger_row(
                outcome,
                source=row["source"],
                instance=instance,
                run=self._run,
                fingerprint=row["fingerprint"],
                sha256=row["sha256"],
                released=released,
                settings=self._settings,
            ),
        )


def _with_code(outcome: Outcome, code: str | None) -> Outcome:
    return outcome if code is None else replace(outcome, error_code=code, stage="write")


class Attempts:
    """Turns errors into outcomes, and remembers who took a worker down.

    A note is left before an instance is treated and taken away after. An instance whose
    notes are still there when it comes again has killed the process each time.
    """

    def __init__(self, output: Output, key: Key, most: int) -> None:
        self._output = output
        self._key = key
        self._most = most

    def guard(self, source: str, stage: str, work: Callable[[], Any]) -> Any:
        """What ``work`` gives, or the outcome of its failure."""
        note = self.begin(source, stage)
        if note is None:
            return Outcome(Verdict.FAILED, "worker_crashed", stage)
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - one bad file never stops a run
            return failed(error, stage=stage)
        finally:
            self.end(note)

    def begin(self, source: str, stage: str) -> str | None:
        """Leaves a note; None if the instance was tried often enough."""
        note = f"{ATTEMPTS}/{self._key.instance(source)}-{stage}"
        for attempt in range(self._most):
            if self._output.write(f"{note}-{attempt}", b"", new=True):
                return note
        self.end(note)
        return None

    def end(self, note: str) -> None:
        """Takes an instance's notes away."""
        for attempt in range(self._most):
            self._output.remove(f"{note}-{attempt}")
