"""A before/after study: what its file may say, how its figures are pooled, and what its page claims."""

import re
from html.parser import HTMLParser

import pytest

from signals.evaluation.arm import Arm
from signals.evaluation.before_after.breakdown import SUMS
from signals.evaluation.before_after.definition import choose, load_study
from signals.evaluation.before_after.outcome import StudyOutcome
from signals.evaluation.before_after.page import build_page
from signals.evaluation.errors import EvaluationError
from signals.evaluation.report import EvaluationReport, RunResult
from signals.measures.audit import Audit
from signals.measures.tripinfo import Measures
from signals.parameter_file import ParameterFile, get_signing_key, save_parameters
from sumo_scenarios.catalog import HOME

STUDY = """
title = "Two <periods>"
network = "one network of 1 signal"
command = "changtong signals pittsburgh --study study.toml"
caveats = ["A toy."]
[before]
controller = "coordinated"
parameters = { max_gap_s = 2.5 }
[after]
controller = "adaptive"
sensing = "loops"
is_untuned = true
[target]
waiting_s = -41
travel_time_s = -26
[[period]]
name = "am"
title = "Morning peak"
scenario = "isolated"
[[period]]
name = "pm"
title = "Evening peak"
scenario = "corridor"
[[case]]
name = "stadium"
title = "A stadium empties"
scenario = "grid"
[[published]]
title = "Elsewhere"
note = "a vendor's claim."
[published.overall]
waiting_s = -40.64
travel_time_s = -25.79
[published.period.am]
waiting_s = -47.78
[published.verified]
overall = ["waiting_s"]
"""


def write(folder, text=STUDY):
    """A study's file."""
    file = folder / "study.toml"
    file.write_text(text, encoding="utf-8")
    return file


def build_run(label, seed, vehicles, waiting_s, travel_s, free_s, walkers=None, red_s=30.0):
    """A run whose vehicles all wait, travel and drive freely so long."""
    sums = dict.fromkeys(SUMS, 0.0)
    sums |= {"vehicles": vehicles, "waiting_s": vehicles * waiting_s, "travel_time_s": vehicles * travel_s}
    sums |= {"free_flow_s": vehicles * free_s, "on_road_s": vehicles * travel_s, "distance_m": vehicles * 1000.0}
    sums |= {"co2_g": vehicles * 200.0, "free_flow_co2_g": vehicles * 150.0, "stops": vehicles}
    numbers = dict.fromkeys((f for f in Measures.__dataclass_fields__), 0)
    details = {
        "classes": {"all": sums, "type car": sums},
        "walkers": walkers or {},
        "longest_red_s": {"J1": [red_s, 3.0, 100.0]},
    }
    return RunResult(label, seed, Measures(**numbers), Audit((), 1, 4, 6, 10, 3600.0), {}, 1.0, details)


def build_outcome(folder, before, after, walkers=({}, {}), names=("am", "pm")):
    """``before`` and ``after``: by period and seed, (vehicles, waiting, travel, free)."""
    definition = load_study(write(folder))
    periods = choose(definition, names, ())
    reports = {}
    for k, period in enumerate(periods):
        runs = [build_run("before", seed, *row, walkers=walkers[0]) for seed, row in enumerate(before[k], 1)]
        runs += [build_run("after", seed, *row, walkers=walkers[1], red_s=44.0) for seed, row in enumerate(after[k], 1)]
        arms = (period.before, period.after)
        reports[period.name] = EvaluationReport(period.scenario, arms, tuple(range(1, 3)), tuple(runs), "1.28.0")
    return StudyOutcome(definition, periods, reports, (1, 2), "1.28.0", "abc")


BEFORE = [[(100, 60, 160, 100), (100, 62, 162, 100)], [(300, 20, 120, 100), (300, 22, 122, 100)]]
AFTER = [[(100, 30, 130, 100), (100, 31, 131, 100)], [(300, 10, 110, 100), (300, 11, 111, 100)]]


def test_the_pittsburgh_study_stands():
    """Four periods, two cases, twelve test drives; every figure that is published for a period is of a period."""
    found = load_study(HOME / "pittsburgh50" / "study.toml")
    assert [period.name for period in found.periods] == ["am", "midday", "pm", "evening"]
    assert [case.name for case in found.cases] == ["incident", "stadium"]
    assert len(found.routes) == 12
    assert {target.measure: target.percent for target in found.targets} == {
        "waiting_s": -41, "travel_time_s": -26, "stops": -31, "co2_g": -21,
    }  # fmt: skip
    pilot, fifty = found.published
    assert set(pilot.percent) == {"", "am", "midday", "pm", "evening"}
    assert ("pm", "stops") not in pilot.verified
    assert pilot.verified < {(period, measure) for period, row in pilot.percent.items() for measure in row}
    assert set(fifty.percent) == {""}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "Two <periods>"\n', "", r"title is missing"),
        ("[[period]]", "[[era]]", r"there is no \[\[period\]\]"),
        ('controller = "coordinated"', 'controller = "cordinated"', "no controller 'cordinated'; choose from fixed"),
        ('sensing = "loops"', 'sensing = "lops"', "no sensing 'lops'; choose from ideal"),
        ('name = "pm"', 'name = "am"', "the name 'am' is given twice"),
        ("parameters = { max_gap_s = 2.5 }", 'file = "none.json"', "none.json: No such file"),
        ("[before]", "before = 3\n[other_table]", "not a study"),
        ("[target]", "[target", "study.toml: "),
    ],
)
def test_a_wrong_study_is_one_sentence(tmp_path, old, new, message):
    """The file is named, and what may stand there."""
    with pytest.raises(Exception, match=message) as caught:
        load_study(write(tmp_path, STUDY.replace(old, new)))
    assert type(caught.value).__name__ in {"EvaluationError", "ParameterFileError"}
    assert str(tmp_path) in str(caught.value)


def test_periods_and_cases_are_chosen_by_name(tmp_path):
    """In the study's order; a wrong name lists all, and cases alone are no study."""
    definition = load_study(write(tmp_path))
    assert [p.name for p in choose(definition, ("pm", "am"), ("stadium",))] == ["am", "pm", "stadium"]
    with pytest.raises(EvaluationError, match="no period 'noon'; choose from am, pm"):
        choose(definition, ("noon",), ())
    with pytest.raises(EvaluationError, match="no case 'am'; choose from stadium"):
        choose(definition, ("am",), ("am",))
    with pytest.raises(EvaluationError, match="at least one period"):
        choose(definition, (), ("stadium",))


def test_a_tuned_before_is_signed_by_the_key_that_the_study_names(tmp_path, monkeypatch):
    """Its parameters and training seeds are the file's; another key, or another controller, is refused."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    key, _ = get_signing_key()
    content = ParameterFile("coordinated", {"max_gap_s": 4.0}, "fixed", "abc", {}, (21, 22), (1.0,), "loops", 9, -0.1)
    signed = save_parameters(tmp_path / "before.json", content, key)
    text = STUDY.replace("parameters = { max_gap_s = 2.5 }", 'file = "before.json"')
    before = load_study(write(tmp_path, f'signed_by = "{signed.signed_by}"\n{text}')).periods[0].before
    assert (before.parameters, before.training_seeds) == ({"max_gap_s": 4.0}, (21, 22))
    with pytest.raises(EvaluationError, match=r"not signed by the key that study\.toml names"):
        load_study(write(tmp_path, text))
    wrong = text.replace('controller = "coordinated"', 'controller = "actuated"')
    with pytest.raises(EvaluationError, match="it is for the controller coordinated, and before is actuated"):
        load_study(write(tmp_path, f'signed_by = "{signed.signed_by}"\n{wrong}'))


def test_files_are_found_by_the_name_of_the_period(tmp_path, monkeypatch):
    """Where there is one; a case takes the file of the period that it is tuned as; the others are shouted."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    key, _ = get_signing_key()
    content = ParameterFile("coordinated", {"max_gap_s": 4.0}, "fixed", "abc", {}, (21, 22), (1.0,), "loops", 9, -0.1)
    signed = save_parameters(tmp_path / "before-pm.json", content, key)
    text = STUDY.replace("parameters = { max_gap_s = 2.5 }", 'files = "before-{period}.json"')
    text = text.replace('scenario = "grid"', 'scenario = "grid"\ntuned_as = "pm"')
    found = load_study(write(tmp_path, f'signed_by = "{signed.signed_by}"\n{text}'))
    assert [dict(row.before.parameters) for row in (*found.periods, *found.cases)] == [
        {}, {"max_gap_s": 4.0}, {"max_gap_s": 4.0},
    ]  # fmt: skip
    assert found.notices == ("before: Coordinated actuated runs with its defaults; nobody tuned it.",)


def test_a_before_that_nobody_tuned_is_shouted(tmp_path):
    """Defaults against a tuned controller are no comparison."""
    untuned = load_study(write(tmp_path, STUDY.replace("parameters = { max_gap_s = 2.5 }\n", "")))
    assert untuned.notices == ("before: Coordinated actuated runs with its defaults; nobody tuned it.",)
    assert load_study(write(tmp_path)).notices == ()


def test_periods_are_pooled_vehicle_by_vehicle(tmp_path):
    """100 vehicles at 60 s and 300 at 20 s wait 30 s, not 40; the paired change is over these."""
    outcome = build_outcome(tmp_path, BEFORE, AFTER)
    both = outcome.list_overall()
    assert outcome.get_values(both, "before", "waiting_s") == [30.0, 32.0]
    assert outcome.get_values(("am",), "before", "waiting_s") == [60.0, 62.0]
    change = outcome.get_change(both, "waiting_s")
    assert change.percent == pytest.approx(-50.0)
    assert change.difference.per_seed == (-15.0, -16.0)
    assert outcome.get_values(both, "before", "speed_kmh")[0] == pytest.approx(3600 / 130)


def test_walkers_are_pooled_by_their_waits(tmp_path):
    """Mean and 95th percentile are of all who walked in any of the periods."""
    outcome = build_outcome(tmp_path, BEFORE, AFTER, walkers=({"10": 90, "60": 10}, {"20": 100}))
    means, tails = outcome.get_walkers(("am", "pm"), "before")
    assert means == [15.0, 15.0]
    assert tails == [60.0, 60.0]
    assert outcome.get_walkers(("am",), "after") == ([20.0, 20.0], [20.0, 20.0])


def test_a_missed_target_says_by_how_much_and_what_limits_it(tmp_path):
    """Of 131 s of travel 100 are driving: no control can take more than 24 %, so that -26 % is beyond any."""
    waiting, travel = build_outcome(tmp_path, BEFORE, AFTER).list_limits()
    assert waiting.is_met
    assert waiting.possible == -100.0
    assert not travel.is_met
    assert travel.points_short == pytest.approx(26 - 100 * 15.5 / 131)
    assert travel.possible == pytest.approx(-100 * 31 / 131)
    assert travel.taken == pytest.approx(50.0)
    page = build_page(build_outcome(tmp_path, BEFORE, AFTER))
    assert "missed by 14.2 percentage points" in page
    assert "beyond what any signal control could reach" in page


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []
        self.tags = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        # clip paths and markers within a picture are its own
        self.found += [v for k, v in attrs if k in {"src", "href", "xlink:href"} and not (v or "").startswith("#")]


def test_the_page_needs_nothing_from_anywhere(tmp_path):
    """One file: no script, no image, no style sheet, no font of others; and the same study gives the same bytes."""
    outcome = build_outcome(tmp_path, BEFORE, AFTER, walkers=({"10": 1}, {"20": 1}))
    page = build_page(outcome)
    links = _Links()
    links.feed(page)
    assert links.found == []
    assert not links.tags & {"script", "link", "img", "iframe", "object"}
    assert not re.search(r"@import|@font-face|url\((?!#)", page)
    assert page == build_page(outcome)
    assert "Two &lt;periods&gt;" in page
    assert "Two <periods>" not in page


def test_the_first_screen_claims_what_holds(tmp_path):
    """Network, baseline, sensors and interval are in the sentence; few seeds are shouted; published cells that nobody
    verified are marked.
    """
    page = build_page(build_outcome(tmp_path, BEFORE, AFTER))
    first = page[: page.index("What changed")]
    assert "50 % less waiting than coordinated actuated control" in first
    assert "95 % interval" in first
    assert "loop detectors only" in first
    assert "reproduce" not in first
    assert "Fewer than five seeds" in first
    assert "−40.6 %<" in page
    assert "−25.8 % †" in page
    assert "−47.8 % †" in page
    assert "44 s at J1 link 3" in page


def test_a_conventional_controller_that_beats_the_before_is_shouted(tmp_path):
    """The before has to be the best that conventional control can do."""
    outcome = build_outcome(tmp_path, BEFORE, AFTER)
    other = Arm("as shipped", "fixed")
    for k, name in enumerate(("am", "pm")):
        report = outcome.reports[name]
        runs = tuple(build_run("as shipped", seed, *AFTER[k][seed - 1]) for seed in (1, 2))
        outcome.reports[name] = EvaluationReport(
            report.scenario, (*report.arms, other), report.seeds, (*report.runs, *runs), "1.28.0"
        )
    object.__setattr__(outcome.definition, "others", (other,))
    assert any("the before is not the best there is" in notice for notice in outcome.list_notices())
    assert "Other controllers" in build_page(outcome)
