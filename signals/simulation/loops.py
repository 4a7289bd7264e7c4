"""Loops in SUMO: pulses and occupancy each second, as a detector card would tell, and nothing else.

Each loop is an inductionLoop (E1) with the length of its zone. A pulse is a rising edge: whoever comes onto a loop
that another one has not yet left is not counted, and who stands on it is counted once. In libsumo one call per loop
and step asks when it was last occupied; only where that is within the step, who was there. Over traci a subscription
brings the same data. Speeds are not measured. A camera is the same with longer zones that see less well.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from signals.model import Detector, DetectorKind
from signals.ports import Clock, Readings
from signals.simulation.faults import NO_FAULTS, DetectorFaults, FaultPlan, Pulses
from signals.simulation.network import Site
from signals.simulation.pedestrians import WaitingPedestrians
from signals.simulation.placement import PlacedDetector

SHORTEST_GAP_S = 0.1  # shorter ones do not let the relay of a detector card fall
VIDEO_MISS = 0.05
_VEHICLE_DATA = 0x17  # traci.constants.LAST_STEP_VEHICLE_DATA
_PERIOD_S = 300  # of SUMO's own statistics, which nobody reads: it keeps every passage until the period ends


def write_loops(placed: Iterable[PlacedDetector], file: Path, without_advance: Iterable[str] = ()) -> Path:
    """The additional file that puts the loops into the net; a comment names the lanes too short for an advance loop."""
    root = ET.Element("additional")
    for lane in without_advance:
        root.append(ET.Comment(f" too short for an advance loop: {lane} ".replace("--", "- -")))
    for one in {p.detector.id: p for p in placed if p.lane}.values():
        ET.SubElement(
            root,
            "inductionLoop",
            id=one.detector.id,
            lane=one.lane,
            pos=f"{one.position_m:.2f}",
            length=f"{one.detector.length_m:.2f}",
            period=str(_PERIOD_S),
            file="NUL",
            friendlyPos="true",
        )
    ET.ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)
    return file


class LoopSensors:
    """All detectors of a net; ``after_step`` once a step, ``look`` once a second."""

    def __init__(
        self,
        sumo: Any,
        sites: Mapping[str, Site],
        placed: Mapping[str, Sequence[PlacedDetector]],
        *,
        is_direct: bool,
        step_s: float = 1.0,
        faults: FaultPlan = NO_FAULTS,
        miss: float = 0.0,
    ) -> None:
        self._sumo, self._is_direct, self._step_s = sumo, is_direct, step_s
        layout = [one.detector for one in chain.from_iterable(placed.values())]
        self._slices: dict[str, slice] = {}
        begin = 0
        for signal, own in placed.items():
            self._slices[signal] = slice(begin, begin + len(own))
            begin += len(own)
        self._size = begin
        self._loops = [(n, d.id) for n, d in enumerate(layout) if d.kind is not DetectorKind.PUSH_BUTTON]
        self._buttons = self._list_buttons(layout, placed)
        self._walkers = WaitingPedestrians(sumo, sites) if self._buttons else None
        self._occupied_until_s = [-np.inf] * begin
        self._is_hidden = [False] * begin
        self._miss = 1.0 - (1.0 - miss) * (1.0 - faults.miss)
        self._random = np.random.default_rng([faults.seed, 3])
        self._faults = None if faults == NO_FAULTS else DetectorFaults(faults, [d.id for d in layout])
        self._fresh = np.ones(begin, np.bool_)
        self._speed_mps = np.full(begin, np.nan)
        self._begin()
        self._pulses = Pulses(np.zeros(begin, np.int64), np.zeros(begin), self._fresh)
        if not is_direct:
            for loop in dict.fromkeys(loop for _, loop in self._loops):
                sumo.inductionloop.subscribe(loop, (_VEHICLE_DATA,))

    def after_step(self, now_s: float) -> None:
        """Take in the step that has just ended at ``now_s``."""
        began_s = now_s - self._step_s
        if self._is_direct:
            domain, step_s = self._sumo.inductionloop, self._step_s
            get_idle_s, get_data = domain.getTimeSinceDetection, domain.getVehicleData
            for n, loop in self._loops:
                if get_idle_s(loop) <= step_s:
                    self._take_in(n, get_data(loop), began_s, now_s)
        else:
            results = self._sumo.inductionloop.getAllSubscriptionResults()
            for n, loop in self._loops:
                if passages := results[loop][_VEHICLE_DATA]:
                    self._take_in(n, passages, began_s, now_s)

    def look(self, now_s: float) -> None:
        """End this second: what has been gathered becomes the reading, less what fails."""
        if self._walkers:
            for place in self._walkers.list_pushes():
                if (n := self._buttons.get(place)) is not None:
                    self._count[n] = 1
        pulses = Pulses(self._count, np.minimum(self._occupied_s, 1.0), self._fresh)
        self._pulses = self._faults.spoil(now_s, pulses) if self._faults else pulses
        self._begin()

    def source(self, signal: str, clock: Clock) -> SignalLoops:
        """The readings of one signal on its own clock, as a DetectorSource."""
        return SignalLoops(self, signal, clock)

    def read(self, signal: str, at_s: float) -> Readings:
        """What the detectors of one signal say."""
        own, pulses = self._slices[signal], self._pulses
        return Readings(at_s, pulses.count[own], pulses.occupied_s[own], self._speed_mps[own], pulses.is_fresh[own])

    def _begin(self) -> None:
        self._count = np.zeros(self._size, np.int64)
        self._occupied_s = np.zeros(self._size)

    def _take_in(self, n: int, passages: Any, began_s: float, now_s: float) -> None:
        """Passages are (vehicle, length, came onto it, left it or -1, type)."""
        until_s = self._occupied_until_s[n]
        if until_s == began_s and len(passages) == 1 and passages[0][3] < 0 and passages[0][2] <= began_s:
            if not self._is_hidden[n]:
                self._occupied_s[n] += now_s - began_s
            self._occupied_until_s[n] = now_s
            return
        for passage in sorted(passages, key=_came_s) if len(passages) > 1 else passages:
            came_s, left_s = passage[2], passage[3]
            end_s = left_s if left_s >= 0 else now_s
            if came_s > until_s + SHORTEST_GAP_S:
                self._is_hidden[n] = self._miss > 0 and self._random.random() < self._miss
                self._count[n] += not self._is_hidden[n]
            if end_s > until_s:
                if not self._is_hidden[n]:
                    self._occupied_s[n] += end_s - max(came_s, until_s, began_s)
                until_s = end_s
        self._occupied_until_s[n] = until_s

    @staticmethod
    def _list_buttons(
        layout: Sequence[Detector], placed: Mapping[str, Sequence[PlacedDetector]]
    ) -> dict[tuple[str, int], int]:
        signals = [signal for signal, own in placed.items() for _ in own]
        return {
            (signal, d.movement): n
            for n, (signal, d) in enumerate(zip(signals, layout, strict=True))
            if d.kind is DetectorKind.PUSH_BUTTON
        }


def _came_s(passage: Any) -> float:
    return float(passage[2])


class SignalLoops:
    """One signal's detectors; implements ``DetectorSource``."""

    def __init__(self, sensors: LoopSensors, signal: str, clock: Clock) -> None:
        self._sensors, self._signal, self._clock = sensors, signal, clock

    def read(self) -> Readings:
        """What they say now."""
        return self._sensors.read(self._signal, self._clock.now_s())
