"""An invented town with everything that a multimodal graph has: two lines, shared bikes, a car park, an on-demand zone
and streets. Places are metres east and north of its corner.
"""

import datetime as dt
import json
from dataclasses import replace
from math import cos, radians

from feed_text import feed_folder
from street_town import METRES_PER_DEGREE, Town

from gtfs.ingest import read_feed
from mobility.bikeshare.state import StationState, SystemState
from mobility.bikeshare.system import (
    FormFactor,
    Propulsion,
    ReturnConstraint,
    SharedSystem,
    Station,
    VehicleType,
)
from mobility.model import Coordinate
from mobility.multimodal import Parts
from mobility.network.build import build_network
from mobility.network.places import build_places
from mobility.network.routes import build_routes
from mobility.network.shapes import Shapes
from mobility.parking.facilities import Facility, Occupancy, SpaceKind
from mobility.planner.doors.parks import CarParks
from mobility.streets.fallback import WithFallback
from mobility.streets.great_circle import GreatCircle
from mobility.streets.streets_router import StreetNetworkRouter
from mobility.supply import supply_of_feed

CORNER = (22.63, 120.30)
DATE = dt.date(2026, 7, 15)
NOW = dt.datetime(2026, 7, 15, 8, tzinfo=dt.timezone(dt.timedelta(hours=8)))
STOPS = {"A": (20, 10), "B": (640, 15), "C": (1180, 905), "D": (310, 6000)}
"""D is far from the streets, and vehicles only leave there."""
STATIONS = {"S1": (60, -20), "S2": (590, 290), "S3": (1210, 880), "S4": (4500, 600)}
"""S4 has nothing near it."""
CAR_PARK = (1000, 890)
ZONE = [[(900, 700), (1400, 700), (1400, 1200), (900, 1200)], [(1000, 1000), (1000, 1100), (1100, 1100), (1100, 1000)]]
"""A square with a square hole; C is in it."""


def at(east_m, north_m):
    """A coordinate of the town."""
    lon = CORNER[1] + east_m / METRES_PER_DEGREE / cos(radians(CORNER[0]))
    return Coordinate(round(CORNER[0] + north_m / METRES_PER_DEGREE, 7), round(lon, 7))


def write_ring(corners):
    """A closed ring of longitudes and latitudes, clockwise outside: the wrong way round for GeoJSON."""
    points = [[at(*corner).lon, at(*corner).lat] for corner in (*corners, corners[0])]
    return points[::-1]


def town_text():
    """The feed: a metro A-B-C with a bend after B, a bus D-C, a zone from which one is driven to C."""
    stops = "\n".join(f"{s},{s}站,{at(*p).lat},{at(*p).lon}" for s, p in STOPS.items())
    bend = [STOPS["A"], STOPS["B"], (1180, 15), STOPS["C"]]
    shape = "\n".join(f"M,{at(*p).lat},{at(*p).lon},{number}" for number, p in enumerate(bend))
    zone = {
        "type": "FeatureCollection",
        "features": [
            {
                "id": "Z", "type": "Feature", "properties": {"stop_name": "甲區"},
                "geometry": {"type": "Polygon", "coordinates": [write_ring(ring) for ring in ZONE]},
            }
        ],
    }  # fmt: skip
    return f"""
# agency.txt
agency_id,agency_name,agency_url,agency_timezone,agency_lang
X,Town,https://example.org,Asia/Taipei,zh-TW
# stops.txt
stop_id,stop_name,stop_lat,stop_lon
{stops}
# routes.txt
route_id,agency_id,route_short_name,route_long_name,route_type,route_color
M,X,紅,甲－丙,1,E20B65
N,X,7,,3,
F,X,GO,,715,
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,0,0,1,0,0,0,0,20260701,20260731
# trips.txt
route_id,service_id,trip_id,shape_id
M,W,m1,M
M,W,m2,M
N,W,n1,
F,W,f1,
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,stop_sequence,location_id,start_pickup_drop_off_window,end_pickup_drop_off_window,pickup_type,drop_off_type
m1,08:00:00,08:00:00,A,1,,,,,
m1,08:02:00,08:02:30,B,2,,,,,
m1,08:05:00,08:05:00,C,3,,,,,
m2,09:00:00,09:00:00,A,1,,,,,
m2,09:01:50,09:02:30,B,2,,,,,
m2,09:05:30,09:05:30,C,3,,,,,
n1,08:00:00,08:00:00,D,1,,,,,
n1,08:20:00,08:20:00,C,2,,,,,
f1,,,,1,Z,06:00:00,20:00:00,2,1
f1,,,,2,Z,06:00:00,20:00:00,1,2
# shapes.txt
shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence
{shape}
# translations.txt
table_name,field_name,language,translation,record_id
stops,stop_name,en,Alpha,A
stops,stop_name,en,Beta,B
stops,stop_name,en,Gamma,C
stops,stop_name,en,Delta,D
routes,route_short_name,en,Red,M
routes,route_long_name,en,Alpha – Gamma,M
# locations.geojson
{json.dumps(zone, ensure_ascii=False)}
"""


def town_streets():
    """A grid of streets 300 m apart, the eastern one one-way to the north for all but walkers."""
    town = Town(at=CORNER)
    for east in range(5):
        for north in range(5):
            town.node(f"{east}{north}", 300 * east, 300 * north)
    for line in range(5):
        town.way(" ".join(f"{line}{n}" for n in range(5)), f"highway=residential {'oneway=yes' if line == 4 else ''}")
        town.way(" ".join(f"{e}{line}" for e in range(5)), "highway=primary" if line == 0 else "highway=residential")
    return town


def town_system():
    """Bikes at four stations; two have spoken."""
    kind = VehicleType("b", FormFactor.BICYCLE, Propulsion.HUMAN, ReturnConstraint.ANY_STATION)
    stations = tuple(
        Station(name, {"zh-TW": f"{name}租賃站", "en": f"{name} bikes"}, at(*p), capacity=20)
        for name, p in STATIONS.items()
    )
    system = SharedSystem(
        "bikes", {"zh-TW": "單車", "en": "Bikes"}, "Asia/Taipei", {"b": kind}, stations, color="#f2b600"
    )
    states = {name: StationState(name, {"b": 3}, 17, NOW) for name in ("S1", "S2")}
    return SystemState(system, NOW, states)


def town_car_parks():
    """One car park with a position, nine of its forty spaces free, and one without."""
    facilities = (
        Facility("P", {"zh-TW": "停車場"}, at(*CAR_PARK), {SpaceKind.CAR: 40}),
        Facility("Q", {"zh-TW": "某處"}, None, {SpaceKind.CAR: 10}),
    )
    return CarParks(facilities, "Asia/Taipei", "TWD", {"P": Occupancy("P", {SpaceKind.CAR: 9}, NOW)})


def town_parts(folder, *, with_streets=True):
    """The parts of the town's graph, and the streets' extract."""
    feed, _ = read_feed(feed_folder(town_text(), folder / "feed"))
    router = GreatCircle()
    if with_streets:
        router = WithFallback(StreetNetworkRouter(town_streets().read(folder).graph), GreatCircle())
    network = build_network(feed, streets=router if with_streets else None)
    supply = replace(supply_of_feed(feed, "Asia/Taipei").supply, systems=(town_system(),), car_parks=town_car_parks())
    places, routes = build_places(feed, network.schedule), build_routes(feed)
    return Parts(network, places, routes, Shapes(feed, network.schedule), supply, router)
