"""Our feed beside the reference feed that was made from the same facts by other code."""

import csv
import io
import zipfile
from collections import defaultdict
from pathlib import Path

import pytest

from mobility.cities import find_city
from mobility.cities.build_feed import build_feed

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "kaohsiung"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="no shared reference data beside the checkout"),
]


def read(path, name):
    """One file of a zipped feed."""
    with zipfile.ZipFile(path) as archive:
        return list(csv.DictReader(io.TextIOWrapper(archive.open(name), "utf-8-sig")))


def seconds(clock):
    """HH:MM:SS as seconds."""
    hours, minutes, secs = map(int, clock.split(":"))
    return hours * 3600 + minutes * 60 + secs


def rail_trips(path):
    """Per route, direction and service the trips as (stops, departures), in order."""
    calls = defaultdict(list)
    for row in read(path, "stop_times.txt"):
        if row["trip_id"].startswith(("KRTC", "KLRT")):
            calls[row["trip_id"]].append((row["stop_id"], seconds(row["departure_time"])))
    days = defaultdict(list)
    for trip_id, stops in calls.items():
        days[trip_id.rsplit("-", 1)[0]].append((stops[0][1], tuple(s for s, _ in stops), tuple(t for _, t in stops)))
    return {day: sorted(trips) for day, trips in days.items()}


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """The feed that we build."""
    path = tmp_path_factory.mktemp("feed") / "kaohsiung.zip"
    build_feed(find_city("kaohsiung"), path)
    return path


@pytest.fixture(scope="module")
def reference():
    """The feed made from the same facts by other code."""
    return SHARED / "kaohsiung_gtfs.zip"


def test_city_reference_light_rail_is_the_same_to_the_second(ours, reference):
    """All 338 light rail trips call at the same stations at the same seconds."""
    left, right = rail_trips(ours), rail_trips(reference)
    for day in [day for day in right if day.startswith("KLRT")]:
        assert left[day] == right[day]


def test_city_reference_metro_differs_by_seconds_only(ours, reference):
    """All 1,924 metro trips start alike and differ at most 3 s on the way: run times are kept in whole seconds."""
    left, right = rail_trips(ours), rail_trips(reference)
    assert left.keys() == right.keys()
    for day in [day for day in right if day.startswith("KRTC")]:
        for (start, stops, times), (start_2, stops_2, times_2) in zip(left[day], right[day], strict=True):
            assert (start, stops) == (start_2, stops_2)
            assert max(abs(a - b) for a, b in zip(times, times_2, strict=True)) <= 3


def test_city_reference_metro_fares_differ_only_at_a_bracket(ours):
    """Metro prices equal the computed table but where the distance is a bracket's end, which we count as inside."""
    price = {
        (r["from_area_id"], r["to_area_id"]): r["fare_product_id"].removeprefix("KRTC-")
        for r in read(ours, "fare_leg_rules.txt")
    }
    with (SHARED / "krtc_od_fares_computed.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    different = {row["km"] for row in rows if price[f"KRTC-{row['from']}", f"KRTC-{row['to']}"] != row["fare_twd"]}
    assert len(rows) == 1482
    assert len(different) <= 1
    assert all(float(km) in {5, 7, 9, 11, 13, 15, 17, 20} for km in different)
