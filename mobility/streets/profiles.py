"""Who travels a street, and how fast where nothing on the way says otherwise."""

from __future__ import annotations

from enum import StrEnum


class Profile(StrEnum):
    """Ways of getting along a street.

    SCOOTER is a road-going moped or motorcycle (the shared scooters of Taiwan); kick scooters ride as BICYCLE.
    """

    FOOT = "foot"
    WHEELCHAIR = "wheelchair"
    BICYCLE = "bicycle"
    SCOOTER = "scooter"
    CAR = "car"

    @property
    def is_on_foot(self) -> bool:
        """Walks or is pushed: one-ways and restrictions for vehicles do not hold."""
        return self in {Profile.FOOT, Profile.WHEELCHAIR}


SPEED_MPS = {Profile.FOOT: 1.33, Profile.WHEELCHAIR: 0.8, Profile.BICYCLE: 4.2, Profile.SCOOTER: 8.3, Profile.CAR: 8.3}
"""On a level, paved way: the mean of walkers (Weidmann 1993: 1.34 m/s), a wheelchair pushed by its user, a bicycle
in town. For SCOOTER and CAR only what crow-fly estimates use: on streets their speeds are those of the road.
"""
