"""What counts as PHI, from defaults and from YAML."""

import pytest
from pydantic import ValidationError

from maskray.errors import ConfigError
from maskray.policy import NOT_CHOOSABLE, Policy
from maskray.records import Category
from maskray.settings import Settings, load_yaml, validated

ALWAYS = set(Category) - {Category.SEX, Category.UNKNOWN, Category.CLINICAL}


def test_the_default_hides_all_but_sex_and_clinical_text():
    policy = Policy()
    hidden = {category for category in Category if policy.hides(category)}
    assert hidden == ALWAYS | {Category.UNKNOWN}
    assert policy.age_limit_years == 89


@pytest.mark.parametrize(
    ("unknown_text", "hides"), [("mask", True), ("review", False), ("keep", False)]
)
def test_unknown_text_is_hidden_only_if_it_is_masked(unknown_text, hides):
    assert Policy(unknown_text=unknown_text).hides(Category.UNKNOWN) is hides


@pytest.mark.parametrize("category", sorted(ALWAYS))
def test_a_category_left_out_is_not_hidden(category):
    policy = Policy(phi=frozenset({category}))
    assert policy.hides(category)
    assert not any(policy.hides(other) for other in ALWAYS - {category})


def test_clinical_text_is_never_hidden():
    assert not Policy().hides(Category.CLINICAL)
    assert Category.CLINICAL in NOT_CHOOSABLE
    assert Category.UNKNOWN in NOT_CHOOSABLE


@pytest.mark.parametrize("category", sorted(NOT_CHOOSABLE))
def test_what_is_not_choosable_cannot_be_chosen(category):
    with pytest.raises(ValidationError):
        Policy(phi=frozenset({category}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"unknown_text": "ignore"},
        {"unknown_text": True},
        {"phi": ["nmae"]},
        {"phi": "name"},
        {"age_limit_years": -1},
        {"age_limit_years": 151},
        {"age_limit_years": "old"},
        {"allow": [""]},
        {"allow": ["  "]},
        {"name": ""},
        {"name": "Has Spaces"},
        {"name": "a" * 42},
        {"name": "../etc"},
        {"unknwon_text": "mask"},
        {"mask": "mask"},
    ],
)
def test_a_wrong_policy_is_refused(wrong):
    with pytest.raises(ValidationError):
        Policy.model_validate(wrong)


def test_a_policy_cannot_be_changed():
    with pytest.raises(ValidationError):
        Policy().unknown_text = "keep"  # type: ignore[misc]


@pytest.fixture
def policy_file(tmp_path):
    def write(text):
        path = tmp_path / "policy.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_policy_is_read_from_yaml(policy_file):
    path = policy_file(
        "name: breast-study\n"
        "phi: [name, patient_id, birth_date]\n"
        "age_limit_years: 0\n"
        "unknown_text: review\n"
        "allow: [Saltmarsh protocol, Größe]\n"
    )
    assert load_yaml(Policy, path, "policy") == Policy(
        name="breast-study",
        phi=frozenset({Category.NAME, Category.PATIENT_ID, Category.BIRTH_DATE}),
        age_limit_years=0,
        unknown_text="review",
        allow=("Saltmarsh protocol", "Größe"),
    )


def test_an_empty_list_switches_every_category_off(policy_file):
    policy = load_yaml(Policy, policy_file("phi: []\nunknown_text: keep\n"), "policy")
    assert not any(policy.hides(category) for category in Category)


@pytest.mark.parametrize(
    "text", ["", "just words", "- a\n- list", "phi: [name", "name: !!python/object:os.x {}"]
)
def test_a_file_that_is_no_policy_is_a_wrong_configuration(policy_file, text):
    with pytest.raises(ConfigError):
        load_yaml(Policy, policy_file(text), "policy")


def test_a_missing_policy_file_is_a_wrong_configuration(tmp_path):
    with pytest.raises(ConfigError, match="cannot read the policy file"):
        load_yaml(Policy, tmp_path / "nothing.yaml", "policy")


def test_the_complaint_names_the_key_and_not_the_value(policy_file):
    path = policy_file("unknown_text: CANARY-VALUE\nallow: ['']\n")
    with pytest.raises(ConfigError) as caught:
        load_yaml(Policy, path, "policy")
    assert "unknown_text" in str(caught.value)
    assert "allow" in str(caught.value)
    assert "CANARY" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_policy_is_part_of_what_the_settings_digest_tells_apart():
    weaker = validated(Settings, {"policy": {"unknown_text": "keep"}}, "settings")
    allowing = validated(Settings, {"policy": {"allow": ["QA"]}}, "settings")
    digests = {Settings().digest, weaker.digest, allowing.digest}
    assert len(digests) == 3
    assert Settings().digest == Settings().digest
