"""Doors, car parks and golden journeys of the embedded Kaohsiung for tests of ways by bike, car and on demand."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from mobility.bikeshare.state import StationState
from mobility.parking.facilities import Occupancy, SpaceKind

TAIPEI = ZoneInfo("Asia/Taipei")
GOLDEN = Path(__file__).parents[1] / "golden" / "ways" / "kaohsiung.txt"
AT = dt.datetime(2026, 11, 25, 8, 0, tzinfo=TAIPEI)
HOME, HOUSE_IN_THE_NORTH, MEINONG, MEINONG_HOSPITAL = (
    "22.6480,120.3180", "22.715,120.355", "22.8952,120.5426", "22.9017,120.5416",
)  # fmt: skip
ZUOYING_5, ZUOYING = "PL_KHB01116", "PL_KHB01153"


def read_golden():
    """The golden answers by question: lines, of which the first is the notation."""
    blocks = GOLDEN.read_text("utf-8").strip().split("\n\n") if GOLDEN.is_file() else []
    return {block.split("\n")[0].removeprefix("# "): block.split("\n")[1:] for block in blocks}


def read_bikes(planner, counts, at=AT, docks=10):
    """Give stations, by the Chinese name, a count of ordinary bikes."""
    state = planner.supply.systems[0]
    stations = {names.get("zh-TW", ""): s.station_id for s in state.system.stations for names in [s.names]}
    read_at = at - dt.timedelta(minutes=1)
    states = {
        stations[name]: StationState(stations[name], {"yb2": count}, docks, read_at, reported_at=read_at)
        for name, count in counts.items()
    }
    planner.take_supply(replace(planner.supply, systems=(replace(state, states=states, states_at=read_at, as_of=at),)))


def read_spaces(planner, free, at=AT):
    """Give car parks a count of free spaces."""
    read_at = at - dt.timedelta(minutes=2)
    occupancies = {name: Occupancy(name, {SpaceKind.CAR: count}, read_at) for name, count in free.items()}
    planner.take_supply(replace(planner.supply, car_parks=replace(planner.supply.car_parks, occupancies=occupancies)))
