"""A vision language model as a detector: what it is asked, and what its reply means.

One adapter for every model and every place: the batch job, the online service and the
Python API ask through :class:`Model`; what carries the question (an engine in the same
process, a handle, a web service) is a :class:`Backend`. Nothing here knows a network.

The model says *what* is PHI, ``{"phi": [{"text", "category"}]}``; where it stands is found
by ``plan``. A reply that is cut off, empty, refused, full, or anything but the schema is
no answer: the picture is shown once more, then a person must look.
"""

import asyncio
import base64
import functools
import hashlib
import json
import re
import threading
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import SecretStr

from maskray.ages import find_ages
from maskray.errors import DetectionError, ModelReplyError
from maskray.picture import Picture
from maskray.policy import Policy
from maskray.records import Category, Finding, PhiText, Usage
from maskray.settings import ModelProfile, Part, Settings, load_yaml
from maskray.text import fold

_T = TypeVar("_T")
MOST_ITEMS = 64
"""A reply with so many items is full: the schema may have cut it off."""
MOST_LETTERS = 128
"""A text of so many characters is cut off by the schema, too."""
_STAGE = "detect"
_FINISHED = frozenset({"stop", "eos", "end_turn"})
_RETRY_TEMPERATURE = 0.4
"""At temperature 0 the same picture gets the same reply."""


# --- the question ---------------------------------------------------------------------


class Prompt(Part):
    """A versioned prompt; files in ``maskray/prompts`` hold these."""

    system: str
    user: str
    categories: dict[Category, str]
    """What each category means, for the model."""


@functools.cache
def load_prompt(name: str) -> Prompt:
    """A prompt by its name.

    Raises:
        ConfigError: If there is none of that name.
    """
    return load_yaml(Prompt, Path(__file__).parent / "prompts" / f"{name}.yaml", "prompt")


@dataclass(frozen=True, slots=True)
class Question:
    """One picture, and all that is said with it; the same but for the picture.

    ``schema`` is JSON schema. ``seed`` and ``temperature`` differ when it is asked again.
    """

    system: str
    user: str
    schema: Mapping[str, Any]
    max_tokens: int
    png: bytes = field(default=b"", repr=False)
    temperature: float = 0.0
    seed: int = 0

    def chat(self, image: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The messages; the fixed text first, so that its prefix is cached.

        Args:
            image: The part of a message that holds the picture, in the backend's form.
        """
        text = {"type": "text", "text": self.user}
        return [
            {"role": "system", "content": self.system},
            {"role": "user", "content": [text, dict(image)]},
        ]

    @property
    def data_url(self) -> str:
        """The picture for services that take it inside the request."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")


def question(prompt: Prompt, policy: Policy, profile: ModelProfile) -> Question:
    """The question under a policy: the model is told, and may answer, what it hides."""
    categories = sorted(policy.phi, key=lambda each: each.value)
    listed = "\n".join(f"- {each.value}: {prompt.categories[each]}" for each in categories)
    user = prompt.user.replace("{categories}", listed)
    return Question(
        prompt.system,
        user.replace("{age_limit}", str(policy.age_limit_years)),
        schema(categories),
        profile.max_tokens,
    )


def schema(categories: Sequence[Category]) -> dict[str, Any]:
    """The JSON schema of a reply, bounded so that no model can go on for ever."""
    item = {
        "type": "object",
        "properties": {
            "text": {"type": "string", "maxLength": MOST_LETTERS},
            "category": {"type": "string", "enum": [each.value for each in categories]},
        },
        "required": ["text", "category"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"phi": {"type": "array", "items": item, "maxItems": MOST_ITEMS}},
        "required": ["phi"],
        "additionalProperties": False,
    }


def prompt_id(settings: Settings) -> str:
    """Name and hash of all the model is told, for the manifest."""
    asked = question(
        load_prompt(settings.model.prompt), settings.policy, settings.model.loaded
    )
    told = json.dumps([asked.system, asked.user, asked.schema], sort_keys=True)
    return f"{settings.model.prompt}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def model_name(settings: Settings) -> str:
    """The models asked, for the manifest: of a path only the last part."""
    model = settings.model
    names = {"vllm": model.loaded.model, "openai": endpoint_model(settings)}
    return "+".join(
        names[each].rstrip("/").rpartition("/")[2] for each in settings.model_detectors
    )


def endpoint_model(settings: Settings) -> str:
    """The model's name at the service behind ``openai``."""
    return settings.model.endpoint.model or settings.model.loaded.model


# --- the reply ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reply:
    """What a backend brought back. ``finish`` is why the model stopped."""

    text: str = field(repr=False)
    finish: str | None
    tokens_in: int = 0
    tokens_out: int = 0
    refused: bool = False


class Backend(Protocol):
    """Carries questions to a model. Many may be under way at once.

    It keeps to the time limit, and tries again what failed on the way.

    Raises:
        DetectionError: If no reply came.
        ServiceDownError: If none will come any more.
    """

    async def ask(self, question: Question) -> Reply:
        """The reply to one question."""
        ...


def parse(reply: Reply, allowed: frozenset[Category]) -> list[tuple[PhiText, Category]]:
    """The pieces of PHI a reply names.

    Raises:
        ModelReplyError: If it was cut off, refused, is empty, full, or not the schema.
    """
    if reply.refused:
        raise ModelReplyError("the model refused", "refused_reply", _STAGE)
    if reply.finish not in _FINISHED:
        raise ModelReplyError("the reply is cut off", "cut_off_reply", _STAGE)
    if not reply.text.strip():
        raise ModelReplyError("the reply is empty", "empty_reply", _STAGE)
    items = _items(reply.text)
    if len(items) >= MOST_ITEMS:
        raise ModelReplyError("the reply is full", "full_reply", _STAGE)
    return [_item(each, allowed) for each in items]


def _items(text: str) -> list[Any]:
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        raise ModelReplyError("the reply is no JSON", stage="detect") from None
    if not (isinstance(value, dict) and value.keys() == {"phi"}):
        raise ModelReplyError("the reply is not the schema", stage="detect")
    items = value["phi"]
    if not isinstance(items, list):
        raise ModelReplyError("the reply is not the schema", stage="detect")
    return items


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; of a key that comes twice nobody knows which value is meant."""
    if len(dict(pairs)) != len(pairs):
        raise ModelReplyError("the reply is not the schema", stage="detect")
    return dict(pairs)


def _item(item: Any, allowed: frozenset[Category]) -> tuple[PhiText, Category]:
    if not (isinstance(item, dict) and item.keys() == {"text", "category"}):
        raise ModelReplyError("the reply is not the schema", stage="detect")
    text, category = item["text"], item["category"]
    if not (isinstance(text, str) and isinstance(category, str)):
        raise ModelReplyError("the reply is not the schema", stage="detect")
    if len(text) >= MOST_LETTERS:
        raise ModelReplyError("a text is cut off", "full_reply", _STAGE)
    if category not in {each.value for each in allowed}:
        raise ModelReplyError("the reply is not the schema", stage="detect")
    return SecretStr(text), Category(category)


# --- the detector ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says of an instance, and what asking it took.

    ``error`` is set if a picture got no usable reply: then nothing is known.
    """

    findings: tuple[Finding, ...] = field(default=(), repr=False)
    usage: Usage = field(default=Usage())
    error: DetectionError | None = None

    @classmethod
    def united(cls, answers: Iterable["Answer"]) -> "Answer":
        """What all of them say together; nothing is known if one of them failed."""
        answers = list(answers)
        return cls(
            tuple(finding for each in answers for finding in each.findings),
            sum((each.usage for each in answers), Usage()),
            next((each.error for each in answers if each.error is not None), None),
        )


class Model:
    """A vision language model as a detector of one process.

    Args:
        name: Of the detector; findings bear it as their source.
        backend: Carries the questions.
        settings: Prompt, policy, attempts and limits.

    Raises:
        ConfigError: If there is no such prompt or profile.
    """

    def __init__(self, name: str, backend: Backend, settings: Settings) -> None:
        self.name = name
        self._backend = backend
        self._settings = settings.model
        self._policy = settings.policy
        prompt = load_prompt(settings.model.prompt)
        self._question = question(prompt, settings.policy, settings.model.loaded)
        self._free = asyncio.Semaphore(settings.model.in_flight)

    async def ask(self, shown: Sequence[Picture]) -> Answer:
        """What the model says of an instance, all its pictures asked at once.

        Raises:
            ServiceDownError: If the model is gone for good.
        """
        return Answer.united(await asyncio.gather(*(self._one(each) for each in shown)))

    async def _one(self, picture: Picture) -> Answer:
        usage, error = Usage(), ModelReplyError(stage="detect")
        for attempt in range(self._settings.attempts):
            again = _RETRY_TEMPERATURE if attempt else 0.0
            asked = replace(
                self._question, png=picture.png, temperature=again, seed=attempt
            )
            try:
                async with self._free:
                    reply = await self._backend.ask(asked)
                usage += Usage(1, reply.tokens_in, reply.tokens_out)
                found = parse(reply, self._policy.phi)
            except ModelReplyError as wrong:
                error = wrong
            except DetectionError as lost:  # the backend has tried again already
                return Answer(usage=usage, error=lost)
            else:
                return Answer(self._findings(found, picture), usage)
        return Answer(usage=usage, error=error)

    def _findings(
        self, found: Sequence[tuple[PhiText, Category]], picture: Picture
    ) -> tuple[Finding, ...]:
        return tuple(
            Finding(picture.frames, text, category, self.name, view=picture.view)
            for text, category in found
            if not (category is Category.AGE and self._is_young(text))
        )

    def _is_young(self, text: PhiText) -> bool:
        """Whether the text is nothing but an age that the policy lets stay."""
        folded = fold(text.get_secret_value()).strip()
        plain = re.fullmatch(r"0*(\d{1,3})\s*(?:Y|YO|YRS?|YEARS?)?", folded)
        years = [int(plain.group(1))] if plain else [age for *_, age in find_ages(folded)]
        return len(years) == 1 and years[0] <= self._policy.age_limit_years

    def answer(self, shown: Sequence[Picture]) -> Answer:
        """:meth:`ask` for code that is not asynchronous; from any thread.

        Raises:
            ServiceDownError: If the model is gone for good.
        """
        return asyncio.run_coroutine_threadsafe(self.ask(shown), _loop()).result()


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    """One event loop for all models of a process, in a thread of its own."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="maskray-model", daemon=True).start()
    return loop


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Runs a coroutine on the loop of :meth:`Model.answer`."""
    return asyncio.run_coroutine_threadsafe(work, _loop()).result()
