"""Streets in a network that was built: what is opened walks, rides and drives as what was read."""

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba as nb
import numpy as np
import pytest
import tifffile
from feed_text import feed_zip
from hypothesis import given, settings
from random_streets import build_graph, sketches
from street_town import METRES_PER_DEGREE, Town
from toy_feed import toy_with

from api.cli import app
from gtfs.notices import Severity
from mobility.itinerary import format_itinerary
from mobility.model import Coordinate, Mode, Place
from mobility.network.build import build_network
from mobility.network.needs import Needs
from mobility.network.store import ARRAYS, StoreError
from mobility.network.versions import find_current
from mobility.planner.request import Ways
from mobility.service import JourneyPlanner, PlanRequest, open_streets
from mobility.stored import (
    BuildOptions,
    build_store,
    find_source,
    open_store,
    read_facts,
    verify_store,
    with_streets,
)
from mobility.stored.memory import measure_mapped, measure_sharing
from mobility.stored.streets import load_streets, open_router, save_streets
from mobility.streets.notices import StreetsUnreadable
from mobility.streets.profiles import Profile

MONDAY = dt.date(2026, 7, 13)
TAIPEI = dt.timezone(dt.timedelta(hours=8))
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
BETA_M = 1112
"""Metres from Alpha north to Beta, as far again to Gamma."""


def draw_town():
    """A street along the three stops of the toy feed, lanes off it to two doors, and Delta, 150 m east of Beta, behind a
    river whose bridge is 200 m north. Stairs shorten the way to the first door.
    """
    town = Town(at=(22.600, 120.300))
    for name, east, north in [
        ("south", 0, -200), ("alpha", 0, 0), ("beta", 0, BETA_M), ("bridge", 0, BETA_M + 200),
        ("gamma", 0, 2 * BETA_M), ("north", 0, 2 * BETA_M + 200),
        ("delta", 150, BETA_M), ("east", 150, BETA_M + 200),
        ("bend", 0, -190), ("first", 300, 0), ("corner", 300, -190), ("second", -250, 2 * BETA_M),
    ]:  # fmt: skip
        town.node(name, east, north)
    town.way("south bend alpha beta bridge gamma north", "highway=secondary", name="Main Street")
    town.way("bridge east delta", "highway=residential", name="Bridge Street")
    town.way("bend corner first", "highway=residential", name="First Lane")
    town.way("alpha first", "highway=steps", name="Stairs")
    town.way("gamma second", {"highway": "residential", "access:conditional": "no @ (22:00-06:00)"}, name="Second Lane")
    return town


FEED = toy_with("stops", "D,Delta,22.610,120.301461,0,")


def at_metres(east, north):
    """A door of the town."""
    lat = 22.600 + north / METRES_PER_DEGREE
    return Place("", Coordinate(lat, 120.300 + east / METRES_PER_DEGREE / np.cos(np.radians(22.600))))


FIRST, SECOND = at_metres(310, -20), at_metres(-240, 2 * BETA_M + 15)


def write_heights(path, north_m=100.0):
    """A GeoTIFF of a slope that is ``north_m`` high at its northern end."""
    column = np.linspace(north_m, 0.0, 40, dtype=np.float32)
    tags = [
        (33550, "d", 3, (0.001, 0.001, 0.0), True),
        (33922, "d", 6, (0.0, 0.0, 0.0, 120.290, 22.630, 0.0), True),
        (34735, "H", 16, (1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326), True),
    ]
    tifffile.imwrite(path, np.tile(column[:, None], (1, 20)), extratags=tags)
    return path


@pytest.fixture
def files(tmp_path):
    """The feed, the extract and the heights."""
    feed = feed_zip(FEED, tmp_path / "feed.zip")
    return feed, draw_town().write(tmp_path / "town.osm.pbf"), write_heights(tmp_path / "heights.tif")


@pytest.fixture
def build(files, tmp_path):
    """Build the town's network; `build()` gives its folder."""

    def run(*, heights=True, days=1, **options):
        feed, streets, elevation = files
        source = with_streets(find_source(str(feed), tmp_path), streets, elevation if heights else None)
        build_store(source, tmp_path / "network", BuildOptions(MONDAY, days=days, **options))
        return tmp_path / "network"

    return run


def ask(planner, start=FIRST, end=SECOND, clock="07:30", **facts):
    """A page of journeys."""
    at = dt.datetime.combine(MONDAY, dt.time.fromisoformat(clock), TAIPEI)
    return planner.plan(PlanRequest(start, end, at, **facts))


QUESTIONS = (
    {},
    {"arrive_by": True, "clock": "09:00"},
    {"end": at_metres(160, BETA_M - 10)},
    {"needs": Needs(wheelchair=True)},
    {"ways": Ways(access=frozenset({Mode.WALK, Mode.BIKE}), direct=frozenset({Mode.WALK, Mode.BIKE, Mode.CAR}))},
    {"start": at_metres(0, 30_000), "end": at_metres(0, 30_500)},
)


@pytest.mark.parametrize("facts", QUESTIONS, ids=range(len(QUESTIONS)))
def test_a_store_with_streets_answers_as_feed_and_extract(files, build, facts):
    """Door to door, way by way and step by step: on foot and in a wheelchair, by bicycle and by car, beyond the map."""
    feed, streets, heights = files
    fresh = JourneyPlanner.open_feed(feed, streets=open_streets(streets, heights))
    stored = JourneyPlanner.open(str(build()))
    answer = ask(stored, **facts)
    assert answer == ask(fresh, **facts)
    assert answer.itineraries or answer.direct


def test_the_answers_are_along_the_streets(build):
    """Who walks to Alpha takes the stairs, a wheelchair goes round by Main Street, and nobody wades to Delta."""
    root = build()
    planner = JourneyPlanner.open(str(root))
    walk, wheels = (ask(planner, needs=Needs(wheelchair=w)).itineraries[0].legs[0] for w in (False, True))
    assert walk.distance_m == pytest.approx(330, abs=1)
    assert "STAIRS" in [step.maneuver for step in walk.steps]
    assert wheels.distance_m == pytest.approx(670, abs=1)
    assert not walk.is_straight
    network = open_store(root).network
    stops, paths = network.schedule.stop_ids, network.footpaths
    walks = dict(zip(np.repeat(stops, np.diff(paths.fp_off)), paths.fp_s.tolist(), strict=True))
    assert walks == {stop: pytest.approx(550 / 1.33, abs=2) for stop in ("B", "D")}


def test_footpaths_of_a_store_are_those_along_its_streets(files, build):
    """Made once, at the build."""
    _, streets, heights = files
    stored = open_store(build()).network
    made = build_network(stored.feed, streets=open_streets(streets, heights)).footpaths
    straight = build_network(stored.feed).footpaths
    for field in ("fp_off", "fp_to", "fp_s"):
        np.testing.assert_array_equal(getattr(stored.footpaths, field), getattr(made, field))
    assert stored.footpaths.fp_s.tolist() != straight.fp_s.tolist()  # the river


def test_streets_come_back_array_by_array(files, build):
    """The graph and all hierarchies, in the types for which the kernels are compiled already."""
    router = open_streets(*files[1:]).streets
    stored = open_store(build()).streets
    for field in ("node_lat", "point_lon", "seg_name", "elevation_m", "node_osm_id", "seg_kind"):
        np.testing.assert_array_equal(getattr(stored.graph, field), getattr(router.graph, field))
    for field in ("names", "kinds", "attribution"):
        assert getattr(stored.graph, field) == getattr(router.graph, field)
    assert list(stored.graph.profiles) == list(stored.hierarchies) == list(Profile)
    for profile in Profile:
        kept, made = stored.graph.profiles[profile], router.graph.profiles[profile]
        assert nb.typeof(kept) == nb.typeof(made)
        for one, other in zip(kept, made, strict=True):
            np.testing.assert_array_equal(one, other)
        assert nb.typeof(stored.hierarchies[profile]) == nb.typeof(router.prepare(profile))
        assert nb.typeof(stored.open_router().streets.open_street(profile)) == nb.typeof(router.open_street(profile))


@settings(max_examples=40, deadline=None)
@given(sketches())
def test_ways_on_stored_streets_are_those_on_the_streets(tmp_path_factory, sketch):
    """On any graph, turn restrictions and dead ends included, from every node to every other."""
    folder = tmp_path_factory.mktemp("streets")
    router = open_router(build_graph(sketch, (Profile.FOOT, Profile.CAR)))
    save_streets(folder, router, "network")
    stored = load_streets(folder, "network").open_router()
    doors = [Coordinate(*node) for node in sketch.nodes]
    for profile in (Profile.FOOT, Profile.CAR):
        for start in doors:
            for end in doors:
                assert stored.route(start, end, profile) == router.route(start, end, profile)


def test_planning_on_stored_streets_writes_to_none_of_its_pages(build):
    """What processes share stays shared: searches and climbs write beside it."""
    planner = JourneyPlanner.open(str(build()))
    before = measure_mapped()["Private_Dirty"]
    for facts in QUESTIONS:
        ask(planner, **facts)
    assert measure_mapped()["Private_Dirty"] == before


def test_two_processes_share_the_pages_of_the_streets(build):
    """What both have read is in memory once."""
    root = build()
    size = sum(file.stat().st_size for file in find_current(root).rglob(ARRAYS))
    for own in measure_sharing(root, 2):
        assert own["Rss"] * 1024 >= size > 0
        assert own["Private_Dirty"] == 0
        assert own["Shared_Clean"] == own["Rss"]


READER = """
import sys, datetime as dt
from mobility.itinerary import format_itinerary
from mobility.model import Coordinate, Place
from mobility.service import JourneyPlanner, PlanRequest
planner = JourneyPlanner.open(sys.argv[1])
start, end = (Place("", Coordinate(*map(float, text.split(",")))) for text in sys.argv[2:4])
found = planner.plan(PlanRequest(start, end, dt.datetime.fromisoformat(sys.argv[4])))
print(*map(format_itinerary, found.itineraries), sep="\\n")
print([name for name in ("osmium", "tifffile", "pyroutingkit") if name in sys.modules])
"""


def test_another_process_has_the_streets_without_reading_a_map(files, build):
    """The extract may be gone; neither osmium nor what orders hierarchies is loaded."""
    root = build()
    expected = [format_itinerary(itinerary) for itinerary in ask(JourneyPlanner.open(str(root))).itineraries]
    for file in files[1:]:
        file.unlink()
    doors = (f"{place.at.lat},{place.at.lon}" for place in (FIRST, SECOND))
    words = [sys.executable, "-c", READER, str(root), *doors, "2026-07-13T07:30+08:00"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    assert told[:-1] == expected
    assert told[-1] == "[]"


def test_a_changed_map_is_told_with_the_remedy(files, build):
    """The extract, the heights, or both; old streets are better than none."""
    feed, streets, heights = files
    root = build()
    assert open_store(root).staleness == ""
    town = draw_town()
    town.way("beta delta", name="New Bridge")
    town.write(streets)
    told = open_store(root).staleness
    assert told.startswith(f"{streets} has changed since {root} was built")
    assert told.endswith(f"changtong network build {feed} --streets {streets} --elevation {heights} --out {root}")
    write_heights(heights, 50.0)
    assert f"{streets} has changed and {heights} has changed since" in open_store(root).staleness
    assert ask(JourneyPlanner.open(str(root))).itineraries
    build()
    assert open_store(root).staleness == ""


def test_a_link_that_is_moved_on_to_a_newer_map_is_a_change(files, tmp_path):
    """As those who fetch a map every week keep the newest one."""
    feed, old, _ = files
    link, town = tmp_path / "newest.osm.pbf", draw_town()
    link.symlink_to(old)
    build_store(
        with_streets(find_source(str(feed), tmp_path), link, None), tmp_path / "n", BuildOptions(MONDAY, days=1)
    )
    assert open_store(tmp_path / "n").staleness == ""
    town.way("beta delta", name="New Bridge")
    new = town.write(tmp_path / "new.osm.pbf")
    link.unlink()
    link.symlink_to(new)
    assert f"{link} has changed" in open_store(tmp_path / "n").staleness


def test_a_map_that_was_only_touched_or_is_gone_is_no_change(files, build):
    """A store on another machine has no map beside it."""
    root = build()
    for file in files:
        os.utime(file, (0, 0))
    assert open_store(root).staleness == ""
    for file in files:
        file.unlink()
    assert open_store(root).staleness == ""


def _cut_in_half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _write_text(path):
    path.write_text("no map")


def _remove(path):
    path.unlink()


def _make_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [_cut_in_half, _write_text, _remove, _make_folder], ids=lambda harm: harm.__name__)
def test_a_map_that_cannot_be_read_leaves_the_old_version_in_use(files, build, capsys, harm):
    """Exit code 2 and one line with the remedy; no half of a version is left."""
    feed, streets, _ = files
    root = build()
    before = sorted(root.rglob("*"))
    harm(streets)
    words = ("build", str(feed), "--streets", str(streets), "--out", str(root), "--from", "2026-07-13", "--days", "1")
    assert command(*words) == 2
    (error,) = filter(None, capsys.readouterr().err.splitlines())
    assert error.startswith(f"error: {streets} ")
    assert sorted(root.rglob("*")) == before
    assert ask(JourneyPlanner.open(str(root))).itineraries


@pytest.mark.parametrize("stage", ["Reading the streets", "Ordering the streets", "Writing the streets"])
def test_a_build_that_is_broken_off_in_the_streets_changes_nothing(files, build, stage):
    """As everywhere: the old version stays, and no litter."""
    root = build()
    before = sorted(root.rglob("*"))

    def break_off(name, _done, _total):
        if name == stage:
            raise KeyboardInterrupt

    source = with_streets(find_source(str(files[0]), root.parent), *files[1:])
    with pytest.raises(KeyboardInterrupt):
        build_store(source, root, BuildOptions(MONDAY, days=1), break_off)
    assert sorted(root.rglob("*")) == before


def test_the_error_is_that_of_the_extract(files, tmp_path):
    """Who builds from Python catches it by its type."""
    _cut_in_half(files[1])
    source = with_streets(find_source(str(files[0]), tmp_path), files[1], None)
    with pytest.raises(StreetsUnreadable, match="fetch the extract again"):
        build_store(source, tmp_path / "network", BuildOptions(MONDAY, days=1))
    assert find_current(tmp_path / "network") is None


def command(*words):
    """Run `changtong network`; its exit code."""
    return app(["network", *words], result_action="return_value")


def test_heights_without_streets_are_refused(files, tmp_path, capsys):
    """They would be of no use to anybody."""
    words = ("build", str(files[0]), "--elevation", str(files[2]), "--out", str(tmp_path / "network"))
    assert command(*words) == 2
    assert "give it with --streets" in capsys.readouterr().err
    assert not (tmp_path / "network").exists()


def test_what_a_map_could_not_tell_is_in_the_report(files, build):
    """Conditional access as a note, heights that cannot be read as a warning, both by the name of their file."""
    _write_text(files[2])
    planner = JourneyPlanner.open(str(build()))
    told = {notice.code: notice for notice in planner.report if notice.code.startswith("changtong_streets_")}
    assert set(told) == {"changtong_streets_conditional_access", "changtong_streets_elevation_unreadable"}
    heights = told["changtong_streets_elevation_unreadable"]
    assert (heights.severity, heights.file, heights.row) == (Severity.WARNING, "town.osm.pbf", 0)
    assert heights.message.startswith("the elevation file heights.tif cannot be read")
    assert told["changtong_streets_conditional_access"].severity is Severity.INFO


def test_heights_that_appear_later_are_a_change(files, build):
    """What was missing at the build has changed when it is there."""
    heights = files[2]
    heights.unlink()
    root = build()
    assert open_store(root).staleness == ""
    write_heights(heights)
    assert f"{heights} has changed" in open_store(root).staleness


def test_info_tells_streets_notices_and_whose_they_are(files, tmp_path, capsys):
    """At the build and later, for people and for machines."""
    feed, streets, heights = files
    words = (str(feed), "--streets", str(streets), "--elevation", str(heights), "--out", str(tmp_path / "network"))
    assert command("build", *words, "--from", "2026-07-13", "--days", "1") == 0
    built = capsys.readouterr().out
    assert command("info", str(tmp_path / "network")) == 0
    for told in (built, capsys.readouterr().out):
        counts = "9 nodes, 9 segments (foot 9, wheelchair 8, bicycle 8, scooter 8, car 8)"
        assert f"streets  {counts}, © OpenStreetMap contributors, ODbL 1.0" in told
        assert "notice   info changtong_streets_conditional_access: 1 ways are open or closed only at times" in told
    assert command("info", str(tmp_path / "network"), "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["streets"]["nodes_with_height"] == facts["streets"]["nodes"]
    assert facts["source"]["streets"]["path"] == str(streets)
    assert facts["streets"]["notices"][0]["severity"] == "info"


def test_a_network_without_streets_has_none(files, tmp_path, capsys):
    """No folder, no line; walks are straight and say so."""
    root = tmp_path / "network"
    assert command("build", str(files[0]), "--out", str(root), "--from", "2026-07-13", "--days", "1") == 0
    assert "streets " not in capsys.readouterr().out
    assert open_store(root).streets is None
    assert not (find_current(root) / "streets").exists()
    assert ask(JourneyPlanner.open(str(root)), start=at_metres(100, 0)).itineraries[0].legs[0].is_straight


def test_streets_of_another_network_are_refused(files, build, tmp_path):
    """The network's footpaths would not be theirs; nor is a network opened whose streets are gone."""
    root = build()
    shutil.copytree(find_current(root) / "streets", tmp_path / "streets")
    feed_zip(toy_with("stops", "D,Delta,22.611,120.301461,0,"), files[0])
    build()
    here = find_current(root) / "streets"
    shutil.rmtree(here)
    with pytest.raises(StoreError, match="is not a store"):
        open_store(root)
    shutil.copytree(tmp_path / "streets", here)
    with pytest.raises(StoreError, match="streets of another network"):
        open_store(root)


def test_verify_reads_the_streets_too(build):
    """One wrong byte is found, and its array named."""
    root = build()
    assert verify_store(root) == []
    path = read_facts(root)[0] / "streets" / ARRAYS
    data = bytearray(path.read_bytes())
    data[64] ^= 1
    path.write_bytes(data)
    (damaged,) = verify_store(root)
    assert damaged.startswith(f"{path.parent}: graph.")


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no reference data in a folder `shared` beside the checkout")
def test_a_city_answers_from_its_store_as_from_feed_and_map(tmp_path):
    """Porto Alegre's buses and trains on its streets with their heights: forty doors to forty, on foot, in wheelchairs
    and by bicycle, the very same journeys.
    """
    feeds = f"{SHARED}/gtfs/poa_eptc.zip,{SHARED}/gtfs/poa_trensurb.zip"
    maps = SHARED / "osm" / "poa.osm.pbf", SHARED / "osm" / "poa_elevation.tif"
    root = tmp_path / "network"
    day = dt.date(2019, 7, 15)
    build_store(with_streets(find_source(feeds, tmp_path), *maps), root, BuildOptions(day, days=1, accelerates=False))
    stored = JourneyPlanner.open(str(root))
    fresh = JourneyPlanner.open_feed(feeds, streets=open_streets(*maps))
    draw = np.random.default_rng(3)
    lat, lon = draw.uniform(-30.06, -30.02, (2, 40)), draw.uniform(-51.23, -51.18, (2, 40))
    ways = Ways(access=frozenset({Mode.WALK, Mode.BIKE}), direct=frozenset({Mode.WALK, Mode.BIKE}))
    wishes = ({}, {"arrive_by": True}, {"needs": Needs(wheelchair=True)}, {"ways": ways})
    answered = 0
    for number in range(40):
        start, end = (Place("", Coordinate(float(lat[end, number]), float(lon[end, number]))) for end in (0, 1))
        moment = dt.datetime(2019, 7, 15, tzinfo=dt.timezone(-dt.timedelta(hours=3))) + dt.timedelta(
            minutes=int(draw.integers(360, 1320))
        )
        request = PlanRequest(start, end, moment, **wishes[number % len(wishes)])
        answer = stored.plan(request)
        assert answer == fresh.plan(request), request
        answered += bool(answer.itineraries)
    assert answered > 30
