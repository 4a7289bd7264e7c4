"""The planner's features, simple to complex, in the notation: the feeds and the answers are read in golden/itineraries.txt.

Regenerate with CHANGTONG_REGOLD=1; the run then fails on purpose, so that the switch cannot be left on.
"""

import os
import re
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[1] / "golden" / "itineraries.txt"
QUESTION = re.compile(
    r"\? (?P<start>\S+) (?P<end>\S+) (?P<at>\S+)(?: date=(?P<date>\S+))?(?: window=(?P<window>\d+))?(?P<by> arrive-by)?"
)

BASE = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,Etc/UTC
# stops.txt
stop_id,stop_name,stop_code,stop_lat,stop_lon
A,Alpha,,0.00,0.00
B,Beta,,0.00,0.02
C,Gamma,,0.00,0.04
D,Delta,D9,0.00,0.06
E,Epsilon,,0.01,0.04
# routes.txt
route_id,agency_id,route_short_name,route_long_name,route_type
R1,X,1,,3
R2,X,2,,0
R3,X,,Express,1
"""


def parse_golden():
    """Cases: (title, feed text, [(question, answers)])."""
    cases = []
    for block in re.split(r"^=== ", GOLDEN.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title, _, rest = block.partition("\n")
        feed, *asked = re.split(r"^(?=\? )", rest, flags=re.MULTILINE)
        questions = [(text.splitlines()[0], [x for x in text.splitlines()[1:] if x.strip()]) for text in asked]
        cases.append((title.strip(), feed, questions))
    return cases


CASES = parse_golden()


@pytest.mark.parametrize(("title", "feed", "questions"), CASES, ids=[case[0].split(":")[0] for case in CASES])
def test_feature(net, title, feed, questions):
    """Every feature of the catalogue answers as the golden file says."""
    network = net(BASE + feed)
    for question, expected in questions:
        q = QUESTION.fullmatch(question)
        assert q, question
        found = network.lines(
            q["start"],
            q["end"],
            q["at"],
            q["date"] or "2026-07-15",
            window_min=int(q["window"] or 0),
            arrive_by=bool(q["by"]),
        )
        assert found == expected, f"{title}: {question}"


if "CHANGTONG_REGOLD" in os.environ:

    def test_write_golden_anew(net):
        """Writes today's answers, and fails so that somebody reads them."""
        blocks = []
        for title, feed, questions in CASES:
            network = net(BASE + feed)
            text = f"=== {title}\n{feed}"
            for question, _ in questions:
                q = QUESTION.fullmatch(question)
                lines = network.lines(
                    q["start"], q["end"], q["at"], q["date"] or "2026-07-15",
                    window_min=int(q["window"] or 0), arrive_by=bool(q["by"]),
                )  # fmt: skip
                text += "\n".join([question, *lines]) + "\n"
            blocks.append(text)
        head = GOLDEN.read_text(encoding="utf-8").partition("=== ")[0]
        GOLDEN.write_text(head + "\n".join(blocks), encoding="utf-8")
        pytest.fail("the golden file was written anew: read the difference, and run without CHANGTONG_REGOLD")
