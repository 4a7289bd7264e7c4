"""Coordinated actuated control on the shipped stages, by SUMO's ``actuated`` with a cycle.

The busiest stage is coordinated: it holds until its yield point in the cycle and then gives way as soon as no more
vehicles come, at the latest ``yield_window_s`` after. The others end by gap-out, at the latest at their force-off;
whatever they leave comes back to the coordinated stage. Fixed force-offs let a stage use what those before it left,
floating ones cap it at its own split. A signal without neighbours runs free. FHWA Signal Timing Manual chapter 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from signals.simulation.conventional.capacity import list_green_levels
from signals.simulation.conventional.logic_file import Logic
from signals.simulation.conventional.retimed import OFFSETS, RetimedSettings, Timing
from signals.simulation.conventional.stages import ShippedProgram

FORCE_OFFS = ("fixed", "floating")


@dataclass(frozen=True, slots=True)
class CoordinatedSettings:
    """The retimed frame's settings, and the actuation within it; ``free_alone``: without neighbours no cycle.

    With a ``jam_threshold_s`` SUMO uses the loops of all lanes, also of those with permitted turns; it has to be
    longer than any red, or a queue that waited is ignored when its green begins. Detectors are zones for presence: they
    begin ``detector_gap_s`` of travel before the stop line and are ``detector_length_m`` long, since a single loop 27 m
    up the street, SUMO's default, does not see the three left-turners who wait below it.
    """

    cycle_s: int = field(default=0, metadata={"most": 300})
    cycle_factor: float = field(default=1.0, metadata={"least": 0.4, "most": 2.5})
    split_exponent: float = field(default=1.0, metadata={"least": 0.2, "most": 3.0})
    offsets: str = field(default="delay", metadata={"choices": OFFSETS})
    max_gap_s: float = field(default=4.0, metadata={"least": 0.5, "most": 10.0})
    jam_threshold_s: float = field(default=300.0, metadata={"most": 900.0})
    force_off: str = field(default="fixed", metadata={"choices": FORCE_OFFS})
    yield_window_s: float = field(default=1.0, metadata={"least": 1.0, "most": 60.0})
    free_alone: bool = True
    detector_gap_s: float = field(default=2.0, metadata={"least": 0.5, "most": 10.0})
    detector_length_m: float = field(default=20.0, metadata={"most": 100.0})

    def to_frame(self) -> RetimedSettings:
        """What the fixed frame needs."""
        return RetimedSettings(self.cycle_s, self.cycle_factor, True, self.split_exponent, self.offsets)


def find_main_stage(shipped: ShippedProgram, timing: Timing) -> int:
    """The stage that gives a protected green to most vehicles."""
    served = [
        sum(float(timing.volume_vph[m]) for m, lamp in enumerate(lamps) if lamp.is_green and timing.volume_vph[m] > 0)
        for lamps in list_green_levels(shipped)
    ]
    return int(np.argmax(served))


def to_coordinated(
    shipped: ShippedProgram, timing: Timing, settings: CoordinatedSettings, begin_s: float = 0.0
) -> Logic:
    """The program with the coordinated stage first; time 0 of the cycle is the beginning of its split."""
    main = find_main_stage(shipped, timing)
    order = [(shipped.stages[main] + k) % len(shipped.displays) for k in range(len(shipped.displays))]
    greens = dict(zip(shipped.stages, timing.greens_s, strict=True))
    is_free = settings.free_alone and not timing.has_neighbours
    phases: list[Mapping[str, str]] = []
    at_s = 0.0
    for k in order:
        display = shipped.displays[k]
        phase = {"duration": f"{greens.get(k, display.duration_s):g}", "state": display.state}
        at_s += greens.get(k, display.duration_s)
        if k in greens:
            s = shipped.stages.index(k)
            phase["minDur"] = f"{shipped.min_s[s]:g}"
            if is_free:
                phase["maxDur"] = f"{max(shipped.max_s[s], greens[k]):g}"
            elif s == main:
                phase["maxDur"] = f"{2 * timing.cycle_s:g}"
                phase |= {
                    "earliestEnd": f"{at_s:g}",
                    "latestEnd": f"{_last_yield_s(shipped, timing, main, settings):g}",
                }
            else:
                longest_s = greens[k] if settings.force_off == "floating" else timing.cycle_s
                phase |= {"maxDur": f"{max(longest_s, shipped.min_s[s] + 0.5):g}", "latestEnd": f"{at_s:g}"}
        phases.append(phase)
    before_main_s = sum(greens.get(k, d.duration_s) for k, d in enumerate(shipped.displays) if k < shipped.stages[main])
    parameters = {
        "max-gap": f"{settings.max_gap_s:g}",
        "detector-gap": f"{settings.detector_gap_s:g}",
        "detector-length": f"{settings.detector_length_m:g}",
    }
    if settings.jam_threshold_s > 0:
        parameters["jam-threshold"] = f"{settings.jam_threshold_s:g}"
    if not is_free:
        parameters |= {"coordinated": "true", "cycleTime": f"{timing.cycle_s:g}"}
    offset_s = (timing.offset_s + before_main_s) % timing.cycle_s
    if not is_free and (begin_s - offset_s) % timing.cycle_s < timing.greens_s[main]:
        # Begun in the coordinated stage at time 0, SUMO 1.28 takes it to have run already and holds it a cycle more.
        # Durations of actuated stages count only in finding the first display: begin with the stage that follows.
        later = next(k for k, phase in enumerate(phases) if k and "minDur" in phase)
        moved_s = timing.greens_s[main] - shipped.min_s[main]
        phases[0] = {**phases[0], "duration": phases[0]["minDur"]}
        phases[later] = {**phases[later], "duration": f"{float(phases[later]['duration']) + moved_s:g}"}
    return Logic(shipped.signal, "actuated", tuple(phases), offset_s, parameters)


def _last_yield_s(shipped: ShippedProgram, timing: Timing, main: int, settings: CoordinatedSettings) -> float:
    """The other stages keep at least their minimums, whenever the coordinated one yields."""
    spare_s = sum(
        g - least for s, (g, least) in enumerate(zip(timing.greens_s, shipped.min_s, strict=True)) if s != main
    )
    return timing.greens_s[main] + max(1.0, min(settings.yield_window_s, spare_s))
