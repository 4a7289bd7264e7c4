"""The availability model: what it learns, how it is kept, and what it says where it knows little."""

import datetime as dt
import json

import numpy as np
import pytest
from availability_town import LEARNED, get_model, get_town

from mobility.availability import AvailabilityModel, Kind, Reading, Trends
from mobility.availability.choice import Stage, chain, expected_extra_s, rank_backups
from mobility.availability.evaluate import HORIZONS_MIN, evaluate
from mobility.availability.fit import TooLittleHistory, fit
from mobility.availability.model_file import ModelUnreadable, load_model, save_model
from mobility.availability.rates import count
from mobility.availability.readings import UNKNOWN, Grid, Series
from mobility.availability.recent import RecentReadings
from mobility.availability.samples import draw, prepare
from mobility.availability.scores import brier, calibration_error, log_score
from mobility.availability.simulated import simulate
from mobility.availability.week import WeekClock


@pytest.fixture(scope="module")
def evaluation():
    """Judged on the week that the model has not seen."""
    town = get_town()
    return evaluate(get_model(), town.grid, LEARNED, usable=town.usable, rows=60_000)


@pytest.mark.parametrize("horizon", HORIZONS_MIN)
def test_it_beats_as_now_and_the_mean_of_the_hour(evaluation, horizon):
    """On a simulated week held back, at 15, 30 and 60 minutes, by Brier and log score, and calibrated to 5 points."""
    told = evaluation.find("all", horizon)
    assert told.skill > 0.1
    assert told.log["model"] < min(told.log["now"], told.log["hour"])
    assert told.calibration_error < 0.05
    assert told.mae["model"] < told.mae["last week"]
    assert 0.75 < told.covered < 0.99


def test_it_uses_old_readings_and_knows_broken_bikes(evaluation):
    """Readings 20 minutes old still beat both; telling broken ones apart beats counting them, where truth is known."""
    for horizon in HORIZONS_MIN:
        assert evaluation.find("read 20 min ago", horizon).skill > 0.1
        real = evaluation.find("really usable", horizon)
        assert real.brier["model"] < evaluation.find("broken ones counted", horizon).brier["model"]


def test_the_same_history_gives_the_same_model_and_town():
    """Simulating and learning twice gives equal arrays."""
    town = get_town()
    again = simulate(40, 4, seed=7)
    assert np.array_equal(town.grid.level, again.grid.level)
    model, other = get_model(), fit(again.grid.cut(0, LEARNED), again.clock)
    for one, two in zip((*model.profiles, *model.layers), (*other.profiles, *other.layers), strict=True):
        assert np.array_equal(one, two)


def test_a_town_is_labelled_simulated_and_keeps_its_counts():
    """The note says SIMULATED; levels lie between nothing and the capacity; feeds have gaps."""
    town = get_town()
    assert "SIMULATED" in town.note
    assert town.grid.level.min() == UNKNOWN
    bikes, docks = town.grid.list_rows(Kind.BIKES), town.grid.list_rows(Kind.DOCKS)
    assert (town.usable[bikes] + town.usable[docks] <= town.grid.capacity[bikes][:, None]).all()
    assert (town.usable >= 0).all()
    with pytest.raises(ValueError, match="10 stations"):
        simulate(3, 1, 1)


def test_a_model_is_kept_whole(tmp_path):
    """What is loaded forecasts exactly as what was saved, with its facts, holidays and places."""
    model, path = get_model(), tmp_path / "model.npz"
    save_model(model, path)
    again = load_model(path)
    assert (again.facts, again.rows, again.clock) == (dict(model.facts), model.rows, model.clock)
    readings = [Reading(level, 20, 1.7746e9) for level in range(5)]
    ids = ["S0001", "S0002", "S0003", "?", "S0004"]
    for kind in Kind:
        first, second = (one.forecast_many(ids, kind, readings, 1.7746e9, 1.7746e9 + 900) for one in (model, again))
        assert np.array_equal(first, second)
    assert list(tmp_path.iterdir()) == [path]


def test_a_damaged_model_is_refused_with_a_remedy(tmp_path):
    """No file, cut files, other versions, and numbers that are none: an error that says what to do, nothing else."""
    path = tmp_path / "model.npz"
    save_model(get_model(), path)
    content = path.read_bytes()
    with pytest.raises(ModelUnreadable, match="learn it again"):
        load_model(tmp_path / "none.npz")
    for cut in (0, 10, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:cut])
        with pytest.raises(ModelUnreadable, match="prior"):
            load_model(path)
    path.write_bytes(content)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    about = json.loads(arrays["about"].tobytes())
    for change in ({"version": 99}, {"timezone": "Nowhere/At_all"}, {"series": about["series"][:-1]}):
        damaged = np.frombuffer(json.dumps(about | change).encode(), np.uint8)
        np.savez(path, **arrays | {"about": damaged})
        with pytest.raises(ModelUnreadable):
            load_model(path)
    arrays["layers.drift"] = arrays["layers.drift"] * np.nan
    np.savez(path, **arrays)
    with pytest.raises(ModelUnreadable, match="finite"):
        load_model(path)


def test_the_basis_says_what_a_forecast_rests_on():
    """history, stale and prior, each with the age of the reading; nothing at all still gives a forecast."""
    model, at_s = get_model(), 1.7746e9
    fresh, old = Reading(5, 20, at_s - 60), Reading(5, 20, at_s - 1800)
    asked = [("S0001", fresh), ("S0001", old), ("S0001", None), ("?", fresh), ("?", None)]
    told = [model.forecast(place, Kind.BIKES, reading, at_s, at_s + 600) for place, reading in asked]
    assert [one.basis for one in told] == ["history", "stale", "stale", "prior", "prior"]
    assert [one.age_s for one in told] == [60, 1800, np.inf, 60, np.inf]
    prior = AvailabilityModel.prior("Asia/Taipei")
    assert 0.5 < prior.forecast("?", Kind.SPACES, None, at_s, at_s + 600).p_usable < 1
    assert prior.forecast("?", Kind.BIKES, fresh, at_s, at_s + 600).basis == "prior"


def test_the_older_the_reading_the_less_it_says():
    """A prior forecast goes from certainty to what is usual as the reading ages, and hardly beyond it."""
    model, at_s = AvailabilityModel.prior("Asia/Taipei"), 1.7746e9
    usual = model.forecast("?", Kind.DOCKS, None, at_s, at_s).p_usable
    ages = [0, 300, 900, 3600, 4 * 3600, 24 * 3600]
    full, empty = (
        [model.forecast("?", Kind.DOCKS, Reading(level, 20, at_s - age), at_s, at_s).p_usable for age in ages]
        for level in (15, 0)
    )
    assert (np.diff(full) <= 0.03).all()
    assert (np.diff(empty) >= -0.03).all()
    assert (full[0], empty[0]) == (pytest.approx(1.0, abs=1e-6), pytest.approx(0.0, abs=1e-6))
    assert full[-1] == empty[-1] == pytest.approx(usual)


def test_an_unknown_capacity_is_the_places_usual_one():
    """Capacity 0 is "not told": a place without anything now may have something later; a level above it is believed."""
    model, at_s = AvailabilityModel.prior("Asia/Taipei"), 1.7746e9
    assert 0 < model.forecast("?", Kind.BIKES, Reading(0, 0, at_s), at_s, at_s + 1800).p_usable < 0.9
    assert model.forecast("?", Kind.BIKES, Reading(30, 20, at_s), at_s, at_s, needed=25).p_usable > 0.99


def test_questions_that_make_no_sense_are_refused():
    """Needing nothing and times that are none; a reading of the future and an arrival in the past count as now."""
    model, at_s = AvailabilityModel.prior("Asia/Taipei"), 1.7746e9
    reading = Reading(5, 20, at_s + 500)
    with pytest.raises(ValueError, match="at least one"):
        model.forecast("?", Kind.BIKES, reading, at_s, at_s, 0)
    with pytest.raises(ValueError, match="finite"):
        model.forecast("?", Kind.BIKES, reading, at_s, float("nan"))
    told = model.forecast("?", Kind.DOCKS, reading, at_s, at_s - 900)
    assert (told.age_s, told.p_usable) == (0.0, pytest.approx(1.0, abs=1e-6))


def test_many_arrivals_at_once_are_each_their_own():
    """Arrival times by place give what each gives alone."""
    model, at_s = get_model(), 1.7746e9
    arrive_s = at_s + np.array([0.0, 600.0, 3600.0])
    places = model.bind(["S0001", "S0002", "?"], Kind.DOCKS)
    level, capacity, observed_s = np.array([1, 0, 3]), np.array([20, 20, 20]), at_s - np.array([0.0, 700.0, 50.0])
    many = places.forecast(level, capacity, observed_s, at_s, arrive_s)
    for n, place in enumerate(["S0001", "S0002", "?"]):
        one = model.forecast(place, Kind.DOCKS, Reading(int(level[n]), 20, observed_s[n]), at_s, arrive_s[n])
        assert (one.p_usable, one.expected, one.low, one.high) == tuple(float(column[n]) for column in many[:4])


def make_grid(level: np.ndarray, clock: WeekClock, day: dt.date) -> Grid:
    """Levels of one station from a local midnight on."""
    start = dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC).timestamp()
    shift = clock.locate_one(start) % 86_400
    series = tuple(Series(Kind.BIKES, f"S{n}") for n in range(len(level)))
    return Grid(series, level.astype(np.int16), np.full(len(level), 20, np.float32), start - shift, 300.0)


def test_a_flow_is_learned_at_its_time_of_the_week():
    """A station that loses eight bikes at 08:00 on working days has its fall there, and what is usual, too."""
    clock = WeekClock("Asia/Taipei")
    day = np.full(288, 10)
    day[96:] = 10 - np.minimum(np.arange(192), 8)
    flat = np.full(288, 10)
    level = np.concatenate([day if n % 7 < 5 else flat for n in range(28)])
    model = fit(make_grid(level[None], clock, dt.date(2026, 3, 2)), clock)
    fall = np.diff(model.profiles.fall[0].astype(float)) * 20
    assert fall[16] + fall[17] == pytest.approx(8, abs=1.5)
    assert fall[40:47].sum() < 0.5
    assert fall[5 * 48 + 16] + fall[5 * 48 + 17] < 2


def test_a_public_holiday_is_a_sunday():
    """Counts of a holiday fall on the Sunday's half hours."""
    clock = WeekClock("Asia/Taipei", frozenset({dt.date(2026, 3, 4)}))
    counts = count(make_grid(np.full((1, 288 * 7), 5), clock, dt.date(2026, 3, 2)), clock)
    seen = counts.seen[0].reshape(7, 48).sum(axis=1)
    assert seen[2] == 0
    assert seen[6] == 2 * 288


def test_a_short_history_is_refused():
    """Less than two days teach nothing, and the message says what to do until then."""
    clock = WeekClock("Asia/Taipei")
    with pytest.raises(TooLittleHistory, match="prior"):
        fit(make_grid(np.full((1, 288), 5), clock, dt.date(2026, 3, 2)), clock)


@pytest.mark.parametrize("level", [0, 7, UNKNOWN])
def test_a_history_that_never_changes_is_learned_without_fuss(level):
    """Nothing, always the same, or never a reading: finite numbers, and a forecast that says so."""
    clock = WeekClock("Asia/Taipei")
    grid = make_grid(np.full((3, 288 * 14), level), clock, dt.date(2026, 3, 2))
    model = fit(grid, clock)
    assert all(np.isfinite(table).all() for table in (*model.profiles, *model.layers))
    at_s = grid.start_s + 14 * 86_400
    usual = model.forecast("S1", Kind.BIKES, None, at_s, at_s).p_usable
    assert usual < 0.1 if level == 0 else usual > 0.8


def test_trends_of_polls_are_those_that_were_learned_on():
    """Flow and quiet time from live polls equal those of the samples that the model was fitted on."""
    town, model = get_town(), get_model()
    grid = town.grid
    moments = prepare(grid, town.clock, model.profiles)
    rows = grid.list_rows(Kind.BIKES)
    known = (grid.level[rows] >= 0).all(axis=0)
    last = next(at for at in range(LEARNED, grid.moments) if known[at - 12 : at + 1].all())
    recent = RecentReadings(model.bind([grid.series[row].place_id for row in rows], Kind.BIKES))
    times = grid.list_times()
    for at in range(last - 12, last + 1):
        recent.observe(grid.level[rows, at], times[at])
        recent.observe(grid.level[rows, at], times[at] + 30)
    trends = recent.get_trends(times[last])
    sample = draw(moments, Kind.BIKES, 0.0, last, last + 1, 4000, 0)
    place = np.searchsorted(rows, sample.row)
    np.testing.assert_allclose(trends.flow[place], sample.flow)
    np.testing.assert_allclose(trends.quiet_s[place], np.minimum(sample.quiet_s, 3600))
    assert trends.pulse == pytest.approx(moments.pulse[0, last], rel=1e-4)
    assert np.isnan(recent.get_trends(times[last] + 3600).flow).all()


def test_a_gap_in_the_polls_is_no_change():
    """A place that is silent for a poll has no flow, and is as quiet as before; all at once silent: no trend at all."""
    recent = RecentReadings(get_model().bind(["S0001", "S0002"], Kind.BIKES))
    for number in range(8):
        recent.observe(np.array([5 if number < 3 else 4, UNKNOWN if number == 5 else 2]), 1.7746e9 + 300 * number)
    trends = recent.get_trends(1.7746e9 + 2100)
    assert trends.flow[0] == -1
    assert np.isnan(trends.flow[1])
    assert trends.quiet_s.tolist() == [1200.0, 2100.0]
    assert np.isnan(trends.pulse)


def test_a_bike_that_nobody_takes_is_likely_broken():
    """With one bike left for hours in which many should have gone, the chance falls; with two it does not."""
    model = get_model()
    alone = model.layers.silent[0]
    assert alone[1] > alone[0] > 0
    at_s = get_town().grid.start_s + 22 * 86_400 + 12 * 3600
    places = model.bind(["S0001", "S0001"], Kind.BIKES)
    for level, falls in ((1, True), (2, False)):
        trends = Trends(np.full(2, np.nan), np.array([600.0, 20_000.0]))
        readings = np.full(2, level), np.full(2, 20), np.full(2, at_s)
        p = places.forecast(*readings, at_s, at_s, trends=trends).p_usable
        assert bool(p[1] < p[0] - 0.05) == falls


def test_scores_of_hand():
    """Brier, log score and calibration error of four forecasts by hand."""
    forecast, happened = np.array([0.0, 0.2, 0.8, 1.0]), np.array([0.0, 1.0, 1.0, 1.0])
    assert brier(forecast, happened) == pytest.approx((0.64 + 0.04) / 4)
    assert log_score(forecast, happened) == pytest.approx(-(2 * np.log(0.999) + np.log(0.2) + np.log(0.8)) / 4)
    assert calibration_error(forecast, happened) == pytest.approx((0.8 + 0.2) / 4)


def test_choices_refuse_what_is_no_chance():
    """Probabilities beyond 1 and endless fallbacks are refused; a certain thing costs nothing even then."""
    assert expected_extra_s(1.0, float("inf")) == 0
    assert chain([Stage(0.5, 600), Stage(0.9, 300)]).expected_extra_s == pytest.approx(330)
    with pytest.raises(ValueError, match="probability"):
        expected_extra_s(1.5, 1)
    with pytest.raises(ValueError, match="finite"):
        rank_backups(0, np.zeros(2), np.zeros(2), float("inf"))
    assert [one.number for one in rank_backups(0, np.array([0.0, 100, 200]), np.array([1, 0.2, 0.9]), 600.0)] == [2, 1]
