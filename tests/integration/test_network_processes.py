"""Networks that were built, between processes: builders that are killed, readers that never notice."""

import multiprocessing as mp

import pytest
from feed_text import feed_zip
from network_builders import ask, build_from, build_until, read_until
from toy_feed import toy

from mobility.network.store import ARRAYS, StoreError
from mobility.network.versions import ASIDE, find_current, list_versions
from mobility.service import JourneyPlanner
from mobility.stored import verify_store
from mobility.stored.memory import measure_sharing

LATER = (
    "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nT1,09:00:00,09:00:00,A,1\nT1,09:10:00,09:10:00,C,2\n"
)
OLD, NEW = [(480, 490, 0), (1435, 1445, 0)], [(540, 550, 0)]
MOMENTS = ["Encoding", "Transfers of 2026-07-13", "a day's facts", "Writing the network", "the pointer", "the old ones"]


@pytest.fixture(scope="module")
def processes():
    """Processes that start quickly because what they import is imported once."""
    context = mp.get_context("forkserver")
    context.set_forkserver_preload(["network_builders"])
    return context


@pytest.fixture
def feeds(tmp_path):
    """Two feeds with other times, and where the network of the first lies."""
    old, new = feed_zip(toy(), tmp_path / "old.zip"), feed_zip(toy(stop_times=LATER), tmp_path / "new.zip")
    root = tmp_path / "network"
    build_from(old, root)
    return old, new, root


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_build_that_is_killed_leaves_a_whole_network(feeds, processes, moment):
    """Killed at any moment, the old network answers, or the new one once it is current; the next build just works
    and leaves nothing of the dead one.
    """
    _, new, root = feeds
    reached = processes.Event()
    builder = processes.Process(target=build_until, args=(new, root, moment, reached))
    builder.start()
    assert reached.wait(60), f"the build ended before {moment}"
    with pytest.raises(StoreError, match=rf"another build is writing it \(process {builder.pid}\)"):
        build_from(new, root)
    builder.kill()
    builder.join(30)

    assert ask(JourneyPlanner.open(str(root))) == (NEW if moment == "the old ones" else OLD)
    assert verify_store(root) == []
    build_from(new, root)
    assert ask(JourneyPlanner.open(str(root))) == NEW
    assert find_current(root) == list_versions(root)[-1]
    assert len(list_versions(root)) == 2
    assert not list(root.glob(f"{ASIDE}*"))


def test_readers_never_fail_while_builds_replace_the_network(feeds, processes):
    """Two processes open and ask without pause through twelve builds: each answer is wholly of one of the feeds."""
    old, new, root = feeds
    done, results = processes.Event(), processes.Queue()
    counts = [processes.Value("i", 0) for _ in range(2)]
    readers = [processes.Process(target=read_until, args=(root, done, [OLD, NEW], own, results)) for own in counts]
    for reader in readers:
        reader.start()
    builds = 0
    while builds < 12 or (min(own.value for own in counts) < 30 and builds < 300):
        build_from(old if builds % 2 else new, root)
        builds += 1
    done.set()
    wrong = [results.get(timeout=60) for _ in readers]
    for reader in readers:
        reader.join(30)
    assert wrong == [[], []]
    assert min(own.value for own in counts) >= 30


def test_processes_share_the_pages_of_a_network(feeds):
    """What two processes have read is in memory once: none of the pages is private."""
    root = feeds[2]
    found = measure_sharing(root, 2)
    size = sum(file.stat().st_size for file in find_current(root).rglob(ARRAYS))
    assert len(found) == 2
    for own in found:
        assert own["Rss"] * 1024 >= size > 0
        assert own["Private_Dirty"] == 0
        assert own["Private_Clean"] == 0
        assert own["Shared_Clean"] == own["Rss"]
