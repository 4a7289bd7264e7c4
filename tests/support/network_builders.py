"""What processes of their own do to a network that was built: build it, stop in the midst of it, read it."""

import datetime as dt
import time
from pathlib import Path

from mobility.network import versions
from mobility.planner import stored_days
from mobility.service import JourneyPlanner, PlanRequest
from mobility.stored import BuildOptions, Source, build, build_store

MONDAY = dt.date(2026, 7, 13)
LEAVING = dt.datetime(2026, 7, 13, 7, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))


def build_from(gtfs, root, progress=build.say_nothing):
    """Build the network of a feed."""
    return build_store(Source(str(gtfs), Path(gtfs)), Path(root), BuildOptions(MONDAY, days=2), progress)


def build_until(gtfs, root, moment, reached):
    """Build, and at a moment say so and stand still until somebody ends this."""

    def stand_still(*_args, **_kwargs):
        reached.set()
        time.sleep(600)

    def watch(stage, _done, _total):
        if stage.startswith(moment):
            stand_still()

    match moment:
        case "a day's facts":  # its arrays are written
            stored_days.write_arrays = _write_half(stand_still)
        case "the pointer":  # the version is whole and has its name
            versions._point_to = stand_still
        case "the old ones":  # the pointer has been replaced
            versions._remove_old = stand_still
    build_from(gtfs, root, watch)


def _write_half(then):
    def write(folder, arrays, _facts):
        folder.mkdir(parents=True)
        (folder / "arrays.bin").write_bytes(b"".join(array.tobytes() for array in arrays.values())[:1000])
        then()

    return write


def read_until(root, done, known, count, results):
    """Open and ask again and again: how often, and every answer that is none of the known ones."""
    wrong = []
    first = JourneyPlanner.open(str(root))
    before = ask(first)
    while not done.is_set():
        try:
            answer = ask(JourneyPlanner.open(str(root)))
        except Exception as error:  # noqa: BLE001  (the test tells which)
            answer = repr(error)
        count.value += 1
        if answer not in known:
            wrong.append(answer)
    if ask(first) != before:
        wrong.append("a planner that is open changed its answers")
    results.put(wrong)


def ask(planner):
    """When one leaves and arrives from A to C, in minutes: the whole answer of a small feed."""
    found = planner.plan(PlanRequest(planner.find_place("A"), planner.find_place("C"), LEAVING, itineraries=9))
    return [(i.departure_s // 60, i.arrival_s // 60, i.transfers) for i in found.itineraries]
