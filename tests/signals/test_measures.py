"""Measures count every loaded vehicle, and refuse files that do not tell of all of them."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.measures.sumo_xml import MeasureError
from signals.measures.tripinfo import load_trips, measure_run


def trip(name, depart, arrival, delay, waiting, loss, duration, stops, co2=0, nox=0, fuel=0):
    """One tripinfo element as SUMO writes it, values in its units."""
    return (
        f'<tripinfo id="{name}" depart="{depart}" departDelay="{delay}" arrival="{arrival}" duration="{duration}" '
        f'waitingTime="{waiting}" waitingCount="{stops}" timeLoss="{loss}">'
        f'<emissions CO2_abs="{co2}" NOx_abs="{nox}" fuel_abs="{fuel}"/></tripinfo>'
    )


FOUR = (
    trip("served", 10, 110, 0, 20, 30, 100, 1, co2=200_000, nox=90, fuel=60_000),
    trip("slow", 10, 310, 40, 100, 180, 300, 4, co2=700_000, nox=310, fuel=220_000),
    trip("under_way", 50, -1, 10, 60, 90, 250, 2, co2=100_000, nox=100, fuel=20_000),
    trip("outside", -1, -1, 250, 0, 0, 0, 0),
)


def write_run(folder, trips=FOUR, *, loaded=4, inserted=3, waiting=1, teleports=2):
    """A tripinfo and a statistics file."""
    tripinfo, statistics = folder / "tripinfo.xml", folder / "statistics.xml"
    tripinfo.write_text("<tripinfos>" + "\n".join(trips) + "</tripinfos>", encoding="utf-8")
    statistics.write_text(
        f'<statistics><vehicles loaded="{loaded}" inserted="{inserted}" running="1" waiting="{waiting}"/>'
        f'<teleports total="{teleports}" jam="2" yield="0" wrongLane="0"/>'
        '<safety collisions="1" emergencyStops="3" emergencyBraking="0"/></statistics>',
        encoding="utf-8",
    )
    return tripinfo, statistics


def test_measures_are_means_over_all_loaded_vehicles(tmp_path):
    """Waiting is (20 + 140 + 70 + 250) / 4 = 120 s: the vehicle that never got in is charged its 250 s."""
    m = measure_run(*write_run(tmp_path))
    assert (m.loaded, m.departed, m.arrived, m.unserved, m.not_due) == (4, 3, 2, 2, 0)
    assert m.waiting_s == 120
    assert m.waiting_on_road_s == 45
    assert m.time_loss_s == (30 + 220 + 100 + 250) / 4
    assert m.travel_time_s == (100 + 340 + 260 + 250) / 4
    assert m.stops == 7 / 4
    assert m.max_waiting_s == 250
    assert m.p95_waiting_s == pytest.approx(140 + 0.85 * 110)
    assert (m.co2_kg, m.nox_g, m.fuel_kg) == pytest.approx((1.0, 0.5, 0.3))
    assert (m.teleports, m.collisions, m.emergency_stops) == (2, 1, 3)


def test_vehicles_due_after_the_end_are_told_not_lost(tmp_path):
    """SUMO loads ahead: vehicles that were not yet due are reported apart."""
    assert measure_run(*write_run(tmp_path, loaded=9)).not_due == 5


def test_an_empty_run_has_no_measures_to_divide(tmp_path):
    """No vehicle at all is zero waiting, not a division by zero."""
    m = measure_run(*write_run(tmp_path, (), loaded=0, inserted=0, waiting=0))
    assert (m.loaded, m.waiting_s, m.max_waiting_s, m.co2_kg) == (0, 0, 0, 0)


def test_a_gzipped_file_is_read_as_well(tmp_path):
    """SUMO compresses what ends in .gz."""
    tripinfo, statistics = write_run(tmp_path)
    packed = tmp_path / "tripinfo.xml.gz"
    packed.write_bytes(gzip.compress(tripinfo.read_bytes()))
    assert measure_run(packed, statistics) == measure_run(tripinfo, statistics)


def test_time_in_system_throughput_and_free_flow_share_count_everybody(tmp_path):
    """In system: 950 s for four vehicles. By 200 s one has arrived. Of the travel time 350 of 950 s were free flow."""
    m = measure_run(*write_run(tmp_path), demand_end_s=200)
    assert m.total_time_h == pytest.approx((100 + 340 + 260 + 250) / 3600)
    assert m.throughput == 1
    assert m.free_flow_share == pytest.approx((70 + 120 + 160) / 950)
    trips = [t.replace("<tripinfo ", '<tripinfo routeLength="650" ') for t in FOUR[:2]]
    m = measure_run(*write_run(tmp_path, trips, loaded=2, inserted=2, waiting=0))
    assert m.speed_kmh == pytest.approx(3.6 * 1300 / 400)
    assert m.throughput == 2


def test_persons_count_with_what_they_wait_on_foot(tmp_path):
    """Two walked and waited 40 and 10 s, one of them is still under way; one rides only, one has not set out."""
    walk = '<walk waitingTime="{}" arrival="{}"/>'
    persons = (
        '<personinfo id="a" depart="5" duration="90">' + walk.format(15, 60) + walk.format(25, 95) + "</personinfo>",
        '<personinfo id="b" depart="9" duration="-1">' + walk.format(10, -1) + "</personinfo>",
        '<personinfo id="c" depart="9" duration="50"><ride waitingTime="30"/></personinfo>',
        '<personinfo id="d" depart="-1" duration="0"/>',
    )
    m = measure_run(*write_run(tmp_path, (*FOUR, *persons)))
    assert (m.pedestrians, m.pedestrian_waiting_s) == (2, 25)
    assert m.p95_pedestrian_waiting_s == pytest.approx(10 + 0.95 * 30)
    assert m.waiting_s == 120


@pytest.mark.parametrize(
    ("trips", "counts", "message"),
    [
        (FOUR[:2], {}, "2 vehicles departed, but statistics.xml says 3"),
        (FOUR[:3], {}, "turn tripinfo-output.write-undeparted on"),
        ((FOUR[0].replace("emissions", "emission"),), {}, "served has no emissions"),
        ((FOUR[0].replace("timeLoss", "loss"),), {}, "trip number 1 lacks an attribute"),
        ((FOUR[0].replace('"20"', '"twenty"'),), {}, "waitingTime='twenty', not a number"),
    ],
)
def test_files_that_do_not_tell_of_every_vehicle_are_refused(tmp_path, trips, counts, message):
    """Missing undeparted or unfinished vehicles, emissions or attributes are named, never averaged over."""
    with pytest.raises(MeasureError, match=message):
        measure_run(*write_run(tmp_path, trips, **counts))


def test_a_run_that_was_cut_off_is_refused(tmp_path):
    """A file without its end was not written by a simulation that ended."""
    tripinfo, statistics = write_run(tmp_path)
    tripinfo.write_text(tripinfo.read_text(encoding="utf-8")[:-30], encoding="utf-8")
    with pytest.raises(MeasureError, match="was the simulation cut off"):
        measure_run(tripinfo, statistics)
    with pytest.raises(MeasureError, match="no such file"):
        measure_run(tmp_path / "nothing.xml", statistics)
    with pytest.raises(MeasureError, match="no <vehicles>"):
        measure_run(write_run(tmp_path)[0], tripinfo)


@given(st.lists(st.floats(0, 5000), min_size=1, max_size=30))
def test_a_longer_departure_delay_never_lowers_waiting(tmp_path_factory, delays):
    """Holding vehicles outside raises waiting, delay and travel time by just that much."""
    folder = tmp_path_factory.mktemp("delays")
    trips = [trip(str(k), -1, -1, delay, 0, 0, 0, 0) for k, delay in enumerate(delays)]
    m = measure_run(*write_run(folder, trips, loaded=len(delays), inserted=0, waiting=len(delays)))
    mean = sum(delays) / len(delays)
    assert m.waiting_s == pytest.approx(mean)
    assert m.time_loss_s == pytest.approx(mean)
    assert m.travel_time_s == pytest.approx(mean)
    assert m.unserved == len(delays)


def test_trips_are_read_in_file_order(tmp_path):
    """Rows stay where they were, so that two runs can be compared vehicle by vehicle."""
    trips = load_trips(write_run(tmp_path)[0])
    assert trips.has_departed.tolist() == [True, True, True, False]
    assert trips.has_arrived.tolist() == [True, True, False, False]
    assert trips.depart_delay_s.tolist() == [0, 40, 10, 250]
