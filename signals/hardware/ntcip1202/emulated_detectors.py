"""The detectors of an emulated controller: what drives over them is fed in, what the period's report says comes out."""

from __future__ import annotations

from signals.hardware.ntcip1202.objects import DETECTOR_MOST_VOLUME, DETECTOR_NO_ACTIVITY

_OCCUPANCY_PARTS = 200  # detectorOccupancy counts in half per cent


class EmulatedDetectors:
    """volumeOccupancyReport of NTCIP 1202 section 2.3.5: one report a period, with a number that wraps at 256."""

    def __init__(self, count: int, period_s: int = 1) -> None:
        self.count, self.period_s, self.sequence = count, period_s, 0
        self.active: frozenset[int] = frozenset()
        self.failed: frozenset[int] = frozenset()
        self._volume, self._occupied_s = [0] * count, [0.0] * count
        self._reports = [(0, 0)] * count
        self._passed_ds = 0

    def feed(self, number: int, vehicles: int, occupied_s: float) -> None:
        """What has happened on detector ``number``, from 1: vehicles that came, seconds for which it was covered.

        Raises:
            ValueError: there is no such detector.
        """
        if not 1 <= number <= self.count:
            raise ValueError(f"detector {number}; there are {self.count}")
        self._volume[number - 1] += vehicles
        self._occupied_s[number - 1] += occupied_s
        self.active = self.active | {number} if occupied_s > 0.0 else self.active - {number}

    def report(self, number: int) -> tuple[int, int]:
        """Volume and occupancy of the last whole period; what the standard has for a detector that is broken."""
        volume, occupancy = self._reports[number - 1]
        return (volume, DETECTOR_NO_ACTIVITY) if number in self.failed else (volume, occupancy)

    def step(self) -> None:
        """A tenth of a second passes."""
        if self.period_s == 0:
            return
        self._passed_ds += 1
        if self._passed_ds < 10 * self.period_s:
            return
        shares = [min(1.0, seconds / self.period_s) for seconds in self._occupied_s]
        occupancies = [round(_OCCUPANCY_PARTS * share) for share in shares]
        volumes = [min(volume, DETECTOR_MOST_VOLUME + 1) for volume in self._volume]
        self._reports = list(zip(volumes, occupancies, strict=True))
        self._volume, self._occupied_s = [0] * self.count, [0.0] * self.count
        self.sequence, self._passed_ds = (self.sequence + 1) % 256, 0
