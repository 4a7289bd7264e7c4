"""Ways by shared bike, car park, taxi and on-demand ride in journeys of the embedded Kaohsiung, as golden text.

Readings are given with each question; the embedded tables have none. `CHANGTONG_REGOLD=1` writes the answers anew.
"""

import datetime as dt
import os
from dataclasses import replace

import numpy as np
import pytest
from kaohsiung_ways import (
    AT,
    GOLDEN,
    HOME,
    HOUSE_IN_THE_NORTH,
    MEINONG,
    MEINONG_HOSPITAL,
    TAIPEI,
    ZUOYING,
    ZUOYING_5,
    read_bikes,
    read_golden,
    read_spaces,
)

from mobility.itinerary import format_itinerary
from mobility.model import Mode
from mobility.network.needs import Needs
from mobility.planner.journeys import JourneySearch
from mobility.planner.request import Ways
from mobility.service import ImpossibleRequest, JourneyPlanner, PlanRequest

WALK, RENTAL, FLEX = Mode.WALK, Mode.RENTAL, Mode.FLEX


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """The embedded city without any reading."""
    return JourneyPlanner.open("kaohsiung", tmp_path_factory.mktemp("cities"))


@pytest.fixture
def planner(bare):
    """The same, set back after a test that gave it readings."""
    before = bare.supply
    yield bare
    bare.take_supply(before)


def ask(planner, start, end, at=AT, asked_at=None, itineraries=3, **ways):
    """Plan, with walking beside the ways that are named."""
    asked = Ways(**{key: frozenset({WALK, *modes}) for key, modes in ways.items()})
    return planner.plan(
        PlanRequest(
            planner.find_place(start),
            planner.find_place(end),
            at,
            itineraries=itineraries,
            ways=asked,
            asked_at=asked_at or at,
        )
    )


def with_mode(result, mode):
    """The journeys in which one moves by a mode."""
    return [j for j in (*result.itineraries, *result.direct) if any(leg.mode is mode for leg in j.legs)]


def tell(journey):
    """The notation, and what each leg counts on."""
    lines = [format_itinerary(journey)]
    for leg in journey.legs:
        chances = {}
        if leg.hire:
            chances = {"bike": leg.hire.pick_up, "dock": leg.hire.drop_off}
            lines.append(f"  ride for {leg.hire.price[0]:.0f} {leg.hire.price[1]}")
        if leg.parked:
            chances = {"space": leg.parked.space}
            price = leg.parked.price
            lines.append(f"  park {leg.parked.facility_id} for {price[0]:.0f} {price[1]}")
        for what, chance in chances.items():
            backup = f", else {chance.backup.place.name} {chance.backup.extra_s} s" if chance.backup else ""
            age = f", read {chance.age_s} s ago" if chance.age_s is not None else ""
            lines.append(
                f"  {what} at {chance.place.name}: {chance.probability:.2f} ({chance.basis}), now {chance.level}{age}{backup}"
            )
        if leg.booking:
            by = leg.booking.book_by
            lines.append(f"  book {leg.booking.names['en']} by {by:%Y-%m-%d %H:%M}, phone {leg.booking.phone}")
    return lines


def answer_bike_then_metro(planner):
    """A bike to the metro."""
    read_bikes(planner, {"建民公園": 6, "捷運後驛站(2號出口)": 3})
    return with_mode(ask(planner, HOME, "R4", access={RENTAL}), RENTAL)[:1]


def answer_metro_then_bike(planner):
    """A bike from the metro."""
    read_bikes(planner, {"建民公園": 6, "捷運後驛站(2號出口)": 3})
    return with_mode(ask(planner, "R16", HOME, egress={RENTAL}), RENTAL)[:1]


def answer_park_and_ride(planner):
    """Both car parks at the high-speed station have spaces: the nearer one."""
    read_spaces(planner, {ZUOYING_5: 6, ZUOYING: 9})
    return with_mode(ask(planner, HOUSE_IN_THE_NORTH, "R8", access={Mode.CAR_PARKING}), Mode.CAR_PARKING)[:1]


def answer_park_and_ride_full(planner):
    """The nearer car park is full: the planner drives to the other."""
    read_spaces(planner, {ZUOYING_5: 0, ZUOYING: 9})
    return with_mode(ask(planner, HOUSE_IN_THE_NORTH, "R8", access={Mode.CAR_PARKING}), Mode.CAR_PARKING)[:1]


def answer_bike_between(planner):
    """A bike between the metro and the light rail."""
    read_bikes(planner, {"捷運五塊厝站(4號出口)": 4, "凱旋醫院": 7})
    return with_mode(ask(planner, "O2", "C34", itineraries=8, between={RENTAL}), RENTAL)[:1]


def answer_on_demand(planner):
    """An on-demand ride in a hill district, asked the evening before booking closes."""
    asked_at = AT - dt.timedelta(hours=20)
    return with_mode(ask(planner, MEINONG, MEINONG_HOSPITAL, asked_at=asked_at, direct={FLEX}), FLEX)[:1]


QUESTIONS = {
    "bike + metro": answer_bike_then_metro,
    "metro + bike": answer_metro_then_bike,
    "park and ride": answer_park_and_ride,
    "park and ride, full car park": answer_park_and_ride_full,
    "bike between two vehicles": answer_bike_between,
    "on demand in the hills": answer_on_demand,
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_golden_way(planner, name):
    """One journey of each kind is told as the golden file says: notation, prices, probabilities, ages, backups."""
    journeys = QUESTIONS[name](planner)
    assert journeys, "no such journey was found"
    told = tell(journeys[0])
    if os.environ.get("CHANGTONG_REGOLD"):
        known = read_golden() | {name: told}
        GOLDEN.write_text("\n\n".join("\n".join([f"# {n}", *lines]) for n, lines in known.items()) + "\n", "utf-8")
        pytest.fail("written anew: read the difference")
    assert told == read_golden()[name]


def test_an_empty_station_is_not_proposed(planner):
    """Where no bike is left, and none is likely to come, nobody is sent: another station, or the risk is named."""
    empty = {s.names["zh-TW"]: 0 for s in planner.supply.systems[0].system.stations}
    read_bikes(planner, empty)
    for journey in with_mode(ask(planner, HOME, "R4", access={RENTAL}), RENTAL):
        for leg in journey.legs:
            if leg.hire:
                assert leg.hire.pick_up.level == 0
                assert leg.hire.pick_up.probability >= 0.2


def test_risks_are_told_in_a_sentence(planner):
    """One space left: the journey may be proposed, and then a notice names the car park and the chance."""
    read_spaces(planner, {ZUOYING_5: 0, ZUOYING: 1}, at=AT - dt.timedelta(minutes=40))
    result = ask(planner, HOUSE_IN_THE_NORTH, "R8", access={Mode.CAR_PARKING})
    unlikely = [
        leg.parked.space
        for journey in result.itineraries
        for leg in journey.legs
        if leg.parked and leg.parked.space.is_unlikely
    ]
    told = [notice for notice in result.notices if notice.code == "unlikely_space"]
    assert bool(unlikely) == bool(told)
    for notice in told:
        assert any(chance.place.name in notice.texts["zh-Hant"] for chance in unlikely)


def test_a_ride_that_can_no_longer_be_booked_is_not_proposed(planner):
    """Booking closed at 18:00 the day before: asked at 18:01 nothing is offered, at 17:59 it is."""
    closes = dt.datetime(2026, 11, 24, 18, 0, tzinfo=TAIPEI)
    for minutes, count in ((-1, 1), (1, 0)):
        asked_at = closes + dt.timedelta(minutes=minutes)
        found = with_mode(ask(planner, MEINONG, MEINONG_HOSPITAL, asked_at=asked_at, direct={FLEX}), FLEX)
        assert len(found) == count


def test_walking_is_still_offered(planner):
    """Asking for bikes takes no journey on foot away: each is there, or one on foot as good is."""
    on_foot = ask(planner, HOME, "R4", itineraries=None)
    both = ask(planner, HOME, "R4", itineraries=None, access={RENTAL}, egress={RENTAL}, between={RENTAL})
    told = {format_itinerary(j) for j in both.itineraries}
    assert {format_itinerary(j) for j in on_foot.itineraries} <= told


def test_every_leg_follows_the_one_before(planner):
    """Legs are in order of time and place, whatever one moves by, and nobody misses the vehicle."""
    everything = {RENTAL, Mode.CAR_PARKING, Mode.CAR_DROPOFF, Mode.BIKE, Mode.ODM}
    egress = {RENTAL, Mode.CAR_DROPOFF, Mode.ODM}
    for start, end in ((HOME, "R4"), (HOUSE_IN_THE_NORTH, "C20"), ("R24", HOME)):
        result = ask(
            planner, start, end, itineraries=None, access=everything, egress=egress, between={RENTAL},
            direct=(everything - {Mode.CAR_DROPOFF}) | {Mode.CAR},
        )  # fmt: skip
        assert result.itineraries
        for journey in (*result.itineraries, *result.direct):
            for leg, following in zip(journey.legs, journey.legs[1:], strict=False):
                assert leg.departure_s <= leg.arrival_s <= following.departure_s
                assert leg.end.at == following.start.at or following.mode is WALK


def read_everything(planner, seed=5):
    """Random counts everywhere: some stations and car parks are empty, some nearly, some full."""
    random = np.random.default_rng(seed)
    stations = planner.supply.systems[0].system.stations
    read_bikes(planner, {s.names["zh-TW"]: int(random.integers(0, 4)) for s in stations}, docks=2)
    lots = planner.supply.car_parks.facilities
    read_spaces(planner, {lot.facility_id: int(random.integers(0, 3)) for lot in lots})


@pytest.mark.parametrize("arrive_by", [False, True])
@pytest.mark.parametrize("has_readings", [False, True])
def test_pages_of_several_ways_neither_lose_nor_repeat(planner, has_readings, arrive_by):
    """Turning pages gives the same journeys as one long window, whatever was read, in both directions."""
    if has_readings:
        read_everything(planner)
    ways = Ways(access=frozenset({WALK, RENTAL, Mode.CAR_PARKING}), egress=frozenset({WALK, RENTAL}))
    request = PlanRequest(
        planner.find_place(HOME),
        planner.find_place("R4"),
        AT,
        arrive_by=arrive_by,
        itineraries=4,
        ways=ways,
        asked_at=AT,
    )
    if arrive_by:
        pages, page = [], planner.plan(request)
        for _ in range(4):
            pages += [format_itinerary(j) for j in page.itineraries]
            page = planner.plan(replace(request, page=page.previous_cursor))
        window_s = int(AT.timestamp()) - int(page.next_cursor.split("|")[1])
        whole = planner.plan(replace(request, itineraries=None, window_s=window_s))
        assert sorted(pages) == sorted(format_itinerary(j) for j in whole.itineraries)
        return
    pages, page = [], planner.plan(request)
    for _ in range(4):
        pages += [format_itinerary(j) for j in page.itineraries]
        page = planner.plan(replace(request, page=page.next_cursor))
    end_s = int(page.previous_cursor.split("|")[1])
    window_s = end_s - int(AT.timestamp())
    whole = planner.plan(replace(request, itineraries=None, window_s=window_s))
    assert sorted(pages) == sorted(format_itinerary(j) for j in whole.itineraries)


def test_a_footpath_that_is_ridden_is_no_walk_from_the_door(planner):
    """From a stop one walks to the same others, in the same time, whether or not vehicles may be changed by bike."""
    start, end = planner.find_place("C19"), planner.find_place("O4")
    request = PlanRequest(start, end, AT, ways=Ways(between=frozenset({WALK, RENTAL})), asked_at=AT)
    side = planner._side
    plans = side.surroundings.list_plans(request.ways)
    search = JourneySearch(side.ground, request, None, plans, AT.timestamp())
    search.find_page()
    doors = {number: (query.access, query.egress) for (_, number), (_, query, _) in search._queries.items()}
    assert len(doors) == 2
    for on_foot, by_bike in zip(doors[0], doors[1], strict=True):
        assert on_foot.stop.tolist() == by_bike.stop.tolist()
        assert on_foot.seconds.tolist() == by_bike.seconds.tolist()


def test_a_wheelchair_is_not_put_on_a_bike(planner):
    """Shared bikes, changes by bike and one's own are left out; lifts and taxis stay, and no vehicle is missed."""
    needs = Needs(wheelchair=True)
    everything = frozenset({WALK, RENTAL, Mode.BIKE, Mode.CAR_DROPOFF, Mode.ODM})
    ways = Ways(everything, everything - {Mode.BIKE}, frozenset({WALK, RENTAL}), everything - {Mode.CAR_DROPOFF})
    request = PlanRequest(
        planner.find_place(HOME), planner.find_place("R4"), AT, itineraries=None, ways=ways, needs=needs, asked_at=AT
    )
    result = planner.plan(request)
    modes = {leg.mode for journey in (*result.itineraries, *result.direct) for leg in journey.legs}
    assert Mode.CAR_DROPOFF in modes
    assert not modes & {RENTAL, Mode.BIKE}
    for journey in result.itineraries:
        for leg, following in zip(journey.legs, journey.legs[1:], strict=False):
            assert leg.arrival_s <= following.departure_s


def test_nobody_is_sent_to_a_car_park_that_is_closed(planner):
    """Of two car parks at the station the nearer opens in the evening: in the morning the other is proposed."""
    supply = planner.supply
    lots = tuple(
        replace(lot, opening_hours="20:00-23:00" if lot.facility_id == ZUOYING_5 else "24小時")
        for lot in supply.car_parks.facilities
    )
    planner.take_supply(replace(supply, car_parks=replace(supply.car_parks, facilities=lots)))
    found = with_mode(ask(planner, HOUSE_IN_THE_NORTH, "R8", access={Mode.CAR_PARKING}), Mode.CAR_PARKING)
    assert found
    assert {leg.parked.facility_id for journey in found for leg in journey.legs if leg.parked} == {ZUOYING}


def test_newer_counts_give_what_a_planner_answers_that_never_had_others(planner, tmp_path):
    """Ways that are kept from poll to poll change nothing: three polls on, the answers are those of a fresh planner."""
    everything = {"access": {RENTAL, Mode.CAR_PARKING}, "egress": {RENTAL}, "between": {RENTAL}, "direct": {RENTAL}}
    ends = [(HOME, "R4"), ("R16", HOME), ("O2", "C34")]
    for seed in (1, 2, 3):
        read_everything(planner, seed)
        told = [ask(planner, *pair, itineraries=6, **everything) for pair in ends]
    fresh = JourneyPlanner.open("kaohsiung", tmp_path)
    fresh.take_supply(planner.supply)
    assert [ask(fresh, *pair, itineraries=6, **everything) for pair in ends] == told


def test_at_once_is_the_best_of_the_window(planner):
    """Leaving at this very moment: nothing of the next hours arrives earlier with as few changes."""
    start, end = planner.find_place(HOME), planner.find_place("R4")
    now = planner.plan(PlanRequest(start, end, AT, at_once=True, asked_at=AT))
    later = planner.plan(PlanRequest(start, end, AT, itineraries=None, window_s=3 * 3600, asked_at=AT))
    assert now.itineraries
    best = {}
    for journey in later.itineraries:
        best[journey.transfers] = min(journey.arrival_s, best.get(journey.transfers, 10**9))
    for journey in now.itineraries:
        assert journey.arrival_s <= min(best[n] for n in best if n <= journey.transfers)


@pytest.mark.parametrize(
    ("field", "modes"),
    [("access", {Mode.BUS}), ("egress", {Mode.BIKE}), ("egress", {Mode.CAR_PARKING}), ("between", {Mode.CAR})],
)
def test_impossible_ways_are_refused(planner, field, modes):
    """A bike cannot be at the last stop when it was left at the first: the field is named."""
    with pytest.raises(ImpossibleRequest) as refusal:
        ask(planner, HOME, "R4", **{field: modes})
    assert refusal.value.field == f"ways.{field}"
