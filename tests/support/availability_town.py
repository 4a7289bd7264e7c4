"""A small simulated town and the model that was learned from its first weeks, made once for all tests of a process."""

from functools import cache

from mobility.availability.fit import fit
from mobility.availability.model import AvailabilityModel
from mobility.availability.simulated import SimulatedHistory, simulate

STATIONS = 40
WEEKS = 4
LEARNED = 3 * 2016
"""Moments of five minutes in the three weeks that the model has seen."""


@cache
def get_town() -> SimulatedHistory:
    """40 stations and 8 car parks over four weeks."""
    return simulate(STATIONS, WEEKS, seed=7)


@cache
def get_model() -> AvailabilityModel:
    """Learned from three of the four."""
    town = get_town()
    return fit(town.grid.cut(0, LEARNED), town.clock)
