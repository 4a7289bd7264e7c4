"""Who may use which way, and how long it takes: access tags, one-ways, steps, surfaces, barriers, lights."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from street_town import Town

from mobility.streets.access import Use, permission_of
from mobility.streets.barriers import LIFT_S, SIGNAL_WAIT_S, barrier_use
from mobility.streets.profiles import SPEED_MPS, Profile
from mobility.streets.speeds import PUSH_MPS, RAMP_MPS, SHARED_MPS, STEPS_MPS, speed_of
from mobility.streets.tag_values import parse_incline, parse_maxspeed_mps, parse_metres
from mobility.streets.ways import KINDS, WAY_KEYS

FOOT, WHEELCHAIR, BICYCLE, SCOOTER, CAR = Profile


def tags_of(text):
    """Tags from ``key=value key=value``; a first word without = is the value of highway."""
    words = text.split()
    return dict(word.split("=", 1) if "=" in word else ("highway", word) for word in words)


def who(text, side=0):
    """Initials of who may use a way: capital where open, small where only to begin or end; p for a pushed bicycle."""
    told = ""
    for profile in Profile:
        permission = permission_of(tags_of(text), profile)
        letter = "p" if permission[2 + side] else profile.value[0]
        told += {Use.CLOSED: "", Use.ENDS: letter, Use.OPEN: letter.upper()}[permission[side]]
    return told


@pytest.mark.parametrize(
    ("tags", "whom"),
    [
        ("residential", "FWBSC"),
        ("motorway", "C"),
        ("motorway_link", "C"),
        ("motorway bicycle=yes foot=yes motorcycle=yes", "C"),
        ("trunk motorroad=yes", "C"),
        ("trunk motorroad=yes motorcycle=yes", "SC"),
        ("trunk", "FWBSC"),
        ("trunk sidewalk=no", "BSC"),
        ("primary sidewalk=no", "FBSC"),
        ("primary sidewalk=separate", "FBSC"),
        ("primary sidewalk:both=separate", "FBSC"),
        ("primary sidewalk=no wheelchair=yes", "FWBSC"),
        ("residential sidewalk=no", "FWBSC"),
        ("footway", "FWP"),
        ("footway bicycle=yes", "FWB"),
        ("footway bicycle=no", "FWP"),
        ("footway access=yes", "FWP"),
        ("footway vehicle=yes", "FWP"),
        ("footway motor_vehicle=destination", "FWPsc"),
        ("footway access=private", "fwp"),
        ("footway access=no foot=yes", "FWP"),
        ("pedestrian", "FWP"),
        ("cycleway", "FWB"),
        ("cycleway foot=no", "B"),
        ("cycleway moped=yes", "FWBS"),
        ("path", "FWB"),
        ("path surface=ground", "FB"),
        ("path bicycle=dismount", "FWP"),
        ("bridleway", "FWP"),
        ("steps", "F"),
        ("steps wheelchair=yes", "FW"),
        ("steps ramp:wheelchair=yes", "FW"),
        ("steps ramp:bicycle=yes", "FP"),
        ("steps foot=yes", "F"),
        ("corridor", "FW"),
        ("elevator", "FW"),
        ("service", "FWBSC"),
        ("service service=parking_aisle", "FWbsc"),
        ("service service=driveway", "FWbsc"),
        ("service service=driveway motor_vehicle=yes", "FWbSC"),
        ("service access=private", "fwbsc"),
        ("service access=customers", "fwbsc"),
        ("service access=destination foot=yes", "FWbsc"),
        ("residential access=no", ""),
        ("residential motor_vehicle=no", "FWB"),
        ("residential vehicle=no", "FWP"),
        ("residential motor_vehicle=no motorcycle=yes", "FWBS"),
        ("residential motorcar=private", "FWBSc"),
        ("residential bicycle=use_sidepath", "FWPSC"),
        ("residential foot=use_sidepath", "BSC"),
        ("residential access=no;destination", "fwbsc"),
        ("residential smoothness=very_bad", "FBSC"),
        ("residential smoothness=very_bad wheelchair=yes", "FWBSC"),
        ("footway wheelchair=no", "FP"),
        ("footway incline=9%", "FP"),
        ("footway incline=-9%", "FP"),
        ("footway incline=8%", "FWP"),
        ("footway incline=up", "FWP"),
        ("track tracktype=grade4", "FBSC"),
        ("busway", ""),
        ("construction", ""),
        ("proposed", ""),
        ("raceway", ""),
    ],
)
def test_who_may_use_a_way(tags, whom):
    """Defaults by kind, then the most particular tag; a general tag narrows and never opens."""
    assert who(tags) == whom


@pytest.mark.parametrize(
    ("tags", "along", "against"),
    [
        ("residential oneway=yes", "FWBSC", "FWP"),
        ("residential oneway=-1", "FWP", "FWBSC"),
        ("residential oneway=true", "FWBSC", "FWP"),
        ("residential oneway=no", "FWBSC", "FWBSC"),
        ("residential oneway=reversible", "FWP", "FWP"),
        ("residential oneway=yes oneway:bicycle=no", "FWBSC", "FWB"),
        ("residential oneway=yes oneway:motorcycle=no", "FWBSC", "FWPS"),
        ("residential oneway=yes cycleway=opposite", "FWBSC", "FWB"),
        ("residential oneway=yes cycleway=opposite_lane", "FWBSC", "FWB"),
        ("residential oneway=yes cycleway:left=opposite_track", "FWBSC", "FWB"),
        ("residential oneway=yes cycleway:right=lane cycleway:left=lane cycleway:left:oneway=-1", "FWBSC", "FWB"),
        ("residential junction=roundabout", "FWBSC", "FWP"),
        ("residential junction=roundabout oneway=no", "FWBSC", "FWBSC"),
        ("motorway", "C", ""),
        ("motorway_link", "C", "C"),
        ("cycleway oneway=yes", "FWB", "FWP"),
        ("footway oneway=yes", "FWP", "FWP"),
        ("footway oneway:foot=yes", "FWP", ""),
        ("steps conveying=forward", "F", ""),
        ("steps conveying=backward", "", "F"),
        ("steps conveying=yes", "F", "F"),
    ],
)
def test_one_ways(tags, along, against):
    """One-ways bind vehicles; a bicycle is pushed against them; walkers heed their own tag and moving stairs."""
    assert (who(tags, 0), who(tags, 1)) == (along, against)


@pytest.mark.parametrize(
    ("tags", "whom"),
    [
        ("bollard", "FWB"),
        ("gate", "FWBSC"),
        ("gate locked=yes", ""),
        ("gate access=no", ""),
        ("gate access=no foot=yes", "FWB"),  # pushed
        ("gate access=private", "fwbsc"),
        ("gate motor_vehicle=private", "FWBsc"),
        ("gate bicycle=no", "FWBSC"),
        ("lift_gate", "FWBSC"),
        ("cycle_barrier", "FB"),
        ("cycle_barrier wheelchair=yes", "FWB"),
        ("kissing_gate", "F"),
        ("stile", "F"),
        ("turnstile access=yes", "F"),
        ("block", "FWB"),
        ("bollard motor_vehicle=yes", "FWBSC"),
        ("kerb", "FBSC"),
        ("kerb kerb=raised", "FBSC"),
        ("kerb kerb=lowered", "FWBSC"),
        ("kerb kerb=flush", "FWBSC"),
        ("kerb kerb:height=0.02", "FWBSC"),
        ("kerb kerb:height=12cm", "FBSC"),
        ("kerb wheelchair=yes", "FWBSC"),
        ("bus_trap", "FWBS"),
        ("wall", ""),
        ("something_new", "FWB"),
    ],
)
def test_who_passes_a_barrier(tags, whom):
    """What each kind lets through unless an access tag on the node says otherwise."""
    first, *rest = tags.split()
    facts = {"barrier": first} | tags_of(" ".join(rest))
    told = ""
    for profile in Profile:
        letter = profile.value[0]
        told += {Use.CLOSED: "", Use.ENDS: letter, Use.OPEN: letter.upper()}[barrier_use(facts, profile)]
    assert told == whom


@given(
    st.dictionaries(st.sampled_from(sorted(WAY_KEYS)), st.text(max_size=12) | st.sampled_from(["yes", "no", "private", "-1", "8%"])),
    st.sampled_from(sorted(KINDS)),
)  # fmt: skip
def test_any_tags_come_to_something(tags, kind):
    """Whatever stands in the map, uses are uses and speeds are positive; wheelchairs go nowhere that walkers may not."""
    tags = {**tags, "highway": kind}
    for key in ("maxspeed", "maxspeed:forward", "maxspeed:backward"):
        tags.pop(key, None)
    for profile in Profile:
        permission = permission_of(tags, profile)
        assert all(use in Use for use in permission[:2])
        assert min(speed_of(tags, profile)) > 0.05
        assert max(speed_of(tags, profile)) < 40
    foot, wheelchair = permission_of(tags, FOOT), permission_of(tags, WHEELCHAIR)
    assert wheelchair.forward <= foot.forward
    assert wheelchair.backward <= foot.backward


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("50", 50), ("50 km/h", 50), ("30 mph", 48.28), ("none", 130), ("walk", 7), ("RO:urban", 50), ("DE:rural", 80),
        ("DE:zone:30", 30), ("BE:zone30", 30), ("FR:50", 50), ("50;30", 50), ("27.5", 27.5),
    ],
)  # fmt: skip
def test_speed_limits(text, kmh):
    """Numbers are km/h; miles, words and classes of countries are understood."""
    assert parse_maxspeed_mps(text) * 3.6 == pytest.approx(kmh, rel=1e-3)


@pytest.mark.parametrize("text", ["signals", "variable"])
def test_limits_that_change(text):
    """A limit that is not fixed is none."""
    assert parse_maxspeed_mps(text) is None


@pytest.mark.parametrize("text", ["", "fast", "-50", "0", "1", "5000", "50 mphs", "5e1", "nan", "inf", ":"])
def test_limits_that_are_none(text):
    """All else is refused, so that it can be told."""
    with pytest.raises(ValueError, match="no speed limit"):
        parse_maxspeed_mps(text)


def test_inclines_and_lengths():
    """Percent and degrees; up and down have no number, nor has nonsense."""
    assert [parse_incline(text) for text in ("8%", "-12.5 %", "up", "down", "0.1", "200%", "", "x%")] == [
        0.08, -0.125, None, None, None, None, None, None,
    ]  # fmt: skip
    assert parse_incline("45°") == pytest.approx(1.0)
    assert [parse_metres(text) for text in ("0.03", "3 cm", "1.2 m", "high")] == [0.03, 0.03, 1.2, None]


def seconds(tmp_path, way_tags, profile, middle="", north_m=0):
    """Travel time of a straight way of 300 m; a node with tags stands at its middle."""
    town = Town().node("a", 0, 0).node("b", 150, 0, middle).node("c", 300, north_m)
    town.way("a b c", way_tags)
    return town.read(tmp_path).seconds(profile, "a", "c")


@pytest.mark.parametrize(
    ("tags", "profile", "mps"),
    [
        ("highway=footway", FOOT, SPEED_MPS[FOOT]),
        ("highway=footway", WHEELCHAIR, SPEED_MPS[WHEELCHAIR]),
        ("highway=footway", BICYCLE, PUSH_MPS),
        ("highway=footway bicycle=yes", BICYCLE, SHARED_MPS),
        ("highway=residential", BICYCLE, SPEED_MPS[BICYCLE]),
        ("highway=residential surface=gravel", BICYCLE, SPEED_MPS[BICYCLE] * 0.65),
        ("highway=residential oneway=-1", BICYCLE, PUSH_MPS),
        ("highway=steps", FOOT, sum(STEPS_MPS) / 2),
        ("highway=steps incline=up", FOOT, STEPS_MPS[0]),
        ("highway=steps incline=-30%", FOOT, STEPS_MPS[1]),
        ("highway=steps ramp:bicycle=yes", BICYCLE, RAMP_MPS),
        ("highway=residential", CAR, 25 / 3.6),
        ("highway=residential maxspeed=20", CAR, 17 / 3.6),
        ("highway=residential maxspeed=100", CAR, 37.5 / 3.6),
        ("highway=primary maxspeed:forward=30 maxspeed:backward=10", CAR, 25.5 / 3.6),
        ("highway=trunk", SCOOTER, 50 / 3.6),
        ("highway=service service=parking_aisle", CAR, 8 / 3.6),
        ("highway=motorway", CAR, 25.0),
    ],
)
def test_times(tmp_path, tags, profile, mps):
    """Length over the speed that way, profile, limit, surface and direction come to; to a tenth of a second."""
    assert seconds(tmp_path, tags, profile) == pytest.approx(300 / mps, abs=0.06)


def test_waits_at_nodes(tmp_path):
    """Vehicles wait for lights in the direction that they are for; walkers and wheelchairs for lifts."""
    road, lights = "highway=residential", "highway=traffic_signals"
    free = seconds(tmp_path, road, CAR)
    assert seconds(tmp_path, road, CAR, lights) == pytest.approx(free + SIGNAL_WAIT_S, abs=0.15)
    assert seconds(tmp_path, road, CAR, f"{lights} traffic_signals:direction=forward") > free + 5
    assert seconds(tmp_path, road, CAR, f"{lights} traffic_signals:direction=backward") == pytest.approx(free, abs=0.15)
    assert seconds(tmp_path, road, FOOT, lights) == pytest.approx(300 / SPEED_MPS[FOOT], abs=0.15)
    lift = seconds(tmp_path, "highway=footway", WHEELCHAIR, "highway=elevator")
    assert lift == pytest.approx(300 / SPEED_MPS[WHEELCHAIR] + LIFT_S, abs=0.15)
    drawn = seconds(tmp_path, "highway=elevator", FOOT)
    assert drawn == pytest.approx(300 / SPEED_MPS[FOOT] + LIFT_S, abs=0.15)


def test_lights_of_one_crossroads_count_once(tmp_path):
    """Two carriageways with a light each, 20 m apart: one wait; 60 m apart: two."""
    for gap, waits in ((20, 1), (60, 2)):
        town = Town().node("a", 0, 0).node("b", 100, 0, "highway=traffic_signals")
        town.node("c", 100 + gap, 0, "highway=traffic_signals").node("d", 300, 0)
        town.way("a b c d")
        wanted = 300 / (25 / 3.6) + waits * SIGNAL_WAIT_S
        assert town.read(tmp_path).seconds(CAR, "a", "d") == pytest.approx(wanted, abs=0.2)


def test_a_barrier_in_the_way(tmp_path):
    """Who does not pass gets up to it and no further; a gate for residents opens to a residents' way only."""
    for tags, beyond, whom in (
        ("barrier=bollard", "highway=residential", "FWB"),
        ("barrier=gate access=private", "highway=residential", ""),
        ("barrier=gate access=private", "highway=residential access=private", "FWBSC"),
        ("highway=crossing bicycle=no foot=no", "highway=residential", "FWBSC"),
    ):
        town = Town().node("a", 0, 0).node("b", 100, 0, tags).node("c", 200, 0)
        town.way("a b")
        town.way("b c", beyond)
        read = town.read(tmp_path)
        assert read.who("a", "c") == whom
        assert read.who("a", "b") == "FWBSC"


def test_a_gate_amid_a_residents_way(tmp_path):
    """Behind it one is still among residents: it opens, and both sides may be begun and ended on."""
    town = Town().node("a", 0, 0).node("b", 100, 0).node("c", 200, 0, "barrier=gate access=private").node("d", 300, 0)
    town.way("a b")
    town.way("b c d", "highway=service access=private")
    read = town.read(tmp_path)
    assert read.who("a", "d") == "FWBSC"
    assert read.who("d", "a") == "FWBSC"
