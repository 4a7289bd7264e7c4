"""`plan` with shared vehicles, car parks and rides on demand: what may be asked, and what of it reaches the planner."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.mapping.ways import to_ways
from api.routes.clock import read_clock
from api.schemas.parameters import PlanParameters
from mobility.bikeshare.system import FormFactor, Propulsion
from mobility.model import Mode
from mobility.planner.request import Hires, Ways

WALK, RENTAL = Mode.WALK, Mode.RENTAL
PARTS = ("preTransit", "postTransit", "direct")
SETS = st.lists(st.sampled_from(["BICYCLE", "MOPED", "CAR"]), unique=True, max_size=3)


def test_without_a_word_one_walks(plan, city):
    """The defaults of MOTIS: on foot everywhere, 15 minutes at the ends, 30 all the way."""
    plan()
    assert city.requests[-1].ways == Ways(longest_s=900, longest_direct_s=1800)


@pytest.mark.parametrize("modes", ["RENTAL,CAR_PARKING", ["RENTAL", "CAR_PARKING"], ["RENTAL,CAR_PARKING", "RENTAL"]])
@pytest.mark.parametrize("version", [5, 6])
def test_ways_reach_the_planner(plan, city, version, modes):
    """Each part of a journey has its modes, repeated or with commas; limits are in seconds, the stay in minutes."""
    plan(
        version,
        preTransitModes=modes,
        postTransitModes="RENTAL,ODM",
        directModes="WALK,CAR,FLEX",
        transferModes="RENTAL",
        maxPreTransitTime=1200,
        maxPostTransitTime=600,
        maxDirectTime=2400,
        parkingStay=90,
    )
    assert city.requests[-1].ways == Ways(
        access=frozenset({WALK, RENTAL, Mode.CAR_PARKING}),
        egress=frozenset({WALK, RENTAL, Mode.ODM}),
        between=frozenset({WALK, RENTAL}),
        direct=frozenset({WALK, Mode.CAR, Mode.FLEX}),
        longest_s=1200,
        longest_direct_s=2400,
        stay_s=5400,
    )


def test_limits_are_capped(plan, city):
    """As MOTIS does, what is beyond the server's limits is capped: an hour at the ends, six all the way."""
    plan(maxPreTransitTime=9000, maxDirectTime=86400)
    ways = city.requests[-1].ways
    assert (ways.longest_s, ways.longest_direct_s) == (3600, 21600)


def test_one_may_always_walk_to_a_stop(plan, city):
    """Ways to and from stops keep walking, an empty list too; all the way there is only what was asked for."""
    plan(preTransitModes="RENTAL", postTransitModes="", directModes="RENTAL")
    ways = city.requests[-1].ways
    assert (ways.access, ways.egress, ways.direct) == ({WALK, RENTAL}, {WALK}, {RENTAL})
    plan(directModes="")
    assert city.requests[-1].ways.direct == set()


def test_public_transport_among_ways_is_ignored(plan, city):
    """Clients send TRANSIT and its kinds there, too; nothing is said of it."""
    reply = plan(preTransitModes="WALK,TRANSIT,BUS", postTransitModes="SUBWAY", directModes="WALK,RAIL")
    assert city.requests[-1].ways.access == {WALK}
    assert len(reply.json()["notices"]) == 1


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"directModes": "HGV"}, ["HGV all the way is not offered and was left out."]),
        ({"directModes": "CAR_DROPOFF"}, ["CAR_DROPOFF all the way is not offered and was left out."]),
        ({"preTransitModes": "CAR,RENTAL"}, ["CAR to the first stop is not offered and was left out."]),
        ({"postTransitModes": "BIKE,BIKE"}, ["BIKE from the last stop is not offered and was left out."]),
        (
            {"preTransitModes": "RIDE_SHARING,DEBUG_BUS_ROUTE"},
            [
                "RIDE_SHARING to the first stop is not offered and was left out.",
                "DEBUG_BUS_ROUTE to the first stop is not offered and was left out.",
            ],
        ),
        (
            {"ignoreDirectRentalReturnConstraints": "true", "ignorePreTransitRentalReturnConstraints": "true"},
            ["Leaving a shared vehicle where its operator does not allow it is not offered; such wishes were ignored."],
        ),
        ({"ignoreDirectRentalReturnConstraints": "false"}, []),
    ],
)
def test_ways_that_are_not_offered_are_said(plan, parameters, told):
    """Who asks for a mode of MOTIS that is not to be had there is served without it, and told so."""
    assert plan(**parameters).json()["notices"][1:] == told


def test_what_is_left_out_is_said_in_the_language_asked_for(plan):
    """In Chinese, too."""
    assert plan(directModes="HGV", language="zh-TW").json()["notices"][1] == "尚未提供全程以 HGV 前往的方式，已略過。"


@pytest.mark.parametrize(
    ("parameters", "status_parameter"),
    [
        *(({f"{part}Modes": "WALK,ROCKET"}, f"{part}Modes") for part in PARTS),
        ({"transferModes": "BIKE"}, "transferModes"),
        *(({f"{part}RentalFormFactors": "bicycle"}, f"{part}RentalFormFactors") for part in PARTS),
        *(({f"{part}RentalPropulsionTypes": "STEAM"}, f"{part}RentalPropulsionTypes") for part in PARTS),
        *(({f"{part}RentalProviders": "x" * 101}, f"{part}RentalProviders") for part in PARTS),
        *(({f"{part}RentalProviderGroups": ",".join("x" * 65)}, f"{part}RentalProviderGroups") for part in PARTS),
        ({"parkingStay": -1}, "parkingStay"),
        ({"parkingStay": 43_201}, "parkingStay"),
        ({"maxPostTransitTime": "soon"}, "maxPostTransitTime"),
        ({"maxDirectTime": -1}, "maxDirectTime"),
    ],
)
@pytest.mark.parametrize("version", [5, 6])
def test_impossible_ways_are_refused_by_name(plan, version, parameters, status_parameter):
    """A refusal names the parameter and says what it may be."""
    reply = plan(version, **parameters)
    assert reply.status_code == 422
    assert [error["parameter"] for error in reply.json()["errors"]] == [status_parameter]


def test_direct_ways_are_searched_for_the_first_page_only(plan, city):
    """Later pages tell none, so none is searched."""
    plan(directModes="WALK,RENTAL", pageCursor="LATER|1767745501")
    assert city.requests[-1].ways.direct == set()


def test_the_moment_of_asking_is_the_clocks(client, plan, city):
    """Readings age from the server's clock, and a journey without a time begins then."""
    moment = dt.datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=dt.UTC)
    client.app.dependency_overrides[read_clock] = lambda: moment
    try:
        plan(time=None)
    finally:
        client.app.dependency_overrides.clear()
    assert city.requests[-1].asked_at == moment
    assert city.requests[-1].at == moment.replace(microsecond=0)
    plan()
    assert abs(city.requests[-1].asked_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_all_words_of_vehicles_are_those_of_the_planner():
    """MOTIS's words for forms and propulsions are GBFS's in capitals, so that each reaches the planner and back."""
    schema = PlanParameters.model_json_schema()["properties"]
    forms, propulsions = (
        schema[f"direct{name}"]["items"]["enum"] for name in ("RentalFormFactors", "RentalPropulsionTypes")
    )
    assert sorted(word.lower() for word in forms) == sorted(FormFactor)
    assert sorted(word.lower() for word in propulsions) == sorted(Propulsion)


def test_wanted_vehicles_reach_the_planner(plan, city):
    """Forms and propulsions in words of GBFS, systems by id; a group of providers is a system, too."""
    plan(
        preTransitModes="RENTAL",
        preTransitRentalFormFactors="BICYCLE,SCOOTER_STANDING",
        preTransitRentalPropulsionTypes=["ELECTRIC", "ELECTRIC_ASSIST"],
        preTransitRentalProviders="one",
        preTransitRentalProviderGroups="two",
        directRentalFormFactors="CAR",
    )
    assert city.requests[-1].ways.hires == Hires(
        frozenset({"one", "two"}),
        frozenset({"bicycle", "scooter_standing"}),
        frozenset({"electric", "electric_assist"}),
    )


def test_what_any_part_allows_is_searched_and_said(plan, city):
    """Where both ends want different vehicles both are searched, with a word that not all may be listed; a part that
    takes any makes it any; a part without shared vehicles does not count.
    """
    both = {"preTransitModes": "RENTAL", "postTransitModes": "RENTAL", "preTransitRentalFormFactors": "BICYCLE"}
    reply = plan(**both, postTransitRentalFormFactors="MOPED")
    assert city.requests[-1].ways.hires == Hires(form_factors=frozenset({"bicycle", "moped"}))
    assert "Shared vehicles were searched for the whole journey at once" in reply.json()["notices"][1]
    reply = plan(**both)
    assert city.requests[-1].ways.hires == Hires()
    assert len(reply.json()["notices"]) == 2
    reply = plan(**both, postTransitRentalFormFactors="BICYCLE")
    assert city.requests[-1].ways.hires == Hires(form_factors=frozenset({"bicycle"}))
    assert len(reply.json()["notices"]) == 1
    plan(**both | {"postTransitModes": "WALK"})
    assert city.requests[-1].ways.hires == Hires(form_factors=frozenset({"bicycle"}))


@given(st.dictionaries(st.sampled_from(PARTS), SETS), st.sets(st.sampled_from(PARTS)), st.booleans())
def test_no_wanted_vehicle_is_left_unsearched(forms, riding, is_ridden_between):
    """Whatever a part with shared vehicles allows is among what is searched, and nothing that no part allows."""
    names = {"preTransit": "pre_transit", "postTransit": "post_transit", "direct": "direct"}
    query = PlanParameters(
        from_place="A",
        to_place="B",
        transfer_modes=["RENTAL"] if is_ridden_between else ["WALK"],
        **{f"{names[part]}_modes": ["RENTAL"] for part in riding},
        **{f"{names[part]}_rental_form_factors": words for part, words in forms.items()},
    )
    allowed = {part: set(forms.get(part) or ["BICYCLE", "MOPED", "CAR"]) for part in riding}
    every = set().union(*allowed.values(), {"BICYCLE", "MOPED", "CAR"} if is_ridden_between else set())
    hires = to_ways(query).hires
    searched = {form.upper() for form in hires.form_factors} or {"BICYCLE", "MOPED", "CAR"}
    assert searched == every or not every
