"""What a model is asked, and that only a whole, plain reply counts as an answer."""

import asyncio
import json

import pytest
from pydantic import SecretStr

from maskray.errors import ConfigError, DetectionError, ModelReplyError, ServiceDownError
from maskray.geometry import Box
from maskray.model import (
    MOST_ITEMS,
    MOST_LETTERS,
    Answer,
    Model,
    Question,
    Reply,
    load_prompt,
    model_name,
    parse,
    prompt_id,
    question,
)
from maskray.picture import Picture
from maskray.policy import Policy
from maskray.records import Category, Usage
from maskray.settings import ModelProfile, Settings, load_profile

PHI = Policy().phi
CANARY = "Zzyzxqua"


def reply(value, finish="stop", **more):
    text = value if isinstance(value, str) else json.dumps(value)
    return Reply(text, finish, 10, 5, **more)


def item(text=CANARY, category="name", **more):
    return {"text": text, "category": category, **more}


# --- the reply ------------------------------------------------------------------------


def test_a_plain_reply_is_an_answer():
    found = parse(reply({"phi": [item("DOE"), item("1961", "date")]}), PHI)
    assert [(text.get_secret_value(), category) for text, category in found] == [
        ("DOE", Category.NAME),
        ("1961", Category.DATE),
    ]


def test_an_empty_list_is_an_answer():
    assert parse(reply({"phi": []}), PHI) == []
    assert parse(reply(' {"phi": []}\n'), PHI) == []


UNUSABLE = {
    "cut off": (reply({"phi": []}, "length"), "cut_off_reply"),
    "aborted": (reply({"phi": []}, "abort"), "cut_off_reply"),
    "no reason given": (reply({"phi": []}, None), "cut_off_reply"),
    "a tool called": (reply({"phi": []}, "tool_calls"), "cut_off_reply"),
    "refused": (reply({"phi": []}, refused=True), "refused_reply"),
    "empty": (reply(""), "empty_reply"),
    "blank": (reply(" \n\t "), "empty_reply"),
    "prose": (reply(f"I see {CANARY} in it."), "unusable_reply"),
    "fenced": (reply('```json\n{"phi": []}\n```'), "unusable_reply"),
    "two values": (reply('{"phi": []}{"phi": []}'), "unusable_reply"),
    "half a value": (reply('{"phi": [{"text": "' + CANARY), "unusable_reply"),
    "a list": (reply([]), "unusable_reply"),
    "null": (reply("null"), "unusable_reply"),
    "nothing in it": (reply({}), "unusable_reply"),
    "another key": (reply({"PHI": []}), "unusable_reply"),
    "one key more": (reply({"phi": [], "note": CANARY}), "unusable_reply"),
    "a key twice": (
        reply('{"phi": [{"text": "X", "category": "name"}], "phi": []}'),
        "unusable_reply",
    ),
    "no list": (reply({"phi": {}}), "unusable_reply"),
    "null for a list": (reply({"phi": None}), "unusable_reply"),
    "a string for an item": (reply({"phi": [CANARY]}), "unusable_reply"),
    "an item without category": (reply({"phi": [{"text": CANARY}]}), "unusable_reply"),
    "an item with more": (reply({"phi": [item(box=[0, 0, 1, 1])]}), "unusable_reply"),
    "a number for a text": (reply({"phi": [item(5)]}), "unusable_reply"),
    "null for a text": (reply({"phi": [item(None)]}), "unusable_reply"),
    "an unknown category": (reply({"phi": [item(category="shoe")]}), "unusable_reply"),
    "a category that is no PHI here": (
        reply({"phi": [item("F", "sex")]}),
        "unusable_reply",
    ),
    "unknown as a category": (reply({"phi": [item(category="unknown")]}), "unusable_reply"),
    "a list for a category": (reply({"phi": [item(category=[])]}), "unusable_reply"),
    "a full list": (reply({"phi": [item()] * MOST_ITEMS}), "full_reply"),
    "more than a full list": (reply({"phi": [item()] * 5000}), "full_reply"),
    "a full text": (reply({"phi": [item("x" * MOST_LETTERS)]}), "full_reply"),
    "nested too deep": (reply("[" * 100_000), "unusable_reply"),
    "no number": (reply('{"phi": NaN}'), "unusable_reply"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_anything_else_is_no_answer_and_is_not_quoted(case):
    unusable, code = UNUSABLE[case]
    with pytest.raises(ModelReplyError) as caught:
        parse(unusable, PHI)
    assert caught.value.code == code
    assert caught.value.stage == "detect"
    assert CANARY not in str(caught.value) + repr(caught.value.args)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_list_that_is_nearly_full_is_an_answer():
    assert len(parse(reply({"phi": [item()] * (MOST_ITEMS - 1)}), PHI)) == MOST_ITEMS - 1
    parse(reply({"phi": [item("x" * (MOST_LETTERS - 1))]}), PHI)


def test_a_reply_does_not_show_its_text():
    assert CANARY not in repr(reply({"phi": [item()]}))


# --- the question ---------------------------------------------------------------------


PLAIN = Policy()


def asked(policy=PLAIN, profile="llama4-scout"):
    return question(load_prompt("phi-1"), policy, load_profile(profile))


def test_all_that_is_fixed_stands_before_the_picture():
    system, user = asked().chat({"type": "image"})
    assert system["role"] == "system"
    assert [part["type"] for part in user["content"]] == ["text", "image"]
    other = Question("s", "u", {}, 5, b"png").chat({"type": "image"})
    assert other[0] == {"role": "system", "content": "s"}


def test_the_model_is_told_what_the_policy_hides_and_may_answer_nothing_else():
    plain = asked()
    assert "{categories}" not in plain.user
    assert "above 89 years" in plain.user
    assert "- sex:" not in plain.user
    few = asked(Policy(phi=frozenset({Category.NAME, Category.SEX}), age_limit_years=0))
    assert "- sex:" in few.user
    assert "- date:" not in few.user
    items = few.schema["properties"]["phi"]["items"]
    assert items["properties"]["category"]["enum"] == ["name", "sex"]


def test_every_category_that_can_be_phi_is_explained():
    assert set(load_prompt("phi-1").categories) >= set(Category) - {
        Category.UNKNOWN,
        Category.CLINICAL,
    }


def test_the_examples_in_the_prompt_are_answers():
    examples = [each for each in asked().user.splitlines() if each.startswith("{")]
    assert len(examples) == 2
    for each in examples:
        parse(reply(each), PHI)
        assert each == json.dumps(json.loads(each)), "the engine writes them so"


def test_the_schema_bounds_what_a_model_can_write():
    phi = asked().schema["properties"]["phi"]
    assert phi["maxItems"] == MOST_ITEMS
    assert phi["items"]["properties"]["text"]["maxLength"] == MOST_LETTERS
    assert phi["items"]["additionalProperties"] is False


def test_the_manifest_tells_prompts_and_models_apart():
    plain = Settings(detectors=("vllm",))
    other = plain.model_copy(update={"policy": Policy(age_limit_years=0)})
    assert prompt_id(plain) == prompt_id(Settings())
    assert prompt_id(plain).startswith("phi-1-")
    assert prompt_id(plain) != prompt_id(other)
    assert model_name(plain) == "Llama-4-Scout-17B-16E-Instruct-FP8-dynamic"
    both = Settings.model_validate(
        {
            "detectors": ["openai", "vllm"],
            "model": {"path": "/data/secret/weights/", "endpoint": {"model": "o/gpt"}},
        }
    )
    assert model_name(both) == "weights+gpt"


def test_no_prompt_of_that_name_is_an_error_of_configuration():
    with pytest.raises(ConfigError):
        load_prompt("phi-0")
    with pytest.raises(ConfigError):
        load_profile("llama5")


@pytest.mark.parametrize(
    "name", ["llama4-scout", "llama4-maverick", "qwen3-vl", "tiny-llama4"]
)
def test_shipped_profiles_are_whole_and_their_context_holds_a_picture(name):
    profile = load_profile(name)
    assert isinstance(profile, ModelProfile)
    tiles = (profile.max_px // 336) ** 2
    most_tokens = 144 * (tiles + 1) + tiles + 3 + profile.max_tokens + 600
    assert profile.engine["max_model_len"] >= most_tokens
    assert profile.engine["limit_mm_per_prompt"] == {"image": 1}
    assert profile.engine["structured_outputs_config"]["disable_any_whitespace"]


# --- asking ---------------------------------------------------------------------------

PICTURE = Picture((3,), "full", Box(0, 0, 10, 10), 10, 10, b"png")


class Says:
    """A backend that gives one reply, or raises one error, after the other."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.asked = []

    async def ask(self, question):
        self.asked.append(question)
        said = self.replies.pop(0)
        if isinstance(said, Exception):
            raise said
        return said


def answer(backend, *, pictures=(PICTURE,), **settings) -> Answer:
    values = {"detectors": ["vllm"], **settings}
    return Model("vllm", backend, Settings.model_validate(values)).answer(pictures)


def test_findings_bear_frame_source_and_category_and_no_place():
    said = answer(Says(reply({"phi": [item("DOE")]})))
    (finding,) = said.findings
    assert (finding.frames, finding.source, finding.view) == ((3,), "vllm", "full")
    assert (finding.category, finding.box) == (Category.NAME, None)
    assert said.usage == Usage(1, 10, 5)
    assert said.error is None


def test_an_unusable_reply_is_asked_for_once_more_and_otherwise():
    backend = Says(reply("no"), reply({"phi": []}))
    said = answer(backend)
    assert said.error is None
    assert said.usage == Usage(2, 20, 10)
    first, second = backend.asked
    assert (first.temperature, first.png) == (0.0, b"png")
    assert second.temperature > 0
    assert (second.system, second.user) == (first.system, first.user)


def test_a_reply_that_stays_unusable_is_an_error_and_no_answer():
    said = answer(Says(reply("no"), reply("", "length")))
    assert said.error is not None
    assert said.error.code == "cut_off_reply"
    assert said.usage == Usage(2, 20, 10)


def test_what_the_backend_could_not_do_is_not_repeated():
    backend = Says(DetectionError("late", "model_timeout"), reply({"phi": []}))
    said = answer(backend)
    assert said.error is not None
    assert said.error.code == "model_timeout"
    assert len(backend.asked) == 1


def test_one_picture_without_an_answer_makes_all_of_it_unknown():
    backend = Says(reply({"phi": [item()]}), DetectionError("gone", "engine_died"))
    said = answer(backend, pictures=(PICTURE, PICTURE))
    assert said.error is not None
    assert said.usage.pictures == 1


def test_a_model_that_is_gone_for_good_stops_the_run():
    with pytest.raises(ServiceDownError):
        answer(Says(ServiceDownError("gone")))


def test_no_pictures_no_questions():
    backend = Says()
    assert answer(backend, pictures=()) == Answer()
    assert backend.asked == []


@pytest.mark.parametrize(
    ("text", "stays"),
    [("63Y", True), ("063Y", True), ("89", True), ("63 years", True), ("90Y", False),
     ("AGE: 95 Y", False), ("Jane, 63", False), ("old", False), ("63Y 95Y", False)],
)  # fmt: skip
def test_ages_that_the_policy_lets_stay_are_no_findings(text, stays):
    said = answer(Says(reply({"phi": [item(text, "age")]})))
    assert (said.findings == ()) is stays


def test_no_more_questions_are_under_way_than_allowed():
    class Counts:
        most = now = 0

        async def ask(self, question):
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.001)
            self.now -= 1
            return reply({"phi": []})

    backend = Counts()
    answer(backend, pictures=(PICTURE,) * 40, model={"in_flight": 3})
    assert backend.most == 3


def test_an_answer_does_not_show_what_was_found():
    said = answer(Says(reply({"phi": [item()]})))
    assert CANARY not in repr(said)
    assert said.findings[0].text == SecretStr(CANARY)
