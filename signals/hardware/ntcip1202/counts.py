"""What a controller's detectors count: the volume and occupancy reports of NTCIP 1202 as ``Readings``."""

from __future__ import annotations

import numpy as np

from signals.hardware.field_driver import NotConnected
from signals.hardware.ntcip1202 import ber, objects
from signals.hardware.ntcip1202.profile import NtcipProfile
from signals.hardware.ntcip1202.snmp import Value
from signals.ports import Readings

_ALL_SEQUENCES = 256


class DetectorReports:
    """One entry per detector of the layout; ``numbers`` are the controller's. Reports between two readings add up.

    A report that comes twice, as its sequence number says, counts once. Speeds are not measured. A detector that the
    controller holds for broken (occupancy above 200) is not fresh.
    """

    def __init__(self, numbers: tuple[int, ...], profile: NtcipProfile) -> None:
        self.numbers = numbers
        head = ber.write_oid(profile.objects.name(objects.VOLUME_SEQUENCE))
        size = (profile.most_bindings - 1) // 2
        self.parts = tuple(numbers[k : k + size] for k in range(0, len(numbers), size))
        self.questions = tuple(
            (
                head,
                *(ber.write_oid(objects.DETECTOR_VOLUME.at(n)) for n in part),
                *(ber.write_oid(objects.DETECTOR_OCCUPANCY.at(n)) for n in part),
            )
            for part in self.parts
        )
        self._sequences: list[int | None] = [None] * len(self.parts)
        self._at_s: float | None = None
        self._volume = np.zeros(len(numbers), np.int64)
        self._occupied = np.zeros(len(numbers))
        self._is_fresh = np.zeros(len(numbers), np.bool_)
        self.lost = 0

    def take(self, part: int, values: list[Value], at_s: float) -> None:
        """One answer; what is no number is no reading."""
        self._at_s = at_s
        sequence = values[0]
        known = self._sequences[part]
        if not isinstance(sequence, int) or sequence == known:
            return
        if known is not None:
            self.lost += (sequence - known - 1) % _ALL_SEQUENCES
        self._sequences[part] = sequence
        count = len(self.parts[part])
        first = sum(len(known_part) for known_part in self.parts[:part])
        for k in range(count):
            volume, occupancy = values[1 + k], values[1 + count + k]
            is_sound = isinstance(volume, int) and 0 <= volume <= objects.DETECTOR_MOST_VOLUME
            if not (is_sound and isinstance(occupancy, int) and 0 <= occupancy <= objects.DETECTOR_MOST_OCCUPANCY):
                continue
            if known is None:  # how old the first report is, nobody knows
                continue
            self._volume[first + k] += volume
            self._occupied[first + k] = occupancy / objects.DETECTOR_MOST_OCCUPANCY
            self._is_fresh[first + k] = True

    def read(self) -> Readings:
        """What has come since the last call.

        Raises:
            NotConnected: no report ever came.
        """
        if self._at_s is None:
            raise NotConnected("the controller has not told what its detectors count")
        speed_mps = np.full(len(self.numbers), np.nan)
        found = Readings(self._at_s, self._volume.copy(), self._occupied.copy(), speed_mps, self._is_fresh.copy())
        self._volume[:], self._is_fresh[:] = 0, False
        return found
