"""The one-line notation of an itinerary."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobility.itinerary import (
    Itinerary,
    Leg,
    LegSketch,
    NotationError,
    Ride,
    Sketch,
    format_itinerary,
    format_sketch,
    parse_notation,
    sketch_itinerary,
)
from mobility.model import Coordinate, Mode, Place

HERE = Coordinate(0.0, 0.0)
EXAMPLE = "Walk 4m ~ R10 ~ KRT R 08:10 08:24 ~ R6 ~ LRT C 08:29 08:33 ~ C5 ~ Walk 2m [08:06 08:35 29m Tx1 NT$30]"

SIGNS = st.lists(st.sampled_from(["=", "~", "%", "%3D", "A", " ", "BUS", "1", "08:10", "Walk", "4m"]), max_size=6)
NAMES = st.one_of(st.text(min_size=1, max_size=12), SIGNS.map(" ".join)).map(lambda t: " ".join(t.split())).filter(bool)
TIMES = st.integers(-3600, 30 * 3600)


@st.composite
def sketches(draw):
    """Any alternation of walks and vehicles, whatever their names."""
    legs = []
    for _ in range(draw(st.integers(1, 5))):
        if draw(st.booleans()):
            line = draw(st.one_of(st.just(""), NAMES))
            stays = bool(legs) and legs[-1].duration_s is None and draw(st.booleans())
            mode = draw(st.sampled_from(["BUS", "SUBWAY"]))
            legs.append(LegSketch(mode, line, draw(TIMES), draw(TIMES), stays_aboard=stays))
        else:
            legs.append(LegSketch("Walk", duration_s=draw(st.integers(0, 9000))))
    count = len(legs) - 1 + (legs[0].duration_s is None) + (legs[-1].duration_s is None)
    places = tuple(draw(st.lists(NAMES, min_size=count, max_size=count)))
    begin = draw(TIMES)
    return Sketch(
        tuple(legs), places, begin, begin + draw(st.integers(0, 90_000)), draw(st.integers(0, 7)),
        draw(st.sampled_from(["", "NT$30", "€2.40"])),
    )  # fmt: skip


def test_the_example_of_the_design_reads_and_writes_itself():
    """The line in ARCHITECTURE.md is read into legs and places, and written back as it was."""
    sketch = parse_notation(EXAMPLE)
    assert sketch.places == ("R10", "R6", "C5")
    assert [leg.line for leg in sketch.legs] == ["", "R", "C", ""]
    assert format_sketch(sketch) == EXAMPLE


@given(sketches())
def test_what_is_written_can_be_read(sketch):
    """Any sketch comes back from its line, whatever signs its names contain."""
    assert parse_notation(format_sketch(sketch)) == sketch


def test_an_itinerary_in_one_line():
    """Codes before names, times past midnight, seconds only where there are some."""
    stop, other = Place("美麗島", HERE, "KRTC-R10", "R10"), Place("Dream Mall", HERE, "x")
    ride = Ride("r", "t", "紅線")
    legs = (
        Leg(Mode.WALK, Place("22.63,120.30", HERE), stop, 86_000, 86_250),
        Leg(Mode.SUBWAY, stop, other, 86_390, 86_460, ride=ride),
    )
    itinerary = Itinerary(legs, dt.date(2026, 7, 15), "Asia/Taipei", (2.5, "EUR"))
    line = "Walk 4m10s ~ R10 ~ SUBWAY 紅線 23:59:50 24:01 ~ Dream Mall [23:53:20 24:01 7m40s Tx0 €2.50]"
    assert format_itinerary(itinerary) == line
    assert parse_notation(line) == sketch_itinerary(itinerary)


def test_staying_aboard_stands_before_the_leg_and_counts_no_change():
    """` = ` for a vehicle that goes on as another line; a stop that is called so is written otherwise."""
    here, there, beyond = (Place(name, HERE, name) for name in ("A", "B = C", "D"))
    legs = (
        Leg(Mode.BUS, here, there, 29_400, 30_000, ride=Ride("r1", "t1", "1")),
        Leg(Mode.BUS, there, beyond, 30_120, 30_600, ride=Ride("r2", "t2", "="), stays_aboard=True),
    )
    itinerary = Itinerary(legs, dt.date(2026, 7, 15), "Asia/Taipei")
    line = "A ~ BUS 1 08:10 08:20 ~ B %3D C = BUS %3D 08:22 08:30 ~ D [08:10 08:30 20m Tx0]"
    assert format_itinerary(itinerary) == line
    assert parse_notation(line) == sketch_itinerary(itinerary)
    assert sketch_itinerary(itinerary).places == ("A", "B = C", "D")


@pytest.mark.parametrize(
    "line",
    ["", "Walk 4m", "A ~ B [08:00 08:10 10m Tx0]", "A ~ BUS 1 08:00 08:10 [08:00 08:10 10m Tx0]",
     "A = BUS 1 08:00 08:10 ~ B [08:00 08:10 10m Tx0]", "A ~ BUS 1 08:00 08:10 = B [08:00 08:10 10m Tx0]",
     "A ~ BUS 1 08:00 08:10 ~ B = Walk 3m [08:00 08:13 13m Tx0]",
     "Walk 3m ~ B = BUS 1 08:03 08:10 ~ C [08:00 08:10 10m Tx0]", "= Walk 3m [08:00 08:10 10m Tx0]",
     "A ~ Walk 3m ~ B [08:00 08:03 3m Tx0]", EXAMPLE[:-8]],
)  # fmt: skip
def test_what_is_no_itinerary_is_refused(line):
    """A line that is none is refused in words, not misread."""
    with pytest.raises(NotationError):
        parse_notation(line)
