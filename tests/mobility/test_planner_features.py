"""The planner's features, simple to complex, in the notation: the feeds and the answers are read in golden/itineraries/.

Regenerate with CHANGTONG_REGOLD=1; the run then fails on purpose, so that the switch cannot be left on.
"""

import os
import re
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[1] / "golden" / "itineraries"
BASE = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,Etc/UTC
# stops.txt
stop_id,stop_name,stop_code,stop_lat,stop_lon,location_type,parent_station,level_id,wheelchair_boarding
A,Alpha,,0.00,0.00,,,,
B,Beta,,0.00,0.02,,,,
C,Gamma,,0.00,0.04,,,,
D,Delta,D9,0.00,0.06,,,,
E,Epsilon,,0.01,0.04,,,,
# routes.txt
route_id,agency_id,route_short_name,route_long_name,route_type
R1,X,1,,3
R2,X,2,,0
R3,X,,Express,1
"""


def parse_golden():
    """Cases: (file, title, feed text, [(question, answers)])."""
    cases = []
    for path in sorted(GOLDEN.glob("*.txt")):
        for block in re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            title, _, rest = block.partition("\n")
            feed, *asked = re.split(r"^(?=\? )", rest, flags=re.MULTILINE)
            questions = [(text.splitlines()[0], [x for x in text.splitlines()[1:] if x.strip()]) for text in asked]
            cases.append((path, title.strip(), feed, questions))
    return cases


def text_of(feed):
    """The base and a block; an agency of the block's own (its time zone) stands for that of the base."""
    return (BASE[BASE.index("# stops.txt") :] if feed.startswith("# agency.txt") else BASE) + feed


CASES = parse_golden()


@pytest.mark.parametrize(("path", "title", "feed", "questions"), CASES, ids=[case[1].split(":")[0] for case in CASES])
def test_feature(net, path, title, feed, questions):
    """Every feature of the catalogue answers as the golden file says."""
    network = net(text_of(feed))
    for question, expected in questions:
        assert network.ask(question) == expected, f"{path.name}, {title}: {question}"


@pytest.mark.parametrize(("path", "title", "feed", "questions"), CASES, ids=[case[1].split(":")[0] for case in CASES])
def test_feature_from_a_store(stored_net, path, title, feed, questions):
    """A network that was built and is read from its files gives the same answers."""
    dates = re.findall(r"date=(\S+)", " ".join(question for question, _ in questions))
    network = stored_net(text_of(feed), [*dates, "2026-07-15"] if len(dates) < len(questions) else dates)
    for question, expected in questions:
        assert network.ask(question) == expected, f"{path.name}, {title}: {question}"


def test_features_are_numbered_and_each_number_is_used_once():
    """A file holds the features of its letter, each under a number of its own."""
    numbers = [title.split(":")[0] for _, title, _, _ in CASES]
    assert len(set(numbers)) == len(numbers)
    assert all(path.name[0] == number[0] for (path, *_), number in zip(CASES, numbers, strict=True))


if "CHANGTONG_REGOLD" in os.environ:

    def test_write_golden_anew(net):
        """Writes today's answers, and fails so that somebody reads them."""
        for path in sorted(GOLDEN.glob("*.txt")):
            blocks = []
            for _, title, feed, questions in (case for case in CASES if case[0] == path):
                network = net(text_of(feed))
                text = f"=== {title}\n{feed}"
                for question, _ in questions:
                    text += "\n".join([question, *network.ask(question)]) + "\n"
                blocks.append(text)
            head = path.read_text(encoding="utf-8").partition("=== ")[0]
            path.write_text(head + "\n".join(blocks), encoding="utf-8")
        pytest.fail("the golden files were written anew: read the difference, and run without CHANGTONG_REGOLD")
