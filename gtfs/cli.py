"""``changtong gtfs``: validate, describe, clip and merge feeds. Prints; decides nothing about feeds."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter, validators

if TYPE_CHECKING:
    from gtfs.notices import Notice, Report

app = App(
    name="gtfs", help="Validate, describe, clip and merge GTFS feeds (a zip or a folder).", help_format="markdown"
)

UNREADABLE = 2
"""Exit code where there is no feed to judge; 1 is a feed with errors."""
LARGE_BYTES = 2_000_000
"""Below this size a feed is read before a progress bar could be seen."""

FeedPath = Annotated[Path, Parameter(help="A GTFS zip or a folder with its .txt files.")]
AsJson = Annotated[bool, Parameter(name="--json", negative=(), help="Print JSON, for machines.")]


@app.command
def validate(
    feed: FeedPath,
    *,
    json: AsJson = False,
    most: Annotated[int, Parameter(name="--max", validator=validators.Number(gte=0))] = 10,
) -> int:
    """Name what is wrong in a feed, with file and row.

    Codes are those of the canonical validator of MobilityData. Exit code 0: no errors (warnings may
    be); 1: errors; 2: there is no feed to read.

    Args:
        most: Notices shown per code in a file; 0 for all. Not for --json, which has them all.
    """
    from gtfs.ingest import FeedUnreadable, read_feed
    from gtfs.validate import RULES
    from gtfs.validate import validate as check

    try:
        with _progress(feed, "Reading") as advance:
            tables, report = read_feed(feed, advance)
    except FeedUnreadable as error:
        return _refuse(error, as_json=json)
    with _progress(feed, "Checking") as advance:
        report = check(
            tables, report, on_progress=lambda done, total: advance(f"rule {done}/{len(RULES)}", done, total)
        )
    if json:
        _print_json({"feed": str(feed), "summary": _summarize(report), "notices": [_to_json(n) for n in report]})
    else:
        _print_text("\n".join([*_lay_out(report, most), f"{feed}: {_describe_summary(report)}"]))
    return 0 if report.is_usable else 1


@app.command
def describe(
    feed: FeedPath,
    *,
    date: Annotated[str, Parameter(help="Day to look at, YYYY-MM-DD; the feed's busiest week-day by default.")] = "",
    json: AsJson = False,
) -> int:
    """Say what a feed holds: agencies, routes by mode, and the trips, headways and speeds of one day."""
    import datetime as dt

    from gtfs.ingest import FeedUnreadable

    try:
        day = dt.date.fromisoformat(date) if date else None
    except ValueError:
        return _refuse(f"--date {date!r} is not a date; write YYYY-MM-DD", as_json=json)
    with _spinner("Loading gtfs_kit and reading the feed"):
        from gtfs.analysis import NothingToShow, describe_feed

        try:
            description = describe_feed(feed, day)
        except (FeedUnreadable, NothingToShow) as error:
            return _refuse(error, as_json=json)
    if json:
        _print_json(description.to_json())
    else:
        _print_text(str(description))
    return 0


@app.command
def clip(
    feed: FeedPath,
    *,
    bbox: Annotated[
        str,
        Parameter(
            allow_leading_hyphen=True, help="WEST,SOUTH,EAST,NORTH in degrees, for example 120.2,22.5,120.5,22.8."
        ),
    ],
    out: Annotated[Path, Parameter(help="The zip to write.")],
) -> int:
    """Cut a feed to an area: every trip that stops in it, with all of its stops, and what these need."""
    from gtfs.ingest import FeedUnreadable

    with _spinner("Loading gtfs_kit and reading the feed"):
        from gtfs.analysis import Area, NothingToShow, clip_feed

        try:
            counts = clip_feed(feed, Area.parse(bbox), out)
        except (FeedUnreadable, NothingToShow) as error:
            return _refuse(error, as_json=False)
        except OSError as error:
            return _refuse(f"{out}: cannot be written: {error.strerror}", as_json=False)
    print(f"{out}: " + ", ".join(f"{kept:,} of {total:,} {what}" for what, (kept, total) in counts.items()))
    return 0


@app.command
def merge(
    *feeds: Annotated[Path, Parameter(help="GTFS zips or folders, two or more.")],
    out: Annotated[Path, Parameter(name=("--out", "-o"), help="The zip to write.")],
    tag: Annotated[
        tuple[str, ...],
        Parameter(
            negative=(),
            show_default=False,
            help="What stands before the ids of a feed, one for each in order; else the name of its file.",
        ),
    ] = (),
    json: AsJson = False,
) -> int:
    """Put several feeds into one: ids become `tag:id`, and nothing means something else than it did alone.

    Stops of different feeds that are near are changed between on foot, as those of one feed are. What the merged feed
    cannot say is told; what is wrong in one of the feeds stays wrong, so validate them first.

    Example: `changtong gtfs merge metro.zip bus.zip -o city.zip --tag m --tag b`.
    """
    from gtfs.ingest import FeedUnreadable
    from gtfs.merge import MergeError, NamedFeed, read_feeds, tag_of
    from gtfs.write import write_feed

    if len(feeds) < 2 or len(tag) not in {0, len(feeds)}:
        return _refuse("name two feeds or more, and a --tag for each or for none", as_json=json)
    if out.exists() and any(feed.exists() and out.samefile(feed) for feed in feeds):
        return _refuse(f"{out}: is one of the feeds; choose another --out", as_json=json)
    named = [NamedFeed(*pair) for pair in zip(tag or map(tag_of, feeds), feeds, strict=True)]
    try:
        with _progress(feeds[0], "Reading") as advance:
            merged, report = read_feeds(named, advance)
        with _spinner(f"Writing {out}"):
            write_feed(merged, out)
    except (FeedUnreadable, MergeError) as error:
        return _refuse(error, as_json=json)
    except OSError as error:
        return _refuse(f"{out}: cannot be written: {error.strerror}", as_json=json)
    counts = {what: len(merged[f"{what}.txt"]) for what in ("stops", "routes", "trips")}
    if json:
        facts = {"feed": str(out), "tags": [feed.tag for feed in named], "counts": counts}
        _print_json({**facts, "summary": _summarize(report), "notices": [_to_json(notice) for notice in report]})
        return 0
    _print_text("\n".join([*_lay_out_merge(report), f"{out}: {len(feeds)} feeds, {_list_counts(counts)}"]))
    return 0


def _lay_out_merge(report: Report) -> Iterator[str]:
    """What merging found, and how much was wrong in the feeds already."""
    from gtfs.notices import Report

    before = Report(tuple(notice for notice in report if "/" in notice.file))
    yield from (str(notice) for notice in report if "/" not in notice.file)
    if len(before):
        yield f"reading the feeds found {_describe_summary(before)}; validate each by itself to see them"


def _list_counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in counts.items())


def _refuse(error: object, *, as_json: bool) -> int:
    if as_json:
        _print_json({"error": str(error)})
    print(f"error: {error}", file=sys.stderr)
    return UNREADABLE


def _print_json(document: Any) -> None:
    _print_text(json.dumps(document, ensure_ascii=False, indent=1))


def _print_text(text: str) -> None:
    """Print, also into a pipe that is closed early (``| head``)."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # else the interpreter complains once more when it flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _to_json(notice: Notice) -> dict[str, Any]:
    return {
        "code": notice.code,
        "severity": notice.severity.value,
        "file": notice.file,
        "row": notice.row or None,
        "message": notice.message,
    }


def _summarize(report: Report) -> dict[str, int]:
    from gtfs.notices import Severity

    counts = report.counts()
    return {f"{severity.value}s": counts[severity] for severity in Severity}


def _describe_summary(report: Report) -> str:
    counts = _summarize(report)
    if not len(report):
        return "no faults found"
    words = {"errors": "error", "warnings": "warning", "infos": "remark"}
    return ", ".join(f"{counts[key]:,} {word}{'' if counts[key] == 1 else 's'}" for key, word in words.items())


def _lay_out(report: Report, most: int) -> Iterator[str]:
    """The notices file by file in the order of the specification, errors first, at most ``most`` of a code."""
    from gtfs.notices import Severity
    from gtfs.schema import list_files

    order = {spec.name: place for place, spec in enumerate(list_files())}
    weight = {severity: place for place, severity in enumerate(Severity)}
    files: dict[str, dict[tuple[int, str], list[Notice]]] = {}
    for notice in report:
        files.setdefault(notice.file, {}).setdefault((weight[notice.severity], notice.code), []).append(notice)
    for file in sorted(files, key=lambda name: (order.get(name, len(order)), name)):
        yield file
        for (_, code), notices in sorted(files[file].items(), key=lambda item: item[0]):
            shown = sorted(notices, key=lambda notice: notice.row)[: most or None]
            yield from (f"  {notice}" for notice in shown)
            if len(notices) > len(shown):
                yield f"  {notices[0].severity.value.upper():7} … and {len(notices) - len(shown):,} more {code}"
        yield ""


@contextmanager
def _progress(feed: Path, verb: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal's stderr while a large feed is at work; nothing otherwise."""
    if not sys.stderr.isatty() or not _is_large(feed):
        yield lambda _what, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(verb)

        def advance(what: str, done: int, total: int) -> None:
            bar.update(task, description=f"{verb} {what}", completed=done, total=total)

        yield advance


def _is_large(feed: Path) -> bool:
    files = feed.iterdir() if feed.is_dir() else (feed,)
    return sum(file.stat().st_size for file in files if file.is_file()) > LARGE_BYTES


@contextmanager
def _spinner(message: str) -> Iterator[None]:
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(message):
        yield
