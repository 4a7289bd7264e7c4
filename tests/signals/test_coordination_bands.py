"""Green bands: what the programme finds is a band, no other offsets give a wider one, and a controller sees it."""

import itertools

import numpy as np
import pytest

from signals.coordination.bands import BandLink, Window, find_bands, list_corridors
from signals.coordination.guidance import BandWindow, list_guides

HALF = Window(0.0, 0.5)


def chain(travel_s, volume=(600.0, 300.0), window=HALF):
    """Signals 0, 1, ... with streets of these travel times, both ways."""
    links = []
    for k, time_s in enumerate(travel_s):
        links.append(BandLink(str(k), str(k + 1), time_s, volume[0], window, window))
        links.append(BandLink(str(k + 1), str(k), time_s, volume[1], window, window))
    return links


def overlap(difference, length):
    """The band between two equal greens whose begins differ, in cycles, by this much; negative where they miss."""
    apart = abs((difference + 0.5) % 1.0 - 0.5)
    return length - apart


def best_by_hand(travel_s, cycle_s, volume):
    """All offsets in steps of a twentieth of a cycle."""
    steps = np.arange(20) / 20
    best = -9.0
    for offsets in itertools.product(steps, repeat=len(travel_s)):
        at = [0.0, *offsets]
        value = 0.0
        for k, time_s in enumerate(travel_s):
            value += volume[0] * overlap(at[k + 1] - at[k] - time_s / cycle_s, 0.5)
            value += volume[1] * overlap(at[k] - at[k + 1] - time_s / cycle_s, 0.5)
        best = max(best, value / (len(travel_s) * sum(volume)))
    return best


@pytest.mark.parametrize("travel_s", [(20.0,), (20.0, 33.0), (40.0, 10.0)])
def test_no_other_offsets_give_wider_bands(travel_s):
    """At a fixed cycle, the programme's weighted width is at least that of the best of all offsets on a raster."""
    bands = find_bands(chain(travel_s), 80.0, 80.0)
    volumes = [link.volume_vph for link in bands.links]
    width = sum(v * w for v, w in zip(volumes, bands.width_s, strict=True)) / sum(volumes) / 80.0
    assert width >= best_by_hand(travel_s, 80.0, (600.0, 300.0)) - 1e-3


def test_a_cycle_of_twice_the_travel_time_is_green_both_ways():
    """With streets of 40 s and a cycle that may be 80 s, full bands run in both directions."""
    bands = find_bands(chain((40.0, 40.0)), 60.0, 100.0)
    assert bands.cycle_s == pytest.approx(80.0, abs=0.5)
    assert min(bands.width_s) == pytest.approx(0.5 * bands.cycle_s, abs=0.5)


def test_the_same_streets_give_the_same_bands():
    """Offsets and bands are the same in every run."""
    assert find_bands(chain((20.0, 33.0, 27.0)), 60.0, 90.0) == find_bands(chain((20.0, 33.0, 27.0)), 60.0, 90.0)


def test_corridors_follow_the_heaviest_streets():
    """At a crossing of two streets the heavier one is the corridor; light streets are in none."""
    heavy = chain((20.0, 20.0))
    cross = [BandLink("1", "N", 20.0, 400.0, HALF, HALF), BandLink("1", "S", 20.0, 50.0, HALF, HALF)]
    assert list_corridors([*cross, *heavy]) == (tuple(heavy),)


def test_a_controller_sees_the_next_band():
    """Before a band it is told when it comes, within it that it runs, after it of the next one."""
    window = BandWindow(stage=1, begin_s=30.0, length_s=20.0, cycle_s=80.0)
    for now_s, expected in ((0.0, (30.0, 50.0)), (40.0, (0.0, 10.0)), (60.0, (50.0, 70.0)), (800.0, (30.0, 50.0))):
        guides = list_guides((window,), 3, now_s)
        assert guides[1].tolist() == pytest.approx(expected)
        assert np.isnan(guides[[0, 2]]).all()
