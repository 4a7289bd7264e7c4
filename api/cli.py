"""The one command, ``changtong``: mounts the commands of every package lazily, and serves the site.

Imports are slow in this field (gtfs_kit 2.4 s, numba 0.8 s, fastapi 0.6 s), so that nothing but
cyclopts is imported until a command is chosen: ``changtong --help`` answers in under 0.5 s.
"""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import App, Parameter


def _version() -> str:
    from importlib.metadata import version

    return version("changtong")


app = App(
    name="changtong",
    help="""Changtong (暢通): a journey planner and adaptive traffic signals for a city.

Start with
  changtong serve                        the web pages
  changtong plan 美麗島 夢時代           a journey
  changtong signals evaluate corridor    controllers compared in SUMO""",
    version=_version,
    help_format="plaintext",  # rich's Markdown alone takes 0.15 s to import; the commands below use it
)
app.command("gtfs.cli:app", name="gtfs", help="Validate, describe, clip and merge GTFS feeds.")
app.command("mobility.cli.city:city_app", name="city", help="Build a city's own feeds from its tables of facts.")
app.command(
    "mobility.cli.network:network_app",
    name="network",
    help="Build a timetable into files that open in milliseconds and that processes share.",
)
app.command(
    "mobility.cli.plan:plan",
    name="plan",
    help_format="markdown",
    help="""Plan a journey: FROM TO, each lat,lon, a stop id or a stop name.

Every journey is one line of notation (places and legs in turn; in brackets departure, arrival,
duration, transfers and fare), followed by its legs. Exit code 1: there is none; 2: the question
cannot be answered as asked, and one line says why.

Examples: `changtong plan 美麗島 夢時代`, `changtong plan R10 22.5949,120.3050 --at 08:00`,
`changtong plan A B --gtfs feed.zip --at 2026-07-15T08:00`.

Few journeys that differ, each with its reason: `--options`. A coffee on the way: `--via 凱旋+10m`.
More time to change: `--min-transfer-minutes 5`. All of two hours: `--window 120`. Every answer ends
with the moments for `--earlier` and `--later`: its neighbours neither lose nor repeat a journey.""",
)
app.command("mobility.cli.bench:bench_app", name="bench", help="Measure our engines beside their peers.")
app.command(
    "mobility.cli.parking:parking_app", name="parking", help="Where to park near a place, and what a stay costs."
)
app.command("signals.cli:app", name="signals", help="Evaluate, run and audit traffic-signal controllers.")


@app.command
def serve(
    *,
    host: Annotated[str, Parameter(env_var="HOST")] = "127.0.0.1",
    port: Annotated[int, Parameter(env_var="PORT")] = 8080,
    city: Annotated[str, Parameter(env_var="CHANGTONG_CITY")] = "kaohsiung",
) -> None:
    """Serve the web pages and the API.

    Args:
        host: Address to listen on; 0.0.0.0 for every interface.
        port: TCP port.
        city: A city that ships with Changtong, the path of a GTFS zip or folder, or of a network that was built.
    """
    from api.app import run

    run(host=host, port=port, city=city)


@app.command
def openapi() -> None:
    """Print the API's OpenAPI document (JSON), for client generators."""
    import json

    from api.app import create_app

    print(json.dumps(create_app().openapi(), ensure_ascii=False, indent=1, sort_keys=True))


def main() -> None:
    """Entry point of the ``changtong`` command."""
    sys.exit(app() or 0)


if __name__ == "__main__":
    main()
