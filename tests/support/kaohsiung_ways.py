"""Doors, car parks and golden journeys of the embedded Kaohsiung for tests of ways by bike, car and on demand."""

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

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
