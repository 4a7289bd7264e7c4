"""Which exit leads to which approach of the next signal."""

import pytest

from signals.coordination.streets import Street, group_by_exit, list_addresses, list_streets_of
from signals.simulation.network import read_sites
from signals.simulation.streets import read_streets
from sumo_scenarios.catalog import find_scenario

NET = """<net>
 <edge id="in"><lane id="in_0" length="100" speed="10"/></edge>
 <edge id="mid"><lane id="mid_0" length="200" speed="10"/></edge>
 <edge id="next"><lane id="next_0" length="150" speed="10"/></edge>
 <edge id="side"><lane id="side_0" length="90" speed="10"/></edge>
 <edge id="out"><lane id="out_0" length="90" speed="10"/></edge>
 <edge id=":n" function="internal"><lane id=":n_0_0" length="8" speed="10"/><lane id=":n_1_0" length="9" speed="5"/></edge>
 <junction id="n" type="priority"/>
 <connection from="in" to="mid" fromLane="0" toLane="0" via=":A_0_0" tl="A" linkIndex="0" dir="s"/>
 <connection from="mid" to="next" fromLane="0" toLane="0" via=":n_0_0" dir="s"/>
 <connection from="mid" to="side" fromLane="0" toLane="0" via=":n_1_0" dir="r"/>
 <connection from="next" to="out" fromLane="0" toLane="0" via=":B_0_0" tl="B" linkIndex="0" dir="s"/>
</net>"""


@pytest.fixture
def streets(tmp_path):
    """A net of two signals with a side street between them."""
    net = tmp_path / "net.xml"
    net.write_text(NET)
    return read_streets(net, read_sites(net))


def test_a_street_goes_on_across_a_node_without_signals(streets):
    """Distance and time count every edge and the way across the node; the side street takes its share."""
    assert streets == (Street("A", 0, "B", 0, 358.0, pytest.approx(35.8), 1, 0.8),)


def test_neighbours_write_to_each_other_and_nobody_to_himself():
    """Departures are wanted downstream, queues upstream."""
    streets = (Street("A", 0, "B", 0, 100, 10), Street("B", 1, "B", 2, 50, 5), Street("B", 0, "C", 1, 100, 10))
    assert list_addresses(streets) == {"A": ("B",), "B": ("A", "C"), "C": ("B",)}
    assert list_streets_of(streets, "A") == streets[:1]
    assert group_by_exit(streets, "B") == {1: (streets[1],), 0: (streets[2],)}


def test_a_corridor_is_a_chain():
    """In our corridor, each signal has a street to the next one and back, and nobody skips a signal."""
    scenario = find_scenario("corridor")
    sites = read_sites(scenario.net)
    streets = read_streets(scenario.net, sites)
    addresses = list_addresses(streets)
    assert set(addresses) == set(sites)
    assert sorted(len(others) for others in addresses.values()) == [1, 1, 2, 2, 2]
    for street in streets:
        assert street.origin != street.destination
        assert 0.3 <= street.share <= 1.0
        assert street.free_s == pytest.approx(street.distance_m / 13.9, rel=0.5)
