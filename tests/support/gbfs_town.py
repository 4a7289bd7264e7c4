"""Shared vehicles of an invented town, written as GBFS 3.0 (and, for bikes, 2.3) documents.

Three operators as cities have them: docked bikes with some electric ones; mopeds in the streets within an operating
zone; cars at stations that must come back to where they were taken. Nobody's real data: the town is in the sea.
"""

import datetime as dt
import json

NOW = dt.datetime(2026, 7, 15, 8, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
LAT, LON = 22.0, 119.0


def at(north, east):
    """A point so many hundredths of a degree from the corner of the town."""
    return {"lat": round(LAT + north / 100, 6), "lon": round(LON + east / 100, 6)}


def square(south, west, north, east):
    """A MultiPolygon of one box, in hundredths of a degree from the corner of the town."""
    corners = [(south, west), (south, east), (north, east), (north, west), (south, west)]
    return {"type": "MultiPolygon", "coordinates": [[[[LON + x / 100, LAT + y / 100] for y, x in corners]]]}


def name(text):
    """A localized string in two languages."""
    return [{"text": f"{text}站", "language": "zh-TW"}, {"text": text, "language": "en"}]


def document(data, version="3.0", updated=NOW):
    """The common header around data."""
    when = updated.isoformat() if version.startswith("3") else int(updated.timestamp())
    return {"last_updated": when, "ttl": 60, "version": version, "data": data}


def documents(version="3.0", **feeds):
    """Documents by feed name."""
    return {feed: document(data, version) for feed, data in feeds.items()}


def information(system_id, **facts):
    """The data of system_information."""
    return {
        "system_id": system_id,
        "languages": ["zh-TW", "en"],
        "name": name(system_id),
        "operator": name(f"{system_id} operator"),
        "opening_hours": "24/7",
        "timezone": "Asia/Taipei",
        "feed_contact_email": "feeds@town.example",
        **facts,
    }


def station(station_id, north, east, **facts):
    """A station of station_information."""
    return {"station_id": station_id, "name": name(station_id), **at(north, east), **facts}


def status(station_id, vehicles, docks=None, **facts):
    """A station of station_status, working."""
    counts = {"num_vehicles_available": vehicles} | ({} if docks is None else {"num_docks_available": docks})
    flags = {"is_installed": True, "is_renting": True, "is_returning": True, "last_reported": NOW.isoformat()}
    return {"station_id": station_id, **counts, **flags, **facts}


def vehicle(vehicle_id, type_id, north, east, **facts):
    """A vehicle of vehicle_status, free to take."""
    flags = {"is_reserved": False, "is_disabled": False}
    return {"vehicle_id": vehicle_id, "vehicle_type_id": type_id, **at(north, east), **flags, **facts}


def typed(**counts):
    """vehicle_types_available."""
    return [{"vehicle_type_id": type_id, "count": count} for type_id, count in counts.items()]


def bikes():
    """Docked bikes, plain and electric, priced by started half hours; one station is full, one closed, one virtual."""
    plans = [
        plan("plain_plan", 0, [step(0, 10, 30, 240), step(240, 20, 30)]),
        plan("ebike_plan", 0, [step(0, 20, 30, 120), step(120, 40, 30)]),
    ]
    kinds = [
        kind("plain", "bicycle", "human", "any_station", default_pricing_plan_id="plain_plan"),
        kind("ebike", "bicycle", "electric_assist", "any_station", 30_000, default_pricing_plan_id="ebike_plan"),
    ]
    stations = [
        station("harbour", 1, 1, capacity=20, region_id="r1"),
        station("market", 2, 3, capacity=10, region_id="r1"),
        station("hill", 4, 4, capacity=8, region_id="r2"),
        station("park", 3, 1, is_virtual_station=True, station_area=square(2.9, 0.9, 3.1, 1.1)),
    ]
    states = [
        status("harbour", 7, 13, vehicle_types_available=typed(plain=5, ebike=2)),
        status("market", 10, 0, vehicle_types_available=typed(plain=10)),
        status("hill", 0, 8, vehicle_types_available=typed(plain=0), is_renting=False),
        status("park", 1, None, vehicle_types_available=typed(ebike=1)),
    ]
    return documents(
        system_information=information("town_bikes"),
        vehicle_types={"vehicle_types": kinds},
        system_pricing_plans={"plans": plans},
        system_regions={
            "regions": [{"region_id": "r1", "name": name("South")}, {"region_id": "r2", "name": name("N")}]
        },
        station_information={"stations": stations},
        station_status={"stations": states},
    )


def mopeds():
    """Mopeds left anywhere inside a zone, except on a campus; slow by the school; the airport may not be crossed."""
    zones = [
        zone(
            "Airport", square(4, 0, 5, 1), ride_start_allowed=False, ride_end_allowed=False, ride_through_allowed=False
        ),
        zone("Campus", square(2, 2, 3, 3), ride_start_allowed=False, ride_end_allowed=False, ride_through_allowed=True),
        zone("School", square(1, 1, 1.5, 1.5), maximum_speed_kph=15),
        zone("Town", square(0, 0, 5, 5), ride_start_allowed=True, ride_end_allowed=True, ride_through_allowed=True),
    ]
    elsewhere = {"ride_start_allowed": False, "ride_end_allowed": False, "ride_through_allowed": True}
    vehicles = [
        vehicle("m1", "moped", 1.2, 3.0, current_range_meters=40_000),
        vehicle("m2", "moped", 2.5, 2.5, current_range_meters=20_000),
        vehicle("m3", "moped", 3.5, 3.5, current_range_meters=5_000, is_reserved=True),
        vehicle("m4", "moped", 3.6, 3.5, current_range_meters=900, is_disabled=True),
        vehicle("m5", "moped", 0.5, 4.5, current_range_meters=33_000.5),
    ]
    plans = [plan("ride", 15, [step(6, 2.5, 1)])]
    kinds = [kind("moped", "moped", "electric", "free_floating", 60_000, default_pricing_plan_id="ride")]
    return documents(
        system_information=information("town_mopeds"),
        vehicle_types={"vehicle_types": kinds},
        system_pricing_plans={"plans": plans},
        geofencing_zones={
            "geofencing_zones": {"type": "FeatureCollection", "features": zones},
            "global_rules": [elsewhere],
        },
        vehicle_status={"vehicles": vehicles},
    )


def cars():
    """Cars at two stations, each to be returned where it was taken; one has a home of its own."""
    plans = [plan("car", 0, [step(0, 120, 60)], [step(0, 3.1, 1)])]
    kinds = [
        kind("small", "car", "hybrid", "roundtrip_station", 500_000, default_pricing_plan_id="car", rider_capacity=5)
    ]
    parking = {"parking_type": "parking_lot", "is_virtual_station": True, "capacity": 6}
    return documents(
        system_information=information("town_cars"),
        vehicle_types={"vehicle_types": kinds},
        system_pricing_plans={"plans": plans},
        station_information={"stations": [station("lot_a", 1, 2, **parking), station("lot_b", 4, 3, **parking)]},
        station_status={
            "stations": [
                status("lot_a", 2, vehicle_types_available=typed(small=2)),
                status("lot_b", 1, vehicle_types_available=typed(small=1)),
            ]
        },
        vehicle_status={
            "vehicles": [
                vehicle("c1", "small", 1, 2, station_id="lot_a", current_range_meters=310_000),
                vehicle("c9", "small", 2.2, 2.2, home_station_id="lot_b", current_range_meters=90_000),
            ]
        },
    )


def bikes_2_3():
    """The bikes as 2.3 writes them: plain names, POSIX times, num_bikes_available."""
    found = {}
    for feed, whole in bikes().items():
        data = json.loads(json.dumps(whole["data"]))
        _to_2_3(data)
        found[feed] = document(data, "2.3")
    found["system_information"]["data"] |= {"language": "en"}
    return found


def _to_2_3(value):
    if isinstance(value, list):
        for entry in value:
            _to_2_3(entry)
        return
    if not isinstance(value, dict):
        return
    for key in list(value):
        entry = value[key]
        if isinstance(entry, list) and entry and isinstance(entry[0], dict) and set(entry[0]) == {"text", "language"}:
            value[key] = next(one["text"] for one in entry if one["language"] == "en")
        elif key == "last_reported":
            value[key] = int(dt.datetime.fromisoformat(entry).timestamp())
        elif key == "num_vehicles_available":
            value["num_bikes_available"] = value.pop(key)
        else:
            _to_2_3(entry)


def kind(type_id, form_factor, propulsion, return_constraint, max_range_m=None, **facts):
    """A vehicle type."""
    reach = {} if max_range_m is None else {"max_range_meters": max_range_m}
    drive = {"form_factor": form_factor, "propulsion_type": propulsion, "return_constraint": return_constraint}
    return {"vehicle_type_id": type_id, "name": name(type_id), **drive, **reach, **facts}


def zone(title, geometry, **rule):
    """A Feature of geofencing_zones with one rule for every type."""
    return {"type": "Feature", "geometry": geometry, "properties": {"name": name(title), "rules": [rule]}}


def plan(plan_id, price, per_min=(), per_km=(), **facts):
    """A pricing plan."""
    return {
        "plan_id": plan_id,
        "name": name(plan_id),
        "currency": "TWD",
        "price": price,
        "is_taxable": False,
        "description": name(f"{plan_id} in words"),
        "per_min_pricing": list(per_min),
        "per_km_pricing": list(per_km),
        **facts,
    }


def step(start, rate, interval, end=None):
    """A segment of a price."""
    return {"start": start, "rate": rate, "interval": interval} | ({} if end is None else {"end": end})
