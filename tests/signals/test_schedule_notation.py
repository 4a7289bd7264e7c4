"""One line per decision: written, read back, compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.scheduling.schedule import Schedule, ScheduledStage, parse_schedule

GOLDEN = (
    ("S0 G12 Y3 R1 | S2 G9", Schedule((ScheduledStage(0, 12, (("Y", 3), ("R", 1))), ScheduledStage(2, 9)))),
    ("S3 G50", Schedule((ScheduledStage(3, 50),))),
    (
        "S1 G7 P8 Y4 R2 | S0 G6 | S2 G0",
        Schedule((ScheduledStage(1, 7, (("P", 8), ("Y", 4), ("R", 2))), ScheduledStage(0, 6), ScheduledStage(2, 0))),
    ),
)


@pytest.mark.parametrize(("line", "schedule"), GOLDEN)
def test_the_notation_is_fixed(line, schedule):
    """Golden lines: both directions."""
    assert str(schedule) == line
    assert parse_schedule(line) == schedule


@pytest.mark.parametrize("line", ["", "S0", "S0 G", "S0 G3 X1", "S0 G3 |S1 G2", "S0 G-3"])
def test_what_is_no_schedule_is_named(line):
    """A line that cannot be read says what one looks like."""
    with pytest.raises(ValueError, match="one looks like 'S0 G12 Y3 R1'"):
        parse_schedule(line)


clearances = st.lists(st.tuples(st.sampled_from("PYR"), st.integers(1, 9)), max_size=3).map(tuple)
stages = st.builds(ScheduledStage, st.integers(0, 15), st.integers(0, 99), clearances)


@given(st.lists(stages, min_size=1, max_size=8).map(tuple).map(Schedule))
def test_every_schedule_survives_its_notation(schedule):
    """Parsing what was written gives the same schedule."""
    assert parse_schedule(str(schedule)) == schedule
