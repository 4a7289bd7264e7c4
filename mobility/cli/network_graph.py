"""``changtong network draw`` and ``export``: the whole network as one graph, drawn or written for other programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from cyclopts import Parameter

from mobility.cli.console import AsJson, answered, parse_date, print_json, status

if TYPE_CHECKING:
    import datetime as dt

    import networkx as nx

    from gtfs.feed import Feed
    from mobility.multimodal import Checked, Counts, Layer, Parts
    from mobility.multimodal.picture import Drawn
    from mobility.service import JourneyPlanner

City = Annotated[
    str, Parameter(env_var="CHANGTONG_CITY", help="A city that ships with Changtong, or a network that was built.")
]
Gtfs = Annotated[
    tuple[str, ...],
    Parameter(negative=(), show_default=False, help="A GTFS zip or folder, instead of a city; repeat for more."),
]
Streets = Annotated[Path | None, Parameter(help="OpenStreetMap extract (.osm.pbf) of the streets, beside --gtfs.")]
Date = Annotated[
    str, Parameter(show_default=False, help="Service day, YYYY-MM-DD; today, or the feed's busiest where it is over.")
]
Language = Annotated[
    str, Parameter(show_default=False, help="Names in this language where they are translated, e.g. `zh` or `en`.")
]
ProfileName = Annotated[
    Literal["foot", "wheelchair", "bicycle", "scooter", "car"], Parameter(name="--profile", help="Whose streets.")
]
FEW = 5
DRAWN = "transit,bikes,parking,zones,streets"
WRITTEN = "transit,walks,bikes,parking,zones,streets"
PLURALS = {
    "stop": "stops",
    "shared_station": "stations of shared vehicles",
    "car_park": "car parks",
    "zone": "on-demand zones",
    "street": "of streets",
    "ride": "rides",
    "walk": "walks",
    "hire": "by shared bike",
    "on_demand": "on demand",
    "link": "to streets",
}
HOW = " (--bbox all shows everything)"
HINT = "for a picture there is `changtong network draw`"


class Built(NamedTuple):
    """A graph of the layers that were asked for, how much is in it, and what was found in the whole one."""

    graph: nx.MultiDiGraph
    counts: Counts
    checked: Checked
    date: dt.date


def draw(
    *,
    city: City = "kaohsiung",
    gtfs: Gtfs = (),
    streets: Streets = None,
    layers: Annotated[str, Parameter(help="What to draw: `transit,walks,bikes,parking,zones,streets`.")] = DRAWN,
    out: Annotated[Path | None, Parameter(help="FILE.svg, .png or .pdf; NAME.svg when left out.")] = None,
    bbox: Annotated[
        str,
        Parameter(
            show_default=False,
            help="Only `south,west,north,east` (degrees, `--bbox=-30.1,…` for a minus) or `all`; else where lines run.",
        ),
    ] = "",
    dpi: Annotated[int, Parameter(help="Dots per inch of a PNG.")] = 150,
    title: Annotated[str, Parameter(show_default=False, help="What stands above the map.")] = "",
    date: Date = "",
    language: Language = "",
    profile: ProfileName = "foot",
    json: AsJson = False,
) -> int:
    """Draw the network as a map: lines in their colours, stops, shared bikes, car parks, on-demand zones, streets.

    The legend stands beside the map and counts what is in the picture; names of stations are placed so that none
    covers another. Below stand the counts of the whole graph and what it shows of the network: into how many pieces it
    falls, stops that nothing leads to, and stations of bikes with nothing within 600 m.

    Layers: **transit** (rides and stops), **walks** (all walks, and rides between neighbouring bike stations, as fine
    lines: many), **bikes**, **parking**, **zones**, **streets** (with --streets).

    Examples: `changtong network draw`, `changtong network draw --language en --out map.png`,
    `changtong network draw --bbox 22.60,120.26,22.69,120.36 --out centre.svg`,
    `changtong network draw --gtfs feed.zip --streets city.osm.pbf --layers transit,streets --out city.pdf`.
    """

    def answer() -> int:
        from mobility.multimodal.frame import find_whole, parse_box
        from mobility.multimodal.layers import parse_layers
        from mobility.multimodal.picture import Look, check_picture, draw_picture
        from mobility.multimodal.refusals import GraphRefused

        asked = parse_layers(layers)
        frame = parse_box(bbox) if bbox and bbox != "all" else None
        if out:
            check_picture(out)
        if not 20 <= dpi <= 600:
            raise GraphRefused(f"--dpi {dpi}: a picture has 20 to 600 dots per inch; 150 is for screens, 300 for print")
        planner = _open(city, gtfs, streets)
        built = _build(planner, asked, date, language, profile)
        path = out or Path(f"{_make_name(planner)}.svg")
        look = Look(
            title or _find_title(planner, gtfs, language),
            language or next(iter(planner.languages), ""),
            planner.attribution,
            dpi,
            asked,
        )
        with status("Drawing"):
            if bbox == "all":
                frame = find_whole(built.graph)
            drawn = draw_picture(built.graph, path, look, frame)
        facts = {"file": str(path), "bytes": path.stat().st_size, **_list_facts(built), **_tell_picture(drawn)}
        if json:
            print_json(facts)
        else:
            print("\n".join(_lay_out(facts)))
        return 0

    return answered(answer, as_json=json)


def export(
    *,
    city: City = "kaohsiung",
    gtfs: Gtfs = (),
    streets: Streets = None,
    layers: Annotated[str, Parameter(help="What to write: `transit,walks,bikes,parking,zones,streets`.")] = WRITTEN,
    out: Annotated[Path | None, Parameter(help="FILE.geojson or .graphml; NAME.geojson when left out.")] = None,
    date: Date = "",
    language: Language = "",
    profile: ProfileName = "foot",
    json: AsJson = False,
) -> int:
    """Write the network as one graph, for maps (GeoJSON) or for graph tools (GraphML).

    A node is a stop, a station of shared vehicles, a car park, an on-demand zone or a point of a street; an edge is a
    ride, a walk, a ride by shared bike, a ride on demand, or a piece of street, with its mode, seconds and metres.
    GeoJSON opens in QGIS and in web maps, GraphML in Gephi, Cytoscape, igraph and networkx.

    Examples: `changtong network export --out kaohsiung.geojson`,
    `changtong network export --gtfs feed.zip --streets city.osm.pbf --profile car --out city.graphml`.
    """

    def answer() -> int:
        from mobility.multimodal.layers import parse_layers
        from mobility.multimodal.refusals import GraphRefused, check_file
        from mobility.network.graph import save_graph

        asked = parse_layers(layers)
        if out:
            check_file(out, (".geojson", ".graphml"), HINT)
        planner = _open(city, gtfs, streets)
        built = _build(planner, asked, date, language, profile)
        path = out or Path(f"{_make_name(planner)}.geojson")
        with status("Writing"):
            try:
                save_graph(built.graph, path, "node")
            except OSError as error:
                raise GraphRefused(f"{path} cannot be written: {error}") from error
        facts = {"file": str(path), "bytes": path.stat().st_size, **_list_facts(built)}
        if json:
            print_json(facts)
        else:
            print("\n".join(_lay_out(facts)))
        return 0

    return answered(answer, as_json=json)


def _open(city: str, gtfs: tuple[str, ...], streets: Path | None) -> JourneyPlanner:
    from mobility.multimodal.refusals import GraphRefused
    from mobility.service import JourneyPlanner, open_streets

    if streets and not gtfs:
        raise GraphRefused("--streets belongs to a feed: give it with --gtfs PATH")
    with status("Opening the timetable"):
        if not gtfs:
            return JourneyPlanner.open(city)
        return JourneyPlanner.open_feed(",".join(gtfs), streets=open_streets(streets) if streets else None)


def _build(planner: JourneyPlanner, layers: frozenset[Layer], date: str, language: str, profile: str) -> Built:
    from mobility.multimodal import Layer, build_multimodal, check, count
    from mobility.multimodal.layers import take_layers
    from mobility.streets.profiles import Profile

    parts = _list_parts(planner)
    day = _find_day(planner, parts.network.feed, date)
    with status("Building the graph"):
        timetable = parts.network.build_timetable(day)
        # what is found is the same, whatever of it is drawn
        needed = layers | {Layer.TRANSIT, Layer.WALKS, Layer.BIKES, Layer.PARKING}
        whole = build_multimodal(parts, timetable, needed, language=language, profile=Profile(profile))
        graph = take_layers(whole, layers)
        return Built(graph, count(graph), check(whole), day)


def _list_parts(planner: JourneyPlanner) -> Parts:
    from mobility.multimodal import Parts

    # to be a method of the planner
    router = planner._streets or planner._straight  # noqa: SLF001
    own = planner._network, planner._places, planner._routes, planner._shapes, planner._supply  # noqa: SLF001
    return Parts(*own, router)


def _find_day(planner: JourneyPlanner, feed: Feed, text: str) -> dt.date:
    import datetime as dt
    from zoneinfo import ZoneInfo

    from mobility.multimodal.refusals import GraphRefused

    first, last = planner.feed_dates
    if not text:
        today = dt.datetime.now(ZoneInfo(planner.timezone)).date()
        return today if first <= today <= last else _find_busiest_day(feed)
    day = parse_date(text)
    if not first <= day <= last:
        raise GraphRefused(f"{planner.name} is valid from {first} to {last}; {day} is not within")
    return day


def _find_busiest_day(feed: Feed) -> dt.date:
    """The first of those on which most trips begin."""
    import datetime as dt
    from collections import Counter

    from gtfs.service_days import build_service_days

    days, begun = build_service_days(feed), Counter[dt.date]()
    for service_id, trips in Counter(feed["trips.txt"]["service_id"].tolist()).items():
        running = days[service_id].tolist() if service_id in days else ()
        begun.update(dict.fromkeys(running, trips))
    return min(begun, key=lambda day: (-begun[day], day))


def _find_title(planner: JourneyPlanner, gtfs: tuple[str, ...], language: str) -> str:
    """The city's name in the language, else what the feed is called."""
    from mobility.cities import CityError, find_city
    from mobility.multimodal.parts import choose_text

    try:
        names = {} if gtfs else find_city(planner.name).names
    except CityError:
        names = {}
    return choose_text(names, language or next(iter(planner.languages), ""), planner.name if not names else "")


def _make_name(planner: JourneyPlanner) -> str:
    """A name for a file."""
    return "".join(letter if letter.isalnum() else "-" for letter in planner.name).strip("-") or "network"


def _list_facts(built: Built) -> dict[str, Any]:
    checked = built.checked
    return {
        "service_date": built.date.isoformat(),
        "nodes": built.counts.nodes,
        "edges": built.counts.edges,
        "pieces": {"weak": checked.pieces.weak, "strong": checked.pieces.strong},
        "unreached": checked.unreached,
        "lonely": checked.lonely,
    }


def _tell_picture(drawn: Drawn) -> dict[str, Any]:
    frame = drawn.frame
    box = [round(side, 6) for side in (frame.south, frame.west, frame.north, frame.east)]
    return {"bbox": box, "names": drawn.names, "unwritten": drawn.unwritten, "outside": drawn.outside}


def _lay_out(facts: dict[str, Any]) -> Iterator[str]:
    yield f"{facts['file']}  {facts['bytes'] / 1e3:,.0f} kB, the network on {facts['service_date']}"
    if "bbox" in facts:
        outside = _lay_out_counts(facts["outside"]) if facts["outside"] else "nothing"
        yield f"shows    {','.join(map(str, facts['bbox']))}; outside: {outside}{HOW if facts['outside'] else ''}"
    yield f"nodes    {_lay_out_counts(facts['nodes'])}"
    yield f"edges    {_lay_out_counts(facts['edges'])}"
    for name, what in (("weak", "hang together by vehicles and on foot"), ("strong", "have ways there and back")):
        sizes = facts["pieces"][name]
        rest = f"; {len(sizes) - 1} smaller pieces" if len(sizes) > 1 else ""
        yield f"{'whole' if name == 'weak' else '':8} {sizes[0] if sizes else 0:,} stops {what}{rest}"
    for head, name, what in (
        ("apart", "unreached", "stops that nothing leads to"),
        ("", "lonely", "stations of shared vehicles with nothing within 600 m"),
    ):
        found = facts[name]
        few = f": {', '.join(found[:FEW])}{', …' if len(found) > FEW else ''}" if found else ""
        yield f"{head:8} {len(found):,} {what}{few}"
    if facts.get("unwritten"):
        yield f"WARNING  no font here has the letters of {facts['unwritten']} names: install one, or use --language"


def _lay_out_counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {PLURALS[kind]}" for kind, count in counts.items()) or "none"
