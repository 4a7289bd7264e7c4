"""Fares of merged feeds: a journey costs what it costs in its own feed, and one across two feeds what both cost."""

import datetime as dt
import tempfile
from dataclasses import replace
from pathlib import Path

from feed_text import feed_folder
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_feed import toy

from gtfs.ingest import read_feed
from gtfs.merge import merge_feeds
from mobility.fares.price import FareLeg
from mobility.fares.table import FareTable

DATE = dt.date(2026, 7, 15)
ROUTES = "route_id,agency_id,route_short_name,route_type,network_id\nR,KT,1,3,N\nQ,KT,2,3,M\nO,KT,3,3,"
AREAS = {"areas": "area_id\nA1\nA2", "stop_areas": "area_id,stop_id\nA1,A\nA2,C"}
PRODUCTS = "fare_product_id,amount,currency\n" + "\n".join(f"P{n},{2**n},TWD" for n in range(5))
networks, areas = st.sampled_from(["", "", "N", "M"]), st.sampled_from(["", "", "A1", "A2"])
groups, products = st.sampled_from(["", "", "G", "H"]), st.sampled_from([f"P{n}" for n in range(5)])


@st.composite
def feeds(draw, has_priority):
    """A feed with rules of which many fields are empty."""
    head = "leg_group_id,network_id,from_area_id,to_area_id,fare_product_id"
    rules = []
    for _ in range(draw(st.integers(1, 5))):
        cells = [draw(groups), draw(networks), draw(areas), draw(areas), draw(products)]
        rules.append(",".join([*cells, str(draw(st.integers(0, 2)))] if has_priority else cells))
    transfers = []
    for _ in range(draw(st.integers(0, 3))):
        start, end = draw(groups), draw(groups)
        # an empty pair counts as one group to our reader; written out it is several, so that no limit is set
        limit = "" if start == end == "" else draw(st.sampled_from(["", "1800"]))
        count = draw(st.sampled_from(["", "1", "-1"])) if start == end != "" else ""
        product = draw(st.sampled_from(["", "P0", "P1"]))
        transfers.append(f"{start},{end},{count},{limit},{'1' if limit else ''},{draw(st.integers(0, 2))},{product}")
    columns = "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,duration_limit_type,fare_transfer_type"
    return toy(
        routes=ROUTES,
        fare_products=PRODUCTS,
        fare_leg_rules="\n".join([head + ",rule_priority" * has_priority, *rules]),
        fare_transfer_rules="\n".join([f"{columns},fare_product_id", *transfers]),
        **AREAS,
    )


@st.composite
def rides(draw):
    """Rides one after the other."""
    legs, clock_s = [], 8 * 3600
    for number in range(draw(st.integers(1, 3))):
        start, end = draw(st.permutations("ABC"))[:2]
        legs.append(FareLeg(draw(st.sampled_from("RQO")), start, end, clock_s, clock_s + 600, DATE, number=number))
        clock_s += draw(st.sampled_from([900, 2400]))
    return legs


def tagged(tag, legs):
    """The rides as they are in the merged feed."""
    return [
        replace(leg, route_id=f"{tag}:{leg.route_id}", start_stop=f"{tag}:{leg.start_stop}", end_stop=f"{tag}:{leg.end_stop}")
        for leg in legs
    ]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.data(), st.booleans(), rides(), rides())
def test_a_merged_feed_prices_as_its_feeds(data, has_priority, first, second):
    """Rides of one feed cost as much as there; rides of one and then of the other cost both."""
    read = {}
    for tag in "xy":
        with tempfile.TemporaryDirectory() as folder:
            read[tag] = read_feed(feed_folder(data.draw(feeds(has_priority)), Path(folder)))
    alone = {tag: FareTable(feed).rules for tag, (feed, _) in read.items()}
    whole = FareTable(merge_feeds(read)[0]).rules
    prices = []
    for tag, legs in (("x", first), ("y", second)):
        own, found = alone[tag].price(legs), whole.price(tagged(tag, legs))
        assert (found.amount, found.unpriced) == (own.amount, own.unpriced)
        prices.append(own)
    later = [replace(leg, number=leg.number + len(first)) for leg in tagged("y", second)]
    across = whole.price([*tagged("x", first), *later])
    assert across.amount == sum(price.amount for price in prices)
