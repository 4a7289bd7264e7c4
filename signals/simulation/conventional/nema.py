"""NEMA dual-ring control by SUMO (type NEMA, TS2 offsets), coordinated on phases 2 and 6, on the retimed frame.

Source: SUMO user documentation "Traffic Lights with NEMA Phases". In coordination ``maxDur`` is the split less the
clearance, and the splits of each ring must add up to the cycle to the millisecond.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from signals.simulation.conventional.coordinated import CoordinatedSettings
from signals.simulation.conventional.logic_file import Logic
from signals.simulation.conventional.nema_design import DualRing
from signals.simulation.conventional.retimed import Timing
from signals.simulation.conventional.stages import ShippedProgram

RECALLS = ("main", "all")


@dataclass(frozen=True, slots=True)
class NemaSettings(CoordinatedSettings):
    """``recall``: phases 2 and 6 come every cycle, others when called; or all come, and nobody is skipped."""

    max_gap_s: float = field(default=3.0, metadata={"least": 0.5, "most": 10.0})
    recall: str = field(default="main", metadata={"choices": RECALLS})
    detector_m: float = field(default=12.0, metadata={"least": 2.0, "most": 60.0})


def to_nema(in_step: ShippedProgram, design: DualRing, timing: Timing, settings: NemaSettings) -> Logic:
    """The NEMA program; ``in_step`` and its ``timing`` have both rings in step."""
    is_free = settings.free_alone and not timing.has_neighbours
    greens_s = _share_rings(design, timing)
    phases: list[Mapping[str, str]] = []
    for phase, state in sorted(design.states.items()):
        stage = next(k for k, pair in enumerate(design.list_stages()) if phase in pair)
        least_s = min(in_step.min_s[stage], greens_s[phase])
        longest_s = max(in_step.max_s[stage], greens_s[phase]) if is_free else greens_s[phase]
        phases.append({
            "duration": "99", "minDur": f"{least_s:g}", "maxDur": f"{longest_s:g}",
            "vehext": f"{settings.max_gap_s:g}", "yellow": f"{design.yellow_s:g}", "red": f"{design.red_s:g}",
            "name": str(phase), "state": state,
        })  # fmt: skip
    coordinated = [ring[1] for ring in design.rings]
    recalled = sorted({*coordinated, *(design.states if settings.recall == "all" else design.recalled)})
    parameters = {
        "detector-length": f"{settings.detector_m:g}",
        "detector-length-leftTurnLane": f"{settings.detector_m:g}",
        "total-cycle-length": f"{timing.cycle_s:g}",
        "ring1": _join(design.rings[0]),
        "ring2": _join(design.rings[1]),
        "barrierPhases": _join([ring[3] for ring in design.rings]),
        "coordinatePhases": _join(coordinated),
        "coordinate-mode": "false" if is_free else "true",
        "minRecall": _join(recalled),
        "maxRecall": "",
        "fixForceOff": "true" if settings.force_off == "fixed" else "false",
        "whetherOutputState": "false",
        "cabinetType": "TS2",
    }
    offset_s = 0.0 if is_free else (timing.offset_s + _start_of_coordinated(design, timing)) % timing.cycle_s
    return Logic(in_step.signal, "NEMA", tuple(phases), offset_s, parameters)


def _join(phases: list[int] | tuple[int, ...]) -> str:
    return ",".join(map(str, phases))


def _share_rings(design: DualRing, timing: Timing) -> dict[int, float]:
    """Greens by phase: a ring without the left gives its time to its through phase."""
    change_s = design.yellow_s + design.red_s
    pairs = design.list_stages()
    greens_s: dict[int, float] = {}
    for ring in (0, 1):
        for phase in {pair[ring] for pair in pairs}:
            shown = [g for pair, g in zip(pairs, timing.greens_s, strict=True) if pair[ring] == phase]
            greens_s[phase] = round(sum(shown) + change_s * (len(shown) - 1), 3)
    return greens_s


def _start_of_coordinated(design: DualRing, timing: Timing) -> float:
    """From the cycle's beginning to where the first of phases 2 and 6 turns green."""
    change_s = design.yellow_s + design.red_s
    has_both_lefts = all(ring[0] for ring in design.rings)
    return timing.greens_s[0] + change_s if has_both_lefts else 0.0
