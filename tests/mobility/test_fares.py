"""What a journey costs: GTFS Fares v2 and v1, worked out by hand, and the estimate that the search uses."""

import datetime as dt
import itertools

import pytest
from feed_text import feed_folder
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.ingest import read_feed
from mobility.emissions import default_factors
from mobility.fares.estimate import Sample, fit, list_route_costs
from mobility.fares.fares_v1 import FaresV1
from mobility.fares.leg_rules import LegFare
from mobility.fares.price import FareLeg, Product
from mobility.fares.table import FareTable
from mobility.fares.transfer_rules import FaresV2, TransferRule, _duration_s
from mobility.model import Mode

WEDNESDAY = dt.date(2026, 7, 15)
BASE = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,Etc/UTC
# stops.txt
stop_id,stop_name,stop_lat,stop_lon,parent_station,location_type,zone_id
A,Alpha,0.00,0.00,,0,1
B,Beta,0.00,0.02,BS,0,1
BS,Beta Station,0.00,0.02,,1,
C,Gamma,0.00,0.04,,0,2
D,Delta,0.00,0.06,,0,3
# routes.txt
route_id,agency_id,route_short_name,route_long_name,route_type,network_id
M1,X,1,,1,metro
M2,X,2,,1,metro
B1,X,10,,3,bus
B2,X,11,,3,bus
F1,X,Ferry,,4,
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,1,1,1,1,1,0,0,20260701,20260731
E,0,0,0,0,0,1,1,20260701,20260731
# trips.txt
route_id,service_id,trip_id
M1,W,t1
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,stop_sequence
t1,08:00:00,08:00:00,A,1
t1,08:05:00,08:06:00,B,2
"""
PRODUCTS = """
# fare_products.txt
fare_product_id,fare_product_name,amount,currency,rider_category_id,fare_media_id
metro,Metro,3.00,USD,adult,card
metro,Metro,3.50,USD,adult,cash
metro,Metro,1.00,USD,child,card
bus,Bus,2.00,USD,,
long,Long,5.00,USD,,
change,Change,0.50,USD,,
day,Both,4.00,USD,,
# rider_categories.txt
rider_category_id,rider_category_name,is_default_fare_category
adult,Adult,1
child,Child,0
# fare_media.txt
fare_media_id,fare_media_name,fare_media_type
card,Card,2
cash,Cash,0
"""
LEGS = """
# fare_leg_rules.txt
leg_group_id,network_id,fare_product_id
m,metro,metro
b,bus,bus
"""


@pytest.fixture
def fares(tmp_path):
    """Rules from the text of a feed."""

    def build(text, version=FaresV2):
        feed, _ = read_feed(feed_folder(BASE + text, tmp_path / "feed"))
        return version(feed)

    return build


def ride(route, start, end, board="8:00", alight="8:10", number=0, **facts):
    """A ride between two clock times."""
    board_s, alight_s = (int(t.split(":")[0]) * 3600 + int(t.split(":")[1]) * 60 for t in (board, alight))
    return FareLeg(route, start, end, board_s, alight_s, WEDNESDAY, number=number, **facts)


def test_the_cheapest_medium_for_the_default_rider_is_paid(fares):
    """A child's price is not an adult's; of card and cash the cheaper is told with its medium."""
    price = fares(PRODUCTS + LEGS).price([ride("M1", "A", "B")])
    assert (price.amount, price.currency, price.payments[0].product.medium) == (300, "USD", "Card")


def test_rides_without_a_rule_are_named(fares):
    """A ferry without a fare makes the price a part, and says which ride is missing."""
    price = fares(PRODUCTS + LEGS).price([ride("M1", "A", "B"), ride("F1", "B", "C", number=1)])
    assert (price.amount, price.unpriced) == (300, (1,))


def test_areas_hold_for_the_platforms_of_a_station_and_empty_means_the_others(fares):
    """A rule between areas is for these; one without areas is for stops of no named area."""
    rules = fares(
        PRODUCTS
        + """
# areas.txt
area_id,area_name
centre,Centre
far,Far
# stop_areas.txt
area_id,stop_id
centre,BS
far,D
# fare_leg_rules.txt
leg_group_id,network_id,from_area_id,to_area_id,fare_product_id
m,metro,centre,far,long
m,metro,,,metro
"""
    )
    assert rules.price([ride("M1", "B", "D")]).amount == 500
    assert rules.price([ride("M1", "A", "C")]).amount == 300
    assert rules.price([ride("M1", "A", "D")]).unpriced == (0,)  # D is in a named area: "any other" is not it


def test_the_highest_priority_wins_and_empty_then_means_any(fares):
    """With rule_priority the dearer rule of higher priority is the one that holds."""
    rules = fares(
        PRODUCTS
        + """
# fare_leg_rules.txt
leg_group_id,network_id,fare_product_id,rule_priority
m,metro,long,1
x,,bus,
"""
    )
    assert rules.price([ride("M1", "A", "B")]).amount == 500
    assert rules.price([ride("B1", "A", "B")]).amount == 200


def test_timeframes_are_of_the_boarding_and_of_the_services_day(fares):
    """The peak holds on weekdays between its times only."""
    rules = fares(
        PRODUCTS
        + """
# timeframes.txt
timeframe_group_id,start_time,end_time,service_id
peak,07:00:00,09:00:00,W
weekend,,,E
# fare_leg_rules.txt
leg_group_id,network_id,from_timeframe_group_id,fare_product_id
m,metro,peak,long
m,metro,weekend,bus
b,bus,,bus
"""
    )
    assert rules.price([ride("M1", "A", "B", "8:59")]).amount == 500
    assert rules.price([ride("M1", "A", "B", "9:00")]).unpriced == (0,)


def test_changes_inside_the_gates_are_one_leg(fares):
    """Joined rides are priced from the first stop to the last, at a station or its platforms."""
    rules = fares(
        PRODUCTS
        + """
# fare_leg_rules.txt
leg_group_id,network_id,fare_product_id
m,metro,metro
# fare_leg_join_rules.txt
from_network_id,to_network_id,from_stop_id,to_stop_id
metro,metro,BS,B
"""
    )
    through = [ride("M1", "A", "B"), ride("M2", "B", "C", number=1)]
    assert rules.price(through).amount == 300
    assert rules.price(through).payments[0].rides == (0, 1)
    assert rules.price([ride("M1", "A", "C"), ride("M2", "C", "D", number=1)]).amount == 600


def test_staying_aboard_within_a_network_is_one_leg(fares):
    """Who does not leave the vehicle pays once."""
    rides = [ride("M1", "A", "C"), ride("M2", "C", "D", number=1, stays_aboard=True)]
    assert fares(PRODUCTS + LEGS).price(rides).amount == 300


@pytest.mark.parametrize(("kind", "amount"), [(0, 350), (1, 550), (2, 50)])
def test_the_three_kinds_of_transfer(fares, kind, amount):
    """First leg and transfer; both legs and the transfer (never taken where paying both is cheaper); transfer alone."""
    rules = fares(
        PRODUCTS
        + LEGS
        + f"# fare_transfer_rules.txt\nfrom_leg_group_id,to_leg_group_id,fare_transfer_type,fare_product_id\nm,b,{kind},change\n"
    )
    price = rules.price([ride("M1", "A", "B"), ride("B1", "B", "C", number=1)])
    assert price.amount == min(amount, 500)


@pytest.mark.parametrize(
    ("limit_type", "limit_s", "amount"),
    [(0, 3600, 400), (0, 4200, 200), (1, 3600, 200), (1, 3599, 400), (2, 3000, 200), (2, 2999, 400), (3, 3600, 200)],
)
def test_transfers_have_a_time_limit_from_and_to_what_the_rule_says(fares, limit_type, limit_s, amount):
    """Boards 8:00 and 9:00, alights ten minutes later: 70, 60, 50 and 60 minutes by the four types."""
    rules = fares(
        PRODUCTS
        + LEGS
        + "# fare_transfer_rules.txt\nfrom_leg_group_id,to_leg_group_id,fare_transfer_type,transfer_count,duration_limit,duration_limit_type\n"
        + f"b,b,0,-1,{limit_s},{limit_type}\n"
    )
    rides = [ride("B1", "A", "B"), ride("B2", "B", "C", "9:00", "9:10", 1)]
    assert rules.price(rides).amount == amount


def test_so_many_transfers_in_a_row_and_then_again(fares):
    """One free change: of three buses two are paid, of four two, of five three."""
    rules = fares(
        PRODUCTS
        + LEGS
        + "# fare_transfer_rules.txt\nfrom_leg_group_id,to_leg_group_id,fare_transfer_type,transfer_count\nb,b,0,1\n"
    )
    rides = [ride("B1", "A", "B", number=n) for n in range(5)]
    assert [rules.price(rides[:n]).amount for n in range(1, 6)] == [200, 200, 400, 400, 600]


def enumerate_costs(legs, groups, rules):
    """Every choice of a rule, or none, before every leg: what it costs."""
    options = [None, *range(len(rules))]
    for choice in itertools.product(options, repeat=len(legs) - 1):
        cost, used, since, before = groups[0].product.amount, 0, 0, None
        for number, chosen in enumerate(choice, start=1):
            start, end, own = groups[number - 1], groups[number], groups[number].product.amount
            if chosen is None:
                cost, before, used, since = cost + own, None, 0, number
                continue
            rule = rules[chosen]
            if (rule.start, rule.end) != (start.group, end.group):
                break
            is_again = rule.start == rule.end and before == chosen
            used, since = (used + 1, since) if is_again else (1, number - 1)
            if rule.start == rule.end and 0 <= rule.count < used:
                break
            if 0 <= rule.limit_s < _duration_s(rule.limit_type, [legs[since]], [legs[number]]):
                break
            if rule.kind == 2 and before is None:
                cost -= start.product.amount
            cost += rule.product.amount + (own if rule.kind == 1 else 0)
            before = chosen
        else:
            yield cost


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("mb"), st.integers(1, 60)), min_size=1, max_size=5),
    st.lists(
        st.tuples(
            st.sampled_from("mb"), st.sampled_from("mb"), st.integers(0, 4), st.integers(-1, 3),
            st.sampled_from([-1, 1800, 3600]), st.integers(0, 3), st.integers(0, 2),
        ),
        max_size=3,
    ),
)  # fmt: skip
def test_transfer_rules_are_read_the_cheapest_way(journey, rows):
    """Any rules, any rides: the cost is the least of every choice of rules."""
    clock, legs = 0, []
    for number, (_, wait) in enumerate(journey):
        legs.append(FareLeg("r", "s", "e", clock + wait * 60, clock + wait * 60 + 300, WEDNESDAY, number=number))
        clock = legs[-1].alight_s
    fares = {"m": LegFare("m", Product("m", "", 3, "X")), "b": LegFare("b", Product("b", "", 2, "X"))}
    rules = [
        TransferRule(s, e, Product(f"p{n}", "", a, "X"), c, limit, t, k)
        for n, (s, e, a, c, limit, t, k) in enumerate(rows)
    ]
    groups = [fares[group] for group, _ in journey]

    class Own(FaresV2):
        def __init__(self):
            self._rules, self._joins, self._parents = rules, [], {}
            self._named_start = self._named_end = {"m", "b"}
            self.legs, self.networks = self, {}

        def list_fares(self, effective):
            return [groups[effective[0].number]]

    assert Own().price(legs).amount == min(enumerate_costs(legs, groups, rules))


V1 = """
# fare_attributes.txt
fare_id,price,currency_type,payment_method,transfers,transfer_duration
local,2.00,EUR,0,1,3600
zone12,3.10,EUR,0,,
ferry,4.00,EUR,0,0,
# fare_rules.txt
fare_id,route_id,origin_id,destination_id,contains_id
local,B1,,,
local,B2,,,
zone12,,1,2,
ferry,F1,,,
"""


def test_v1_counts_transfers_minutes_zones_and_routes(fares):
    """The cheapest cut of a journey into stretches of one fare each."""
    rules = fares(V1, FaresV1)
    assert rules.price([ride("B1", "A", "B"), ride("B2", "B", "A", "8:20", "8:30", 1)]).amount == 200
    assert rules.price([ride("B1", "A", "B"), ride("B2", "B", "A", "9:20", "9:30", 1)]).amount == 400
    assert rules.price([ride("M1", "A", "C")]).amount == 310
    assert rules.price([ride("M1", "A", "D")]).unpriced == (0,)
    three = [ride("B1", "A", "B"), ride("M1", "B", "A", "8:20", "8:30", 1), ride("M2", "A", "C", "8:40", "8:50", 2)]
    assert rules.price(three).amount == 310  # unlimited changes from zone 1 to zone 2
    assert rules.price([ride("F1", "A", "B"), ride("F1", "B", "A", number=1)]).amount == 800


def test_v1_fares_without_rules_hold_everywhere(fares):
    """One flat fare, two changes."""
    rules = fares(
        "# fare_attributes.txt\nfare_id,price,currency_type,payment_method,transfers\nflat,1.50,EUR,0,2\n", FaresV1
    )
    assert [rules.price([ride("M1", "A", "B", number=k) for k in range(n)]).amount for n in (1, 3, 4)] == [
        150,
        150,
        300,
    ]


def test_a_feed_without_fares_prices_nothing(tmp_path, net):
    """No fare files: no price, and the itinerary stays as it is."""
    network = net(BASE.replace("parent_station,location_type,zone_id", "parent_station,location_type,zone_id"))
    itinerary = network.itineraries("A", "B", "07:55")[0]
    assert FareTable(network.feed).price(itinerary) is None
    assert FareTable(network.feed).with_fare(itinerary).fare is None


def test_itineraries_carry_their_fare(net):
    """The fare stands in the notation."""
    network = net(BASE + PRODUCTS + LEGS)
    itinerary = FareTable(network.feed).with_fare(network.itineraries("A", "B", "07:55")[0])
    assert itinerary.fare == (3.0, "USD")


def test_the_estimate_is_flat_or_a_line_over_distance():
    """Flat fares cost at boarding; brackets become the line through them."""
    assert fit([Sample(0.0, 200), Sample(0.0, 150)]) == (150.0, 0.0)
    board, per_km = fit([Sample(1.0, 200), Sample(3.0, 300), Sample(5.0, 400)])
    assert (round(board), round(per_km)) == (150, 50)
    assert fit([]) == (0.0, 0.0)


def test_costs_of_lines_come_from_their_networks(tmp_path):
    """Each line has its network's estimate and its mode's grams."""
    feed, _ = read_feed(feed_folder(BASE + PRODUCTS + LEGS, tmp_path / "feed"))
    costs = list_route_costs(feed, [Mode.SUBWAY, Mode.SUBWAY, Mode.BUS, Mode.BUS, Mode.FERRY], default_factors())
    assert costs.board_price.tolist() == [300, 300, 200, 200, 0]
    assert costs.co2_g_per_km.tolist() == [28, 28, 102, 102, 19]


def test_cities_may_have_factors_of_their_own():
    """A table of city.toml replaces what it names and keeps the rest."""
    factors = default_factors().replaced_by({"source": "KRTC 2025", "subway": 40})
    assert (factors.of(Mode.SUBWAY), factors.of(Mode.BUS), factors.source) == (40, 102, "KRTC 2025")
    assert factors.of(Mode.WALK) == 0
