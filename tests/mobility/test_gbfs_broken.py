"""GBFS documents that do not hold: each fault is told with file, record and remedy, and what was good stays in use."""

import copy
import datetime as dt

import gbfs_town as town
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobility.bikeshare.places import list_groups
from mobility.bikeshare.system import FormFactor
from mobility.sources.gbfs import GbfsUnreadable, decode, decode_system

NOW = town.NOW


def told(decoded):
    """The notices as (code, file, record)."""
    return [(notice.code, notice.file, notice.record) for notice in decoded.notices]


def read(documents, now=NOW):
    """Decode everything; the state and what was told."""
    decoded = decode(documents, now=now)
    return decoded.state, told(decoded)


def edit(documents, feed, change):
    """The documents with the data of one of them changed in place by a function."""
    found = copy.deepcopy(documents)
    change(found[feed]["data"])
    return found


STATION_FAULTS = {
    "null_position": {"lat": 0.0, "lon": 0.0},
    "swapped_position": {"lat": 119.02, "lon": 22.02},
    "lost_position": {"lat": 51.5, "lon": -0.1},
    "bad_position": {"lat": 22.0, "lon": 500.0},
    "no_position": {"lat": None, "lon": "east"},
    "no_id": {"station_id": None},
}


@pytest.mark.parametrize("code", STATION_FAULTS)
def test_a_station_that_is_nowhere_is_left_out(code):
    """0,0, exchanged, far away, not on Earth, no number, no id: told with the record, the other stations stay."""
    documents = edit(town.bikes(), "station_information", lambda data: data["stations"][1].update(STATION_FAULTS[code]))
    state, notices = read(documents)
    record = "stations[1]" if code == "no_id" else "market"
    assert (code, "station_information.json", record) in notices
    assert [s.station_id for s in state.system.stations] == ["harbour", "hill", "park"]
    assert set(state.states) == {"harbour", "hill", "park"}


def test_exchanged_coordinates_that_are_on_earth():
    """A station at lon, lat is recognised by the rest of its system where both are below 90."""
    bikes = town.bikes()
    for station in bikes["station_information"]["data"]["stations"]:
        station["lon"] -= 60
        station.pop("station_area", None)
    market = bikes["station_information"]["data"]["stations"][1]
    market["lat"], market["lon"] = market["lon"], market["lat"]
    state, notices = read(bikes)
    assert ("swapped_position", "station_information.json", "market") in notices
    assert len(state.system.stations) == 3


def test_a_system_in_two_cities_loses_none():
    """Stations 300 km away that have neighbours belong to the system; one that stands alone there does not."""

    def away(count):
        return [town.station(f"far{n}", 300 + n, 1) for n in range(count)]

    def add(count):
        return edit(town.bikes(), "station_information", lambda data: data["stations"].extend(away(count)))

    assert len(decode_system(add(3)).system.stations) == 7
    assert told(decode_system(add(1))) == [("lost_position", "station_information.json", "far0")]


STATUS_FAULTS = [
    ({"num_vehicles_available": -3, "vehicle_types_available": None}, "negative_count", (None, 13)),
    ({"vehicle_types_available": town.typed(plain=-1)}, "negative_count", ({"plain": 7}, 13)),
    ({"num_docks_available": -1}, "negative_count", ({"plain": 5, "ebike": 2}, None)),
    ({"num_docks_available": 2.5}, "bad_count", ({"plain": 5, "ebike": 2}, None)),
    ({"num_docks_available": 10**12}, "bad_count", ({"plain": 5, "ebike": 2}, None)),
    ({"num_docks_available": 99}, "over_capacity", ({"plain": 5, "ebike": 2}, 99)),
    ({"num_vehicles_available": 9}, "counts_disagree", ({"plain": 5, "ebike": 2}, 13)),
    ({"vehicle_types_available": town.typed(plain=7, hoverboard=1)}, "unknown_vehicle_type", ({"plain": 7}, 13)),
    ({"num_vehicles_available": None, "vehicle_types_available": None}, "no_count", (None, 13)),
    ({"is_renting": "yes"}, "bad_flag", ({"plain": 5, "ebike": 2}, 13)),
    ({"last_reported": "yesterday"}, "bad_time", ({"plain": 5, "ebike": 2}, 13)),
    ({"last_reported": "2026-07-15T08:30:00+08:00"}, "future_time", ({"plain": 5, "ebike": 2}, 13)),
    ({"last_reported": 0}, "bad_time", ({"plain": 5, "ebike": 2}, 13)),
    ({"last_reported": "2026-07-01T08:30:00+08:00"}, "old_report", ({"plain": 5, "ebike": 2}, 13)),
    ({"vehicle_types_available": {"plain": 7}}, "bad_list", ({}, 13)),
]


@pytest.mark.parametrize(("fault", "code", "counts"), STATUS_FAULTS)
def test_a_count_that_cannot_be_is_unknown_not_zero(fault, code, counts):
    """Each fault of a station's status is told; what else the record says, and the other stations, are used."""
    documents = edit(town.bikes(), "station_status", lambda data: data["stations"][0].update(fault))
    state, notices = read(documents)
    assert (code, "station_status.json", "harbour") in notices
    assert (state.states["harbour"].bikes, state.states["harbour"].docks) == counts
    assert len(state.states) == 4


def test_untyped_counts_go_to_the_slowest_kind():
    """Where all types are bicycles an untyped count is one of plain ones; beside mopeds nobody knows."""

    def forget(data):
        data["stations"][0].pop("vehicle_types_available")

    bikes = edit(town.bikes(), "station_status", forget)
    assert read(bikes)[0].states["harbour"].bikes == {"plain": 7}
    mixed = edit(bikes, "vehicle_types", lambda data: data["vehicle_types"][1].update(form_factor="moped"))
    state, notices = read(mixed)
    assert state.states["harbour"].bikes is None
    assert ("untyped_count", "station_status.json", "harbour") in notices


def test_duplicates_are_told_and_one_is_used():
    """Of stations, types and plans the first; of status the one that reported last, wherever it stands."""

    def twice(key):
        return lambda data: data[key].append(copy.deepcopy(data[key][0]))

    documents = town.bikes()
    for feed, key in (("station_information", "stations"), ("vehicle_types", "vehicle_types")):
        documents = edit(documents, feed, twice(key))
    newer = {"num_docks_available": 12, "last_reported": (NOW + dt.timedelta(seconds=1)).isoformat()}
    for place in (0, 4):
        changed = edit(documents, "station_status", twice("stations"))
        changed["station_status"]["data"]["stations"][place].update(newer)
        state, notices = read(changed, NOW + dt.timedelta(seconds=5))
        assert [code for code, _, _ in notices] == ["duplicate_id"] * 3
        assert (len(state.system.stations), state.states["harbour"].docks) == (4, 12)


def test_a_station_without_information_is_told():
    """Status of a station that nobody described is left out."""
    documents = edit(town.bikes(), "station_status", lambda data: data["stations"].append(town.status("moon", 1, 1)))
    state, notices = read(documents)
    assert notices == [("unknown_station", "station_status.json", "moon")]
    assert "moon" not in state.states


BOWTIE = {"type": "Polygon", "coordinates": [[[119, 22], [119.1, 22.1], [119.1, 22], [119, 22.1], [119, 22]]]}
ZONE_FAULTS = [
    ({"geometry": BOWTIE}, "mended_polygon", 4),
    ({"geometry": {"type": "Point", "coordinates": [119, 22]}}, "not_a_polygon", 3),
    ({"geometry": None}, "not_a_polygon", 3),
    ({"geometry": {"type": "Polygon", "coordinates": [[[119, 22], [119.1, 22.1]]]}}, "bad_polygon", 3),
    ({"geometry": {"type": "Polygon", "coordinates": None}}, "bad_polygon", 3),
    ({"geometry": {"type": "MultiPolygon", "coordinates": []}}, "bad_polygon", 3),
    ({"geometry": {"type": "MultiPolygon", "coordinates": [[]]}}, "bad_polygon", 3),
    (
        {"geometry": {"type": "Polygon", "coordinates": [[[119, 22], [120, 23], [121, 24], [119, 22]]]}},
        "bad_polygon",
        3,
    ),
    ({"geometry": {"type": "Polygon", "coordinates": [[["a", 1], [1, 2], [3, 4], ["a", 1]]]}}, "bad_polygon", 3),
    ({"geometry": {"type": "Polygon", "coordinates": [[[999, 1], [1, 2], [3, 4], [999, 1]]]}}, "bad_polygon", 3),
    ({"geometry": {"type": "Polygon", "coordinates": [[1, 2], [3, 4], [5, 6], [1, 2]]}}, "bad_polygon", 3),
    ({"geometry": {"type": "Polygon", "coordinates": [[{"x": 1}] * 5]}}, "bad_polygon", 3),
]


@pytest.mark.parametrize(("fault", "code", "left"), ZONE_FAULTS)
def test_a_geofence_that_is_no_polygon(fault, code, left):
    """A self-crossing ring is mended and told; what encloses nothing is left out and told; the other zones stay."""

    def change(data):
        data["geofencing_zones"]["features"][1].update(fault)

    state, notices = read(edit(town.mopeds(), "geofencing_zones", change))
    assert notices == [(code, "geofencing_zones.json", "features[1]")]
    assert len(state.system.zones.zones) == left


def test_2_x_zones_have_an_outside():
    """A 2.x feed that allows rides in a zone and says nothing of elsewhere: nobody is sent to park outside; told."""

    def change(data):
        del data["global_rules"]
        for feature in data["geofencing_zones"]["features"]:
            for rule in feature["properties"]["rules"]:
                start = rule.pop("ride_start_allowed", None)
                rule.pop("ride_end_allowed", None)
                if start is not None:
                    rule["ride_allowed"] = start
                rule["vehicle_type_id"] = ["moped"]

    documents = edit(town.mopeds(), "geofencing_zones", change)
    documents["geofencing_zones"] |= {"version": "2.3", "last_updated": int(NOW.timestamp())}
    state, notices = read(documents)
    assert notices == [("inferred_operating_area", "geofencing_zones.json", "global_rules")]
    rules = state.system.zones.rules_at([22.012, 22.025, 22.2, 22.045], [119.03, 119.025, 119.2, 119.005], "moped")
    assert rules.may_end.tolist() == [True, False, False, False]
    assert rules.may_pass.tolist() == [True, True, True, False]


VEHICLE_FAULTS = [
    ({"vehicle_type_id": "jetpack"}, "unknown_vehicle_type", 4),
    ({"vehicle_id": ""}, "no_id", 4),
    ({"vehicle_id": "m2"}, "duplicate_id", 4),
    ({"lat": 0, "lon": 0}, "null_position", 4),
    ({"lat": 40.0, "lon": 119.0}, "lost_position", 4),
    ({"current_range_meters": -5}, "bad_number", 5),
    ({"is_disabled": None}, "bad_flag", 5),
    ({"station_id": "nowhere"}, "unknown_station", 5),
    ({"pricing_plan_id": "gold"}, "unknown_plan", 5),
]


@pytest.mark.parametrize(("fault", "code", "left"), VEHICLE_FAULTS)
def test_a_vehicle_that_does_not_hold(fault, code, left):
    """Each fault of a vehicle is told with its id; it is left out only where nobody could find or ride it."""

    def change(data):
        data["vehicles"][0].update(fault)

    state, notices = read(edit(town.mopeds(), "vehicle_status", change))
    assert [kind for kind, file, _ in notices if file == "vehicle_status.json"] == [code]
    assert len(state.vehicles) == left


PLAN_FAULTS = [
    {"price": "free"},
    {"price": -1},
    {"price": float("nan")},
    {"currency": "NT$"},
    {"per_min_pricing": [{"start": 0, "interval": 1}]},
    {"per_min_pricing": [{"start": 9, "rate": 1, "interval": 1, "end": 2}]},
    {"per_min_pricing": [{"start": 0, "rate": 1, "interval": 0.5}]},
]


@pytest.mark.parametrize("fault", PLAN_FAULTS)
def test_a_price_that_cannot_be_read_is_no_price(fault):
    """A wrong price is worse than none: the plan is left out, told, and so is the type that loses its price."""
    documents = edit(town.bikes(), "system_pricing_plans", lambda data: data["plans"][0].update(fault))
    state, notices = read(documents)
    assert notices == [
        ("bad_price", "system_pricing_plans.json", "plain_plan"),
        ("unknown_plan", "vehicle_types.json", "plain"),
    ]
    assert state.system.find_plan("plain") is None
    assert state.system.find_plan("ebike") is not None


def test_unknown_words_of_vehicle_types():
    """Forms that nobody knows are not planned with; drives and returns are guessed, and the guess is marked."""

    def change(data):
        data["vehicle_types"][0].update(form_factor="unicycle", propulsion_type="steam", return_constraint="thrown")

    decoded = decode_system(edit(town.bikes(), "vehicle_types", change))
    assert [code for code, _, _ in told(decoded)] == [
        "unknown_form_factor",
        "unknown_propulsion",
        "unknown_return_constraint",
    ]
    kind = decoded.system.vehicle_types["plain"]
    assert (kind.form_factor, kind.is_return_guessed) == (FormFactor.OTHER, True)
    assert [group.type_ids for group in list_groups(decoded.system)] == [("ebike",)]


@pytest.mark.parametrize("version", ["2.3-RC", "4.7", "latest", 3, None])
def test_version_strings(version):
    """Release candidates are read as their version; what is no version is told and read by what it holds."""
    documents = town.bikes()
    documents["station_information"]["version"] = version
    state, notices = read(documents)
    assert len(state.system.stations) == 4
    assert notices == ([] if version == "2.3-RC" else [("unknown_version", "station_information.json", "")])


BROKEN = [
    b"<html>502 Bad Gateway</html>",
    b"",
    b"\xff\xfe\x00",
    b"[]",
    b'{"data": null}',
    b'{"data": []}',
    None,
    b"[" * 100_000,
]


@pytest.mark.parametrize("content", BROKEN)
def test_an_optional_document_that_is_broken_is_absent(content):
    """No JSON, no data or nothing at all for regions, types, prices, zones: told, and the stations are there."""
    for feed in ("system_regions", "system_pricing_plans", "geofencing_zones"):
        state, notices = read({**town.bikes(), feed: content})
        assert len(state.system.stations) == 4
        assert {file for _, file, _ in notices} <= {f"{feed}.json", "vehicle_types.json"}
        assert notices


@pytest.mark.parametrize("content", BROKEN)
@pytest.mark.parametrize("feed", ["system_information", "station_information"])
def test_a_system_cannot_be_without_what_names_and_places_it(feed, content):
    """Without a readable system_information or station_information there is no system; the error says what to do."""
    with pytest.raises(GbfsUnreadable, match=rf"{feed}\.json .*: nothing can be rented without it; fetch it"):
        decode_system({**town.bikes(), feed: content})
    missing = town.bikes()
    del missing[feed]
    with pytest.raises(GbfsUnreadable, match="is missing"):
        decode_system(missing)


def test_a_system_of_vehicles_needs_no_stations():
    """Where vehicles are published a lost station_information costs the stations alone."""
    state, notices = read({**town.cars(), "station_information": b"oops"})
    assert ("not_json", "station_information.json", "") in notices
    assert state.system.stations == ()
    assert [(v.vehicle_id, v.station_id) for v in state.vehicles] == [("c1", ""), ("c9", "")]


def test_empty_systems():
    """A system in shutdown publishes empty lists: nothing to rent and nothing to tell; one with neither list is told."""
    documents = edit(town.bikes(), "station_information", lambda data: data["stations"].clear())
    documents = edit(documents, "station_status", lambda data: data["stations"].clear())
    state, notices = read(documents)
    assert (state.system.stations, notices) == ((), [])
    only = {"system_information": town.bikes()["system_information"]}
    assert read(only)[1] == [("nothing_to_rent", "gbfs.json", "")]


@pytest.mark.parametrize("timezone", [0, None, "", "Asia", "Asia/Atlantis", "../etc", "\0", ["Asia/Taipei"]])
def test_an_unknown_time_zone_is_utc(timezone):
    """A time zone that does not exist is told, and the system is used in UTC."""
    documents = edit(town.bikes(), "system_information", lambda data: data.update(timezone=timezone))
    state, notices = read(documents)
    assert notices == [("bad_timezone", "system_information.json", "")]
    assert (state.system.timezone, len(state.states)) == ("Etc/UTC", 4)


def test_a_speed_of_nought_is_a_closed_zone():
    """A zone of 0 km/h is one that nobody rides through: told, and kept as such."""

    def change(data):
        data["geofencing_zones"]["features"][2]["properties"]["rules"][0]["maximum_speed_kph"] = 0

    state, notices = read(edit(town.mopeds(), "geofencing_zones", change))
    assert notices == [("zero_speed", "geofencing_zones.json", "features[2]")]
    assert not state.system.zones.rules_at([22.012], [119.012], "moped").may_pass.any()


def test_a_notice_reads_as_a_sentence():
    """File, record, what is wrong, the remedy and the code, in one line."""
    documents = edit(town.bikes(), "station_information", lambda data: data["stations"][1].update(lat=0, lon=0))
    first = decode(documents, now=NOW).notices[0]
    assert str(first) == (
        "station_information.json market: 0.0, 0.0 is in the Gulf of Guinea: left out; publish where it stands "
        "(null_position)"
    )


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**13) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def list_paths(value, path=()):
    """Where every value inside a document stands."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from list_paths(inner, (*path, key))


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([town.bikes, town.mopeds, town.cars, town.bikes_2_3]), st.data())
def test_no_junk_stops_the_decoder(make, data):
    """Any value anywhere in any document replaced by junk: a system with notices, or one clear refusal."""
    documents = make()
    for _ in range(data.draw(st.integers(1, 4))):
        feed = data.draw(st.sampled_from(sorted(documents)))
        path = data.draw(st.sampled_from(list(list_paths(documents[feed]))[1:] or [("data",)]))
        *way, last = path
        parent = documents[feed]
        for key in way:
            parent = parent[key]
        parent[last] = data.draw(junk)
    try:
        decoded = decode(documents, now=NOW)
    except GbfsUnreadable as error:
        assert "nothing can be" in str(error)  # noqa: PT017
        return
    assert all(notice.message.count(": ") or ";" in notice.message for notice in decoded.notices)
    assert all(s.station_id and s.names for s in decoded.state.system.stations)
    for state in decoded.state.states.values():
        assert state.docks is None or state.docks >= 0
        assert state.bikes is None or all(count >= 0 for count in state.bikes.values())
