"""The committed scenarios are what their descriptions build, and their fixed plans are sound."""

import itertools
import xml.etree.ElementTree as ET

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sumo_scenarios.build.__main__ import HOME, build_scenario, main
from sumo_scenarios.build.designs import DESIGNS
from sumo_scenarios.build.nets import Streets
from sumo_scenarios.build.plans import find_offsets, get_webster_cycle_s, split_greens
from sumo_scenarios.build.streets import Turn


@pytest.mark.parametrize("name", DESIGNS)
def test_rebuilding_gives_the_committed_files(name, tmp_path):
    """Netconvert and the solver give the same bytes again (the header with SUMO's version is left out)."""
    build_scenario(name, tmp_path)
    for file in (f"{name}.net.xml", f"{name}.rou.xml"):
        assert (tmp_path / file).read_text(encoding="utf-8") == (HOME / name / file).read_text(encoding="utf-8"), file
    assert (HOME / name / f"{name}.net.xml").stat().st_size < 300_000


@pytest.mark.parametrize("name", DESIGNS)
def test_shipped_programs_keep_yellow_and_all_red(name):
    """Every green ends in 3 s of yellow and 2 s of all-red, and every green has its bounds."""
    for program in ET.parse(HOME / name / f"{name}.net.xml").getroot().iter("tlLogic"):  # noqa: S314  (our own file)
        phases = [(p.get("state"), float(p.get("duration")), p.get("minDur")) for p in program.iter("phase")]
        for (state, duration_s, min_s), after in zip(phases, [*phases[1:], phases[0]], strict=True):
            if set(state) & set("Gg"):
                assert "y" not in state
                assert min_s is not None
                assert duration_s >= 6
                assert after[1] == 3
                assert "y" in after[0]
            else:
                assert (duration_s == 3) == ("y" in state)
                assert (duration_s == 2) == ("y" not in state)


@pytest.mark.parametrize("name", DESIGNS)
def test_demand_has_two_peaks_with_opposite_directions(name):
    """Morning and evening carry more than the off-peak; what comes from the west in the morning returns."""
    trips = DESIGNS[name]().trips
    total = {period: sum(t.flow_vph[period] for t in trips) for period in ("am", "off", "pm")}
    assert total["off"] < 0.7 * min(total["am"], total["pm"])
    west = {p: sum(t.flow_vph[p] for t in trips if t.route[0].startswith("w")) for p in total}
    east = {p: sum(t.flow_vph[p] for t in trips if t.route[0].startswith("e")) for p in total}
    assert west["am"] > 1.2 * east["am"]
    assert east["pm"] > 1.2 * west["pm"]


def test_turns_are_told_by_angle():
    """At the crossing of isolated, west to north is a left turn and west to south a right turn."""
    streets = Streets(DESIGNS["isolated"]())
    assert [streets.turn("w", "c", to) for to in "nes"] == [Turn.LEFT, Turn.STRAIGHT, Turn.RIGHT]


def test_webster_cycle_of_the_textbook():
    """Y = 0.6 and L = 10 s give (1.5 * 10 + 5) / 0.4 = 50 s, raised to the shortest cycle of 60 s."""
    assert get_webster_cycle_s([0.35, 0.25], 10) == 60
    assert get_webster_cycle_s([0.45, 0.3], 12) == 100  # 23 / 0.25 = 92
    assert get_webster_cycle_s([0.9, 0.3], 12) == 120


def test_greens_fill_the_cycle_and_no_stage_falls_below_its_minimum():
    """All seconds are given out; the stage with more load gets more."""
    greens = split_greens([0.4, 0.05, 0.2], 60, 6)
    assert sum(greens) == 60
    assert min(greens) >= 6
    assert greens[0] > greens[2] > greens[1]


def band_s(offsets, distances_s, greens_s, cycle_s, sign):
    """The widest band by trial: at which seconds of the cycle may a platoon leave and meet green everywhere."""
    free = [
        all((t + sign * d - o) % cycle_s < g for o, d, g in zip(offsets, distances_s, greens_s, strict=True))
        for t in range(cycle_s)
    ]
    if all(free):
        return cycle_s
    return max((len(list(run)) for key, run in itertools.groupby(free + free) if key), default=0)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.integers(5, 30), min_size=2, max_size=2),
    st.lists(st.integers(8, 16), min_size=3, max_size=3),
)
def test_offsets_have_the_best_bands(gaps_s, greens_s):
    """No other offsets have wider bands (the narrower counted twice), found by trying them all."""
    cycle_s, distances_s = 24, [0, gaps_s[0], gaps_s[0] + gaps_s[1]]

    def score(offsets):
        bands = [band_s(offsets, distances_s, greens_s, cycle_s, sign) for sign in (1, -1)]
        return min(bands) + sum(bands), min(bands)

    best = max(score((0, a, b)) for a in range(cycle_s) for b in range(cycle_s))
    assume(best[1] > 0)
    assert score(find_offsets(distances_s, greens_s, cycle_s))[0] == best[0]


def test_an_unknown_design_is_refused(capsys):
    """The build command names the designs there are."""
    with pytest.raises(SystemExit):
        main(["corridr"])
    assert "corridor" in capsys.readouterr().err
