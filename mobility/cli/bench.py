"""``changtong bench``: our engines beside their peers, in the same run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from mobility.cli.bench_availability import availability
from mobility.cli.console import AsJson, answered, parse_clock, parse_date, print_json, progress_bar, status

if TYPE_CHECKING:
    from mobility.benchmark.compare import Options
    from mobility.benchmark.problem import Case

bench_app = App(name="bench", help="Measure our engines beside their peers, in the same run.", help_format="markdown")

KindName = Literal["earliest", "range", "arrive-by", "one-to-all"]
KINDS: tuple[KindName, ...] = ("earliest", "range", "arrive-by", "one-to-all")


bench_app.command(availability)


@bench_app.command
def planner(
    *,
    folder: Annotated[
        Path | None, Parameter(help="NAME.zip with NAME_nigiri.csv beside it, any number of them.")
    ] = None,
    networks: Annotated[str, Parameter(help="Only these of the folder, for example saskatoon,poa.")] = "",
    gtfs: Annotated[Path | None, Parameter(help="Or one GTFS zip: its own transfers.txt, one service day.")] = None,
    pairs: Annotated[Path | None, Parameter(help="Its CSV: from, to, dep_min (and recorded answers).")] = None,
    date: Annotated[str, Parameter(help="Service day, YYYY-MM-DD; may be left out where the feed has only one.")] = "",
    at: Annotated[str, Parameter(help="Departure HH:MM; the CSV's dep_min when left out.")] = "",
    peer: Annotated[Literal["nigiri", "cafein", "none"], Parameter(help="Who stands beside us.")] = "nigiri",
    engine: Annotated[Literal["trip-based", "raptor"], Parameter(help="Which of our searches.")] = "trip-based",
    kinds: Annotated[
        tuple[KindName, ...], Parameter(negative=(), help="What is asked; repeat it for several, all when left out.")
    ] = KINDS,
    repeats: Annotated[int, Parameter(help="Timings per query; their median counts.")] = 5,
    limit: Annotated[int, Parameter(help="Only the first so many pairs; 0 is all.")] = 0,
    clock: Annotated[Literal["wall", "cpu"], Parameter(help="cpu leaves out what a busy machine adds.")] = "wall",
    load: Annotated[bool, Parameter(help="Also measure loading and memory, each engine in its own process.")] = True,
    growth: Annotated[
        bool, Parameter(negative=(), help="Instead: growth on a synthetic city, no feed needed.")
    ] = False,
    sizes: Annotated[str, Parameter(help="With --growth: stop events in thousands.")] = "100,500,1000,3000",
    plot: Annotated[Path | None, Parameter(help="Also draw ratios, or growth, as a PNG.")] = None,
    json: AsJson = False,
) -> int:
    """Time the planner and its peer on the same queries, and count every answer that differs.

    Needs networks: a folder (default: `../shared/data/oracle` beside the checkout, where it is), or one feed
    with `--gtfs` and `--pairs`. Both engines get the same feed, day and rules and take turns; a query is the
    whole Python call with its legs, and the median of its repeats counts. Four kinds of question:

    - **earliest**: the Pareto set (arrival, transfers) for one departure
    - **range**: all Pareto journeys that leave within two hours
    - **arrive-by**: the Pareto set (departure, transfers) for a latest arrival
    - **one-to-all**: the earliest arrival at every stop

    **nigiri** is the engine of MOTIS and gets the identical problem. **cafein** has easier rules (no time to
    change, no first walk), which our engine then follows too. A ratio `× p50` of 8 says that the peer takes 8
    times as long at the median.

    Exit code 1: some answers differ. `--growth` builds cities of up to 3 million stop events instead and fits
    the exponent of the growth.
    """

    def answer() -> int:
        if plot is not None:
            from mobility.benchmark.plot import check_place

            check_place(plot)
        if growth:
            return _grow(engine, sizes, (repeats, clock), plot, as_json=json)
        from mobility.benchmark.compare import Options, Peer
        from mobility.benchmark.measure import Clock
        from mobility.benchmark.problem import Kind
        from mobility.benchmark.searchers import Search

        chosen = tuple(Kind(kind) for kind in kinds)
        options = Options(Peer(peer), Search(engine), chosen, max(1, repeats), max(0, limit), Clock(clock))
        cases = _list_cases(folder, networks, gtfs, pairs, date, at)
        return _compare(cases, options, plot, has_load=load, as_json=json)

    return answered(answer, as_json=json)


@bench_app.command
def live(
    *,
    gtfs: Annotated[Path, Parameter(help="A GTFS zip.")],
    date: Annotated[str, Parameter(help="Service day, YYYY-MM-DD; may be left out where the feed has only one.")] = "",
    rounds: Annotated[int, Parameter(help="How many states are made to time the making.")] = 20,
    seconds: Annotated[int, Parameter(help="With a new state a second, and as long without; 0: no questions.")] = 60,
    processes: Annotated[int, Parameter(help="Processes that ask without a pause.")] = 4,
    seed: Annotated[int, Parameter(help="Of delays and questions.")] = 1,
    json: AsJson = False,
) -> int:
    """Make a whole city late, and replace its timetable under the queries.

    First every run of the day gets random delays and the next state is made, `--rounds` times: encode the updates,
    apply them, assemble the arrays, prepare the engine. Then processes ask random questions without a pause while
    a new state is published every second, in blocks that take turns with blocks of nothing new. Every answer is
    played against the state that it came from.

    Exit code 1: an answer failed, or mixed two states.
    """

    def answer() -> int:
        from dataclasses import asdict

        from mobility.benchmark.live_day import measure_rebuilds, open_day
        from mobility.benchmark.live_load import run_load

        facts: dict[str, dict[str, Any]] = {}
        with status(f"Reading {gtfs.name}"):
            day = open_day(gtfs, parse_date(date) if date else None)
        with progress_bar("Making states") as advance:
            facts["rebuild"] = asdict(measure_rebuilds(day, max(1, rounds), seed, advance))
        if seconds > 0:
            with progress_bar("Asking") as advance:
                facts["load"] = run_load(day, seconds, max(1, processes), seed, advance).to_json()
        if json:
            print_json(facts)
        else:
            for part, told in facts.items():
                print(part)
                for name, value in told.items():
                    print(f"  {name:18}{value}")
        load = facts.get("load", {})
        return 1 if load.get("failed") or load.get("mixed") else 0

    return answered(answer, as_json=json)


def _list_cases(
    folder: Path | None, networks: str, gtfs: Path | None, pairs: Path | None, date: str, at: str
) -> list[Case]:
    from mobility.benchmark.problem import BESIDE_THE_CHECKOUT, BenchmarkError, Case, list_cases, list_pairs

    day, departure_min = parse_date(date) if date else None, parse_clock(at) // 60 if at else None
    if gtfs is not None or pairs is not None:
        if gtfs is None or pairs is None or folder is not None:
            raise BenchmarkError("one feed is --gtfs ZIP with --pairs CSV, without --folder")
        return [Case(gtfs.stem, gtfs, tuple(list_pairs(pairs, departure_min)), day)]
    if day or departure_min is not None:
        raise BenchmarkError("--date and --at belong to --gtfs: the networks of a folder say both themselves")
    names = tuple(name.strip() for name in networks.split(",") if name.strip())
    return list_cases(folder or BESIDE_THE_CHECKOUT, names)


def _compare(cases: list[Case], options: Options, plot: Path | None, *, has_load: bool, as_json: bool) -> int:
    from mobility.benchmark.compare import compare
    from mobility.benchmark.footprint import measure_footprints
    from mobility.benchmark.report import find_note, open_console, print_comparison, print_footprints

    console = open_console()
    facts: list[dict[str, Any]] = []
    comparisons = []
    for case in cases:
        comparison = compare(case, options, progress_bar)
        comparisons.append(comparison)
        footprints = []
        if has_load:
            with progress_bar(f"{case.name}: loading and memory") as advance:
                footprints = measure_footprints(case, comparison.date, options.peer, options.search, advance)
        facts.append(comparison.to_json() | {"footprints": [footprint.to_json() for footprint in footprints]})
        if not as_json:
            print_comparison(console, comparison)
            if footprints:
                print_footprints(console, case.name, footprints)
    if as_json:
        print_json({"networks": facts})
    elif note := find_note(options.peer, options.kinds):
        console.print(note)
    if plot is not None:
        from mobility.benchmark.plot import plot_ratios

        plot_ratios(comparisons, plot)
    return 0 if all(comparison.is_equal for comparison in comparisons) else 1


def _grow(engine: str, sizes: str, timing: tuple[int, str], plot: Path | None, *, as_json: bool) -> int:
    from mobility.benchmark.growth import Plan, measure_growth
    from mobility.benchmark.measure import Clock
    from mobility.benchmark.problem import BenchmarkError
    from mobility.benchmark.report import open_console, print_growth
    from mobility.benchmark.searchers import Search

    try:
        events = tuple(int(float(size) * 1000) for size in sizes.split(","))
    except ValueError as error:
        message = f"--sizes {sizes!r} are not thousands of stop events such as 100,500,1000"
        raise BenchmarkError(message) from error
    growth = measure_growth(
        events, Plan(Search(engine), repeats=max(1, timing[0]), clock=Clock(timing[1])), progress_bar
    )
    if as_json:
        print_json(growth.to_json())
    else:
        print_growth(open_console(), growth)
    if plot is not None:
        from mobility.benchmark.plot import plot_growth

        plot_growth(growth, plot)
    return 0


@bench_app.command
def doors(
    *,
    gtfs: Annotated[
        tuple[Path, ...], Parameter(negative=(), help="GTFS zips or folders; repeat for more. Default: Porto Alegre.")
    ] = (),
    streets: Annotated[Path | None, Parameter(help="OpenStreetMap extract, .osm.pbf.")] = None,
    elevation: Annotated[Path | None, Parameter(help="GeoTIFF of heights.")] = None,
    at: Annotated[str, Parameter(help="When one leaves, on the clock of the feed.")] = "2019-05-14T14:00",
    pairs: Annotated[int, Parameter(help="How many pairs of doors.")] = 500,
    seed: Annotated[int, Parameter(help="Which ones.")] = 1,
    repeats: Annotated[int, Parameter(help="Timings per query; their median counts.")] = 5,
    accelerate: Annotated[bool, Parameter(help="Prepare the day first, as a server does.")] = True,
    valhalla: Annotated[
        str, Parameter(help="Its valhalla_build_tiles, for walking times beside ours; empty: none.")
    ] = "",
    tiles: Annotated[Path, Parameter(help="Where Valhalla's tiles are kept.")] = Path("out/valhalla"),
    json: AsJson = False,
) -> int:
    """Plan from door to door along real streets: time per query, and walks beside Valhalla's.

    Each query is for somebody who leaves at that moment, with access and egress along streets, legs, instructions and
    lines on the map. Without files of your own: the reference data of Porto Alegre beside the checkout.
    """

    def work() -> int:
        from mobility.benchmark.door_to_door import Doors, find_data, measure_doors, parse_departure
        from mobility.benchmark.report import open_console, print_doors
        from mobility.benchmark.valhalla_peer import open_valhalla
        from mobility.service import JourneyPlanner, open_streets

        feeds = gtfs or (find_data("gtfs/poa_eptc.zip"), find_data("gtfs/poa_trensurb.zip"))
        extract = streets or find_data("osm/poa.osm.pbf")
        heights = elevation or (None if streets else find_data("osm/poa_elevation.tif"))
        with status("Reading streets and timetable"):
            router = open_streets(extract, heights)
            planner = JourneyPlanner.open_feed(",".join(str(path) for path in feeds), streets=router)
            peer = open_valhalla(extract, tiles, program=valhalla) if valhalla else None
        asked = Doors(parse_departure(at, planner.timezone), pairs, seed, repeats, accelerate)
        with progress_bar("Queries") as advance:
            report = measure_doors(planner, router, asked, peer, advance)
        if json:
            print_json(report.to_json())
        else:
            print_doors(open_console(), report)
        return 0

    return answered(work, as_json=json)
