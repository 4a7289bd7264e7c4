"""One second of control: what goes wrong becomes a release and a line, and nothing raises out of it."""

from dataclasses import dataclass, field

import pytest

from signals.cabinet import Cabinet
from signals.ports import Advance, Hold, Mode, Release
from signals.safety.guard import Guard, Refusal
from signals.safety.supervisor import StepReport, Supervisor
from signals.simulation.network import read_sites
from signals.simulation.programs import read_programs
from signals.simulation.shipped_plan import build_plan
from sumo_scenarios.catalog import find_scenario


@pytest.fixture(scope="module")
def crossing():
    """The four-stage crossing of our own scenario and its plan."""
    scenario = find_scenario("isolated")
    ((signal, site),) = read_sites(scenario.net).items()
    return site.intersection, build_plan(site, read_programs(scenario)[signal], scenario)


@dataclass
class Maker:
    """Wants what it is told to want, and keeps what it was shown."""

    wanted: Hold | Advance | Release | Exception = field(default_factory=Hold)
    line: str | Exception = "S0 G20"
    shown: list = field(default_factory=list)

    def decide(self, seen, state, /):
        self.shown.append((seen, state))
        if isinstance(self.wanted, Exception):
            raise self.wanted
        return self.wanted

    def explain(self):
        if isinstance(self.line, Exception):
            raise self.line
        return self.line


class Sensors:
    """What is seen: the number of the reading; or ``trouble``."""

    def __init__(self):
        self.count, self.trouble = 0, None

    def read(self):
        if self.trouble is not None:
            raise self.trouble
        self.count += 1
        return self.count


class Street:
    """A supervisor before a cabinet, both on one clock that can be set."""

    def __init__(self, crossing, cabinet=None):
        intersection, plan = crossing
        self.plan, self.cabinet, self.time_s = plan, cabinet or Cabinet(plan), 1000.0
        self.maker, self.sensors = Maker(), Sensors()
        guard = Guard(intersection, plan)
        self.supervisor = Supervisor(self.maker, self.sensors, self.cabinet, guard, self)

    def now_s(self):
        return self.time_s

    def step(self):
        report = self.supervisor.step()
        self.cabinet.tick(1.0)
        self.time_s += 1.0
        return report

    def run(self, seconds):
        return [self.step() for _ in range(seconds)]


@pytest.fixture
def street(crossing):
    """Everything in order."""
    return Street(crossing)


def test_a_second_of_control_says_what_was_seen_wanted_and_done(street):
    """The decision is made from this second's reading and state, and the report has the state, the line and both
    commands; the cabinet has taken the command.
    """
    before = street.cabinet.read_state()
    assert street.step() == StepReport(before, Hold(), Hold(), None, "", "S0 G20")
    assert street.maker.shown == [(1, before)]
    assert street.cabinet.read_state().mode is Mode.REMOTE


def test_a_refusal_is_told_and_nothing_takes_its_place_without_need(street):
    """An advance before the minimum green: refused by name, nothing applied, no trouble."""
    street.maker.wanted = Advance(2)
    report = street.step()
    assert (report.wanted, report.applied, report.trouble, report.line) == (Advance(2), None, "", "S0 G20")
    assert report.refusal.code == "min_green"
    assert street.cabinet.read_state().mode is Mode.LOCAL


def test_what_the_guard_demands_instead_is_what_is_applied(street):
    """At the maximum green the guard's advance is carried out, and reported as such beside the refusal."""
    reports = street.run(round(street.plan.timings[0].max_green_s) + 1)
    last = reports[-1]
    assert isinstance(last.refusal, Refusal)
    assert last.refusal.code == "max_green"
    assert (last.wanted, last.applied) == (Hold(), last.refusal.instead.command)
    assert street.cabinet.read_state().target == last.applied.stage
    assert all(report.refusal is None for report in reports[:-1])


@pytest.mark.parametrize("where", ["sensors", "maker", "line"])
def test_trouble_in_sensing_or_deciding_is_a_release_with_its_reason(street, where):
    """Whoever fails, the cabinet goes back to its local plan in the same second, and the reason is in the release."""
    street.run(3)
    error = OSError("radar does not answer")
    if where == "sensors":
        street.sensors.trouble = error
    elif where == "maker":
        street.maker.wanted = error
    else:
        street.maker.line = error
    state = street.cabinet.read_state()
    words = "OSError: radar does not answer"
    assert street.step() == StepReport(state, Release(words), Release(words), None, words, "")
    assert street.cabinet.read_state().mode is Mode.LOCAL


def test_after_trouble_the_local_plan_keeps_the_street_for_ten_seconds(street):
    """Ten seconds of release without a further complaint and without asking the maker; then it decides again."""
    street.sensors.trouble = OSError("gone")
    street.step()
    street.sensors.trouble = None
    reports = street.run(10)
    assert {(r.wanted, r.applied, r.trouble, r.line) for r in reports} == {
        (Release("recovering"), Release("recovering"), "", "")
    }
    assert not street.maker.shown
    report = street.step()
    assert (report.wanted, report.line) == (Hold(), "S0 G20")
    assert len(street.maker.shown) == 1


def test_a_clock_that_stands_still_in_trouble_ends_no_recovery(street):
    """Asked again in the very second of the trouble, the local plan still has the street."""
    street.sensors.trouble = OSError("gone")
    street.step()
    street.sensors.trouble = None
    street.time_s -= 1.0
    assert street.step().wanted == Release("recovering")


def test_a_clock_set_back_does_not_keep_the_street_in_recovery(street):
    """An hour back: who had trouble a second ago decides at once, not in an hour."""
    street.sensors.trouble = OSError("gone")
    street.step()
    street.sensors.trouble = None
    street.time_s -= 3600.0
    assert street.step().wanted == Hold()


class Deaf(Cabinet):
    """A cabinet to which no command gets through."""

    def apply(self, command):
        raise ConnectionError("no link")


class Mute(Deaf):
    """A cabinet that does not even tell its state."""

    def read_state(self):
        raise TimeoutError("no answer")


@pytest.mark.parametrize(
    ("kind", "wanted", "trouble"),
    [
        (Deaf, Hold(), "ConnectionError: no link"),
        (Mute, Release("nothing decided"), "TimeoutError: no answer"),
    ],
)
def test_a_cabinet_out_of_reach_is_no_exception(crossing, kind, wanted, trouble):
    """The report says what was wanted by then and what went wrong, and claims neither a state nor a command."""
    assert Street(crossing, kind(crossing[1])).step() == StepReport(None, wanted, None, None, trouble, "")


def test_the_last_thing_is_a_release(street):
    """A process that ends hands the cabinet back at once, with its reason, whatever was held."""
    street.run(3)
    assert street.cabinet.read_state().mode is Mode.REMOTE
    given = []
    street.cabinet.obey = given.append
    assert street.supervisor.release("the process ends") == ""
    assert given == [Release("the process ends")]


def test_a_last_release_that_fails_is_told_in_words(crossing):
    """No exception stands in the way of the end."""
    street = Street(crossing, Deaf(crossing[1]))
    assert street.supervisor.release("the process ends") == "ConnectionError: no link"
