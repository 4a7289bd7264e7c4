"""``changtong network``: a timetable built once into files that every process maps, and the network as a graph."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from mobility.cli.console import AsJson, answered, parse_date, print_json, status
from mobility.cli.network_graph import draw, export

network_app = App(
    name="network",
    help="Build a timetable and its streets into files that open in milliseconds and that processes share.",
    help_format="markdown",
)
network_app.command(draw)
network_app.command(export)
Store = Annotated[Path, Parameter(name="DIR", help="A network that was built.")]
KEPT_KB = ("Rss", "Pss", "Shared_Clean", "Private_Dirty")


@network_app.command
def build(
    source: Annotated[
        str,
        Parameter(
            name="CITY_OR_GTFS", help="A city, or the path of a GTFS zip or folder; several: `bus.zip,metro.zip`."
        ),
    ],
    *,
    out: Annotated[Path | None, Parameter(help="Where to write; build/NAME-network when left out.")] = None,
    days: Annotated[int, Parameter(help="How many service days to make ready.")] = 3,
    first: Annotated[str, Parameter(name="--from", help="The first, YYYY-MM-DD; today when left out.")] = "",
    last: Annotated[str, Parameter(name="--until", help="The last, instead of --days.")] = "",
    accelerate: Annotated[bool, Parameter(help="Trip-based transfers, for the fastest answers.")] = True,
    streets: Annotated[
        Path | None, Parameter(help="OpenStreetMap extract (.osm.pbf): people walk, ride and drive along its streets.")
    ] = None,
    elevation: Annotated[Path | None, Parameter(help="GeoTIFF of heights for these streets.")] = None,
    json: AsJson = False,
) -> int:
    """Build the network of a city or a feed, and of its streets.

    The new version replaces the old one when it is whole: who reads meanwhile goes on with the old one, and a build
    that dies changes nothing. Days that were not made ready are made when somebody asks for them. Streets are compiled
    once; every process that opens the network has them at once, and shares them.

    Examples: `changtong network build kaohsiung`,
    `changtong network build feed.zip --streets city.osm.pbf --elevation city.tif --out /var/lib/changtong/network`,
    `changtong network build feed.zip --out /var/lib/changtong/network --from 2026-07-15 --until 2026-07-31`,
    then `changtong plan A B --network build/kaohsiung-network`.
    """

    def answer() -> int:
        from mobility.service import default_cache_dir
        from mobility.stored import BuildOptions, build_store, find_source, with_streets

        options = BuildOptions(
            parse_date(first) if first else None, parse_date(last) if last else None, days, accelerate
        )
        found = with_streets(find_source(source, default_cache_dir()), streets, elevation)
        root = out or Path("build") / f"{found.name}-network"
        with _stages() as progress:
            facts = build_store(found, root, options, progress)
        if json:
            print_json({"network": str(root), **facts})
        else:
            print("\n".join(_lay_out_build(root, facts)))
        return 0

    return answered(answer, as_json=json)


@network_app.command
def info(
    store: Store,
    *,
    memory: Annotated[bool, Parameter(negative=(), help="Open it in two processes and tell what they share.")] = False,
    json: AsJson = False,
) -> int:
    """Tell what a network and its streets hold, how old they are, and whether feed or map have changed since."""

    def answer() -> int:
        facts = _describe(store, memory=memory)
        if json:
            print_json(facts)
        else:
            print("\n".join(_lay_out_info(facts)))
        return 0

    return answered(answer, as_json=json)


@network_app.command
def verify(store: Store, *, json: AsJson = False) -> int:
    """Read every byte of a network and compare it with its checksums.

    Exit code 1: something is damaged; build it again.
    """

    def answer() -> int:
        from mobility.stored import verify_store

        with _stages() as progress:
            damaged = verify_store(store, progress)
        if json:
            print_json({"network": str(store), "damaged": damaged})
        else:
            print("\n".join([*damaged, "Build it again."] if damaged else [f"{store} is whole."]))
        return 1 if damaged else 0

    return answered(answer, as_json=json)


@contextmanager
def _stages() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on stderr that names its stage; gone when done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description:32}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Starting", total=None)

        def advance(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=total or None)

        yield advance


def _describe(store: Path, *, memory: bool) -> dict[str, Any]:
    import time

    from mobility.model import PlannerError
    from mobility.stored import describe_staleness, open_store, read_facts

    folder, facts = read_facts(store)
    age_s = (dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(facts["built_at"])).total_seconds()
    told = {key: facts[key] for key in ("built_at", "built_by", "source", "options", "counts", "days")}
    told["streets"] = facts.get("streets", {})
    found: dict[str, Any] = {
        "network": str(store),
        "version": folder.name,
        "age_s": round(age_s),
        **told,
        "bytes": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
        "staleness": describe_staleness(store, facts),
    }
    if memory:
        from mobility.stored.memory import measure_sharing

        with status("Opening it in two processes"):
            found["memory_kb"] = [{key: own.get(key, 0) for key in KEPT_KB} for own in measure_sharing(store)]
    begin = time.perf_counter()
    try:
        open_store(store)
        found["opened_ms"] = round((time.perf_counter() - begin) * 1000, 2)
    except PlannerError as error:
        found["refused"] = str(error)
    return found


def _lay_out_build(root: Path, facts: Mapping[str, Any]) -> Iterator[str]:
    sizes, seconds = facts["bytes"], facts["seconds"]
    days = sorted(facts["days"])
    yield f"{root}  version {facts['version']}"
    yield _lay_out_counts(facts["counts"])
    yield from _lay_out_streets(facts["streets"])
    if days:
        yield f"days     {days[0]} to {days[-1]} ({len(days)}, {len(set(facts['days'].values()))} of them different)"
    yield f"size     {_megabytes(sum(sizes.values()))}: " + ", ".join(f"{k} {_megabytes(v)}" for k, v in sizes.items())
    yield f"time     {sum(seconds.values()):.1f} s"
    yield from (f"         {spent:7.2f} s  {stage}" for stage, spent in seconds.items() if spent >= 0.01)


def _lay_out_info(facts: dict[str, Any]) -> Iterator[str]:
    age = dt.timedelta(seconds=facts["age_s"])
    days = sorted(facts["days"])
    yield f"{facts['network']}  version {facts['version']}"
    yield f"built    {facts['built_at']} ({age} ago) by changtong {facts['built_by']['changtong']}"
    yield f"from     {facts['source']['reference']}"
    yield _lay_out_counts(facts["counts"])
    yield from _lay_out_streets(facts["streets"])
    yield f"days     {days[0]} to {days[-1]} ({len(days)})" if days else "days     none"
    opens = f", opens in {facts['opened_ms']} ms" if "opened_ms" in facts else ""
    yield f"size     {_megabytes(facts['bytes'])}{opens}"
    for number, own in enumerate(facts.get("memory_kb", ()), start=1):
        told = ", ".join(f"{key} {value / 1024:.1f} MB" for key, value in own.items())
        yield f"memory   process {number} of two that read it all at once: {told}"
    wrong = facts.get("refused") or facts["staleness"]
    yield f"WARNING  {wrong}" if wrong else "state    up to date"


def _lay_out_counts(counts: dict[str, int]) -> str:
    return "holds    " + ", ".join(f"{value:,} {key.replace('_', ' ')}" for key, value in counts.items())


def _lay_out_streets(streets: Mapping[str, Any]) -> Iterator[str]:
    if not streets:
        return
    usable = ", ".join(f"{profile} {count:,}" for profile, count in streets["segments_by_profile"].items())
    yield f"streets  {streets['nodes']:,} nodes, {streets['segments']:,} segments ({usable}), {streets['attribution']}"
    yield from (f"notice   {notice['severity']} {notice['code']}: {notice['message']}" for notice in streets["notices"])


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
