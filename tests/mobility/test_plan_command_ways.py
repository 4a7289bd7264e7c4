"""`changtong plan` by bike, car park and on-demand ride, with readings from a folder: the golden journeys again."""

import datetime as dt
import json
import os

import pytest
from kaohsiung_ways import AT, HOME, HOUSE_IN_THE_NORTH, MEINONG, MEINONG_HOSPITAL, ZUOYING, ZUOYING_5, read_golden

from api.cli import app

MOMENT = AT.isoformat()


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Build the city once for this module."""
    before = os.environ.get("CHANGTONG_CACHE")
    os.environ["CHANGTONG_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["CHANGTONG_CACHE"]
    else:
        os.environ["CHANGTONG_CACHE"] = before


@pytest.fixture
def ask(capsys):
    """Run the command; its exit code, and its JSON (or what it printed on either side)."""

    def run(*arguments, as_json=True):
        code = app([
            "plan", *arguments, "--at", MOMENT, *(["--json"] if as_json else []),
        ], result_action="return_value")  # fmt: skip
        printed = capsys.readouterr()
        return code, (json.loads(printed.out) if as_json else printed.out), printed.err

    return run


@pytest.fixture
def readings(tmp_path):
    """A folder as a poller leaves it: what stands at two stations, and how full two car parks are."""

    def write(bikes=None, spaces=None):
        if bikes:
            said = (AT - dt.timedelta(minutes=1)).isoformat()
            stations = [
                {
                    "station_id": name, "num_vehicles_available": count, "num_docks_available": 10,
                    "vehicle_types_available": [{"vehicle_type_id": "yb2", "count": count}],
                    "is_installed": True, "is_renting": True, "is_returning": True, "last_reported": said,
                }
                for name, count in bikes.items()
            ]  # fmt: skip
            document = {"last_updated": said, "ttl": 60, "version": "3.0", "data": {"stations": stations}}
            (tmp_path / "station_status.json").write_text(json.dumps(document), "utf-8")
        if spaces:
            lots = [
                {"id": name, "name": name, "lat": "1.0", "lng": "1.0", "smallcarVacancy": str(count)}
                for name, count in spaces.items()
            ]
            path = tmp_path / "parking.json"
            path.write_text(json.dumps({"parkingLots": lots}), "utf-8")
            read_s = (AT - dt.timedelta(minutes=2)).timestamp()
            os.utime(path, (read_s, read_s))
        return "--readings", str(tmp_path), "--asked-at", MOMENT

    return write


def find(reply, mode):
    """The first journey in which one moves by a mode."""
    return next(j for j in (*reply["itineraries"], *reply["direct"]) if any(leg["mode"] == mode for leg in j["legs"]))


def test_bike_and_metro(ask, readings):
    """A bike to the metro: notation, probability, age of the reading, the backup and the price."""
    given = readings(bikes={"KHH501203029": 6, "KHH501203050": 3})
    code, reply, _ = ask(HOME, "R4", "--access", "rental", *given)
    journey = find(reply, "RENTAL")
    assert code == 0
    assert journey["notation"] == read_golden()["bike + metro"][0]
    hire = next(leg["hire"] for leg in journey["legs"] if leg["hire"])
    assert hire["pick_up"]["level"] == 6
    assert hire["pick_up"]["age_s"] == 60
    assert hire["pick_up"]["backup"]["place"]["name"]
    assert hire["price"] == [10.0, "TWD"]


def test_metro_and_bike(ask, readings):
    """A bike from the metro."""
    given = readings(bikes={"KHH501203029": 6, "KHH501203050": 3})
    _, reply, _ = ask("R16", HOME, "--egress", "rental", *given)
    assert find(reply, "RENTAL")["notation"] == read_golden()["metro + bike"][0]


@pytest.mark.parametrize(
    ("free", "name"),
    [({ZUOYING_5: 6, ZUOYING: 9}, "park and ride"), ({ZUOYING_5: 0, ZUOYING: 9}, "park and ride, full car park")],
)
def test_park_and_ride(ask, readings, free, name):
    """To the car park that has spaces; where the nearer one is full, to the other."""
    given = readings(spaces=free)
    _, reply, _ = ask(HOUSE_IN_THE_NORTH, "R8", "--access", "car_parking", *given)
    assert find(reply, "CAR_PARKING")["notation"] == read_golden()[name][0]


def test_bike_between(ask, readings):
    """A bike between two vehicles."""
    given = readings(bikes={"KHH501202029": 4, "KHH501202049": 7})
    _, reply, _ = ask("O2", "C34", "--between", "rental", "--itineraries", "8", *given)
    assert find(reply, "RENTAL")["notation"] == read_golden()["bike between two vehicles"][0]


def test_on_demand(ask):
    """An on-demand ride, with until when to book it and where."""
    asked = (AT - dt.timedelta(hours=20)).isoformat()
    _, reply, _ = ask(MEINONG, MEINONG_HOSPITAL, "--direct", "flex", "--asked-at", asked)
    journey = find(reply, "FLEX")
    assert journey["notation"] == read_golden()["on demand in the hills"][0]
    booking = journey["legs"][0]["booking"]
    assert booking["book_by"] == "2026-11-24T18:00:00+08:00"
    assert booking["phone"] == "0800-660-696"


def test_people_read_what_a_leg_counts_on(ask, readings):
    """The lines for people name the chance, the count, its age and the price."""
    given = readings(spaces={ZUOYING_5: 0, ZUOYING: 9})
    code, printed, _ = ask(
        HOUSE_IN_THE_NORTH, "R8", "--access", "car_parking", *given, "--language", "en", as_json=False
    )
    assert code == 0
    assert "drive and park" in printed
    assert "9 now, read 2m ago; NT$150 for 8h" in printed


def test_a_broken_reading_is_told_and_the_plan_goes_on(ask, readings, tmp_path):
    """A document that is no JSON: a sentence with its name; the journey is there, without a reading."""
    given = readings(bikes={"KHH501203029": 6})
    (tmp_path / "station_status.json").write_text("{", "utf-8")
    code, reply, told = ask(HOME, "R4", "--access", "rental", *given)
    assert code == 0
    assert "station_status.json" in told
    hire = next(leg["hire"] for leg in find(reply, "RENTAL")["legs"] if leg["hire"])
    assert hire["pick_up"]["level"] is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--access", "train"), "no way to move"),
        (("--egress", "bike"), "nobody gets from the last stop by BIKE"),
        (("--readings", "nowhere"), "is no folder of readings"),
        (("--streets", "nowhere.osm.pbf"), "--gtfs"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(ask, arguments, says):
    """Exit code 2, and what would be right."""
    code, reply, _ = ask(HOME, "R4", *arguments)
    assert code == 2
    assert says in reply["error"]["message"]
