"""The stage that asks vision language models, between ``Examine`` and ``Finish``.

An actor hosts the engine of ``vllm`` itself, in :class:`vllm_engine.Engine`, which says why
it is not ``ray.data.llm``. Calls are asynchronous: many instances are under way at a time,
and the engine batches their pictures as it likes.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterator

import pyarrow as pa
from pydantic import SecretStr

from data_jobs.config import JobSettings
from data_jobs.output import Output
from data_jobs.rows import EXAMINED, Row, answered_row, seen_of, table
from data_jobs.stages import Attempts, ended_row
from maskray.deidentify import Outcome, failed
from maskray.endpoint import Endpoint
from maskray.keys import Key
from maskray.model import Answer, Model
from maskray.quiet import keep_quiet
from maskray.records import Stopwatch, Verdict

_STAGE = "detect"


class Ask:
    """Asks all models about each instance's pictures. REQUIRES what ``Examine`` adds.

    ADDS the models' findings and what asking took; the pictures end here. An instance
    without pictures, because the gate found no text, is handed on.

    Raises:
        ServiceDownError: If a model is missing, or its engine cannot be kept alive.
    """

    def __init__(
        self, settings: JobSettings, output: str, key: Key, secret: SecretStr
    ) -> None:
        keep_quiet()
        core = settings.core
        self._attempts = Attempts(Output(output), key, settings.attempts)
        self._time = _SharedTime()
        self._models: list[Model] = []
        self._engine = None
        if "vllm" in core.detectors:
            from vllm_engine import Engine

            self._engine = Engine(core)
            self._models.append(Model("vllm", self._engine, core))
        if "openai" in core.detectors:
            self._models.append(Model("openai", Endpoint(core, secret), core))

    def __del__(self) -> None:
        """Ray Data drops the stage when the pool shrinks or ends: the memory is freed."""
        if getattr(self, "_engine", None) is not None:
            self._engine.stop()  # type: ignore[union-attr]

    async def __call__(self, batch: pa.Table) -> pa.Table:
        """Asks about the instances of one block, all at once."""
        rows = await asyncio.gather(*(self._row(row) for row in batch.to_pylist()))
        return table(rows, EXAMINED)

    async def _row(self, row: Row) -> Row:
        row = {**row, "seconds": list(row["seconds"] or ())}
        if row["verdict"] is not None or not row["pictures"]:
            return row
        note = await asyncio.to_thread(self._attempts.begin, row["source"], "ask")
        if note is None:
            crashed = Outcome(Verdict.FAILED, "worker_crashed", _STAGE)
            return ended_row({**row, "pictures": []}, crashed)
        clock = Stopwatch()
        clock.seconds.update(dict(row["seconds"]))
        try:
            with self._time.stage(clock):
                shown = seen_of(row).pictures
                said = await asyncio.gather(*(each.ask(shown) for each in self._models))
            answer = Answer.united(said)
            row = answered_row(row, answer)
            if answer.error is not None:
                row = ended_row(row, failed(answer.error, stage=_STAGE))
        except Exception as error:  # noqa: BLE001 - one bad file never stops a run
            row = ended_row({**row, "pictures": []}, failed(error, stage=_STAGE))
        finally:
            await asyncio.to_thread(self._attempts.end, note)
        return {**row, "seconds": list(clock.seconds.items())}


class _SharedTime:
    """Splits an actor's time among the instances it treats at once.

    So that their seconds add up to those of the machine, and to its price.
    """

    def __init__(self) -> None:
        self._shares: dict[object, float] = {}
        self._since = 0.0

    def _settle(self) -> None:
        now = time.perf_counter()
        for each in self._shares:
            self._shares[each] += (now - self._since) / len(self._shares)
        self._since = now

    @contextlib.contextmanager
    def stage(self, clock: Stopwatch) -> Iterator[None]:
        """Adds this instance's share of the time inside the ``with`` block."""
        mine = object()
        self._settle()
        self._shares[mine] = 0.0
        try:
            yield
        finally:
            self._settle()
            spent = self._shares.pop(mine)
            clock.seconds[_STAGE] = clock.seconds.get(_STAGE, 0.0) + spent
