"""How evaluators are switched on, given options and added by teams."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from talks import talk

from bot.config.settings import load
from bot.wiring.evaluators import evaluators_of
from evaluators.base import Traits, traits_of
from evaluators.options import read_options, versioned
from evaluators.registry import BUILT_IN, DEFAULT_ON, build
from evaluators.run import run
from traces.errors import BadConfig
from traces.model import Score

OWN = '''
from dataclasses import dataclass
from evaluators.plugins import evaluator
from traces.model import Direction, Score

@evaluator("Did the agent shout?", version="3")
def shouting(conversation):
    """The agent writes in capitals."""
    return any(m.content.isupper() for m in conversation.messages if m.role == "assistant")

class Patient:
    name, version, when, bad = "patient", "1", "arrival", Direction.DOWN
    summary, question = "Counts turns.", "Was the user patient?"
    yes_label, no_label = "Yes", "No"

    @dataclass(frozen=True)
    class Options:
        turns: int = 3

    def __init__(self, options=Options()):
        self.options = options

    def evaluate(self, conversation):
        return Score(name=self.name, value=float(len(conversation.messages) > self.options.turns))

nothing = 3
'''


@dataclass(frozen=True)
class Sample:
    limit: int = 3
    mode: Literal["a", "b"] = "a"
    kinds: tuple[str, ...] = field(default=("x",), metadata={"choices": ("x", "y")})


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(OWN)
    return path


@pytest.fixture
def talking():
    return talk(("user", "hello"), ("assistant", "HELLO"))


def names(**kwargs):
    return [evaluator.name for evaluator in build(**kwargs)]


def test_only_the_default_set_runs_until_more_is_enabled():
    assert names() == list(DEFAULT_ON)
    assert set(names(enabled=list(BUILT_IN))) == set(BUILT_IN)


def test_every_mistake_in_the_evaluators_section_is_told_at_once_with_what_was_meant():
    with pytest.raises(BadConfig) as caught:
        build(["refusl"], enabled=["tool_eror"], options={"rephrse": {}, "refusal": {"limit": 1}}, plugins=["nowhere"])
    told = "\n".join(caught.value.mistakes)
    for words in (
        "evaluators.disabled: 'refusl' is no evaluator; did you mean refusal?",
        "evaluators.enabled: 'tool_eror' is no evaluator; did you mean tool_error?",
        "evaluators.options: 'rephrse' is no evaluator; did you mean rephrase?",
        "evaluators.options.refusal.limit: unknown option; there are none",
        "evaluators.plugins: 'nowhere' is no path",
    ):
        assert words in told
    assert len(caught.value.mistakes) == 5


def test_options_are_read_into_a_frozen_value_and_every_mistake_is_named():
    assert read_options(Sample, {"limit": 5, "kinds": ["y"]}, "o") == Sample(limit=5, kinds=("y",))
    with pytest.raises(BadConfig) as caught:
        read_options(Sample, {"limt": 1, "limit": "many", "mode": "c", "kinds": ["z"]}, "o")
    told = sorted(caught.value.mistakes)
    assert [line.split(":")[0] for line in told] == ["o.kinds", "o.limit", "o.limt", "o.mode"]
    assert "did you mean limit?" in told[2]


def test_other_options_make_another_version():
    assert versioned("1", Sample()) == versioned("1", None) == "1"
    assert versioned("1", Sample(limit=4)) not in {"1", versioned("1", Sample(limit=5))}


def test_an_evaluator_says_its_layer_needs_and_cost_and_has_the_usual_ones_otherwise():
    [refusal] = [e for e in build() if e.name == "refusal"]
    assert traits_of(refusal) == Traits()
    [feedback] = [e for e in build() if e.name == "user_feedback"]
    assert traits_of(feedback).needs == ("feedback",)


def test_a_function_of_the_team_in_a_file_becomes_an_evaluator(own, talking):
    *_, shouting = build(plugins=[f"{own}:shouting"])
    assert (shouting.name, shouting.version, shouting.summary) == ("shouting", "3", "The agent writes in capitals.")
    assert run(shouting, talking) == Score(name="shouting", value=1.0, evaluator_version="3")


def test_a_class_of_the_team_takes_options_from_the_configuration(own, talking):
    *_, strict = build(plugins=[f"{own}:Patient"], options={"patient": {"turns": 1}})
    *_, usual = build(plugins=[f"{own}:Patient"])
    assert (run(strict, talking).value, run(usual, talking).value) == (1.0, 0.0)
    with pytest.raises(BadConfig, match="did you mean turns"):
        build(plugins=[f"{own}:Patient"], options={"patient": {"trns": 1}})


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("{own}:nothing", "no evaluator: it lacks"),
        ("{own}:missing", "missing"),
        ("{own}.py:x", "there is no file"),
        ("no_such_module_at_all:x", "cannot be loaded: ModuleNotFoundError"),
        ("{broken}:x", "cannot be loaded: ZeroDivisionError"),
        ("a:b:", "write module:name"),
    ],
)
def test_a_plugin_that_cannot_be_used_is_told_in_one_line(own, tmp_path, path, says):
    broken = tmp_path / "broken.py"
    broken.write_text("1 / 0\n")
    with pytest.raises(BadConfig) as caught:
        build(plugins=[path.format(own=own, broken=broken)])
    [mistake] = caught.value.mistakes
    assert says in mistake
    assert "\n" not in mistake


def test_a_plugin_may_not_take_the_name_of_another_evaluator(own):
    text = OWN.replace("def shouting", "def refusal")
    taken = own.with_name("taken.py")
    taken.write_text(text)
    with pytest.raises(BadConfig, match="the name refusal is taken"):
        build(plugins=[f"{taken}:refusal"])


def test_an_installed_package_offers_evaluators_that_run_when_they_are_enabled(tmp_path, monkeypatch, own):
    (tmp_path / "offered_by_team.py").write_text(OWN)
    info = tmp_path / "offered-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: offered\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[hark.evaluators]\nshouting = offered_by_team:shouting\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "shouting" not in names()
    assert "shouting" in names(enabled=["shouting"])


def test_the_example_of_the_page_on_evaluators_of_ones_own_works(tmp_path):
    page = (Path(__file__).parents[3] / "docs" / "evaluators-own.md").read_text(encoding="utf-8")
    path = tmp_path / "shop_evaluators.py"
    path.write_text(page.split("```python\n")[1].split("```")[0])
    *_, promised = build(plugins=[f"{path}:promised_date"])
    assert run(promised, talk(("user", "when?"), ("assistant", "delivered by 3 May"))).value == 1.0
    assert run(promised, talk(("user", "when?"))) is None


def test_the_settings_file_switches_configures_and_adds(tmp_path, own):
    (tmp_path / "hark.toml").write_text(
        f'[evaluators]\ndisabled = ["refusal"]\nplugins = ["{own}:Patient"]\n[evaluators.options.patient]\nturns = 9\n'
    )
    found = {e.name: e for e in evaluators_of(load({}, tmp_path))}
    assert found["patient"].options.turns == 9
    assert "refusal" not in found
