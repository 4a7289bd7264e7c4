"""Says from lamps alone whether a street was safe: an independent judge, one sample after the other.

It shares no code with guard, drivers, emulators or ``timing_plan``'s checks, and knows nothing of commands: only the
intersection, the limits, the stages with their minimum greens, and what every movement was shown when. It finds

* two greens that conflict, unless the one whose green is permitted only gives way to the other; * a green that starts
(or becomes protected) while a movement in conflict with it still has green or yellow; * ... or sooner than the red
clearance after that one's yellow, or than somebody on foot can have walked over; * a green of vehicles that is not
followed by yellow, a yellow that is too short, that follows no green, or is followed by green; * a green shorter than
the least minimum green of the stages that show it, and the whole display of a stage shorter than that stage's minimum
green. ``walks_within_green`` (NTCIP's phases: walk and its clearance pass within the vehicles' green): on foot
``SHORTEST_WALK_S`` is enough, and a stage is what drivers see of it.

What is exempt, and only that: a controller that is out of service (dark, flashing, or in the all-red of its start-up,
as its emulator says with ``is_working=False``) may break off greens, yellows and walkers' clearances, since power cuts,
conflict monitors and the panel's flash switch do (and three seconds of all-red are all that 0F10 asks of a restart).
While it is out of service no right of way is shown, so that nothing is judged but that no green burns; and the first
green after it must be a red clearance later than the last green or yellow before it. Panel all-red, police, trains and
emergencies are exempt from nothing. A run whose beginning was not seen is not judged for its length. Where lamps are
only sampled, lengths are known to ``resolution_s``.
"""

import math
from dataclasses import dataclass

from signals.model import Lamp, RoadUser

SHORTEST_WALK_S = 4.0  # MUTCD 4I.06: 7 s, where volumes are low 4 s
FAST_WALK_MPS = 1.07  # the most that a clearance may count on, ibidem
_GREENS = (Lamp.PERMITTED_GREEN, Lamp.PROTECTED_GREEN)
_EPSILON_S = 1e-6


@dataclass(frozen=True, slots=True)
class LampFault:
    """What was wrong at one moment."""

    at_s: float
    code: str
    message: str


class LampJudge:
    """Give it every change of lamps, or samples; ``faults`` has what was wrong."""

    def __init__(self, intersection, limits, stages, timings, resolution_s=0.0, *, walks_within_green=False):
        self._crossing, self._limits = intersection, limits
        self._slack_s = resolution_s + _EPSILON_S
        count = len(intersection.movements)
        self._walks_within_green = walks_within_green
        self._drives = [m.user is RoadUser.VEHICLE for m in intersection.movements]
        self._foes = [[j for j in range(count) if intersection.conflicts[i, j]] for i in range(count)]
        self._least_s = [self._find_least_s(m, stages, timings) for m in range(count)]
        self._displays = [
            (self._pick(tuple(s.lamp(m) for m in range(count))), t.min_green_s)
            for s, t in zip(stages, timings, strict=True)
        ]
        self._lamps = None
        self._since_s = [-math.inf] * count  # of the run of the present lamp; greens of both kinds are one
        self._lit_until_s = [-math.inf] * count  # when its last green or yellow ended
        self._was_cut = [False] * count  # ... or its clearance, because the controller went out of service
        self._shown_s, self._shown_least_s = -math.inf, 0.0  # the display of a stage: since when, and its minimum
        self._display = None
        self._is_working = False
        self._at_s = -math.inf
        self.samples = 0
        self.faults = []

    def see(self, at_s, lamps, *, is_working=True):
        """One sample; times never go back."""
        assert at_s >= self._at_s, "samples come in order"
        self._at_s = at_s
        if self._lamps == lamps and self._is_working == is_working:
            return
        self.samples += 1
        if not is_working:
            self._see_out_of_service(at_s, lamps)
        else:
            self._judge_together(at_s, lamps)
            if self._lamps is not None:
                before = self._lamps if self._is_working else (Lamp.RED,) * len(lamps)
                self._judge_changes(at_s, before, lamps)
            self._judge_display(at_s, lamps, is_seen=self._lamps is not None)
        self._lamps, self._is_working = lamps, is_working

    def fingerprint(self, at_s):
        """What of the past still matters, as something that can be hashed; ages beyond 100 s are alike."""
        ages = [min(100.0, round(at_s - t, 1)) for t in (*self._since_s, *self._lit_until_s, self._shown_s)]
        return (self._lamps, self._is_working, tuple(ages), tuple(self._was_cut), self._display)

    def _find_least_s(self, m, stages, timings):
        if self._walks_within_green and not self._drives[m]:
            return SHORTEST_WALK_S
        return min((t.min_green_s for s, t in zip(stages, timings, strict=True) if m in s.greens), default=0.0)

    def _pick(self, lamps):
        """What a stage is known by."""
        return tuple(lamp for m, lamp in enumerate(lamps) if self._drives[m] or not self._walks_within_green)

    def _blame(self, at_s, code, message):
        self.faults.append(LampFault(at_s, code, f"at {at_s:.1f} s {message}"))

    def _see_out_of_service(self, at_s, lamps):
        for m, lamp in enumerate(lamps):
            if lamp in _GREENS:
                self._blame(
                    at_s, "green_out_of_service", f"{self._name(m)} has green though the lamps are off or flash"
                )
            was_lit = self._is_working and self._lamps is not None and _is_lit(self._lamps[m])
            if was_lit:
                self._lit_until_s[m] = at_s
            self._was_cut[m] = True  # also a walkers' clearance that was under way
            self._since_s[m] = -math.inf
        self._display = None

    def _judge_together(self, at_s, lamps):
        lit = [m for m, lamp in enumerate(lamps) if lamp in _GREENS]
        for i in lit:
            for j in self._foes[i]:
                if j > i and lamps[j] in _GREENS and not (self._gives_way(lamps, i, j) or self._gives_way(lamps, j, i)):
                    self._blame(at_s, "conflicting_greens", f"{self._name(i)} and {self._name(j)} are green together")

    def _gives_way(self, lamps, i, j):
        return lamps[i] is Lamp.PERMITTED_GREEN and bool(self._crossing.yields[i, j])

    def _judge_changes(self, at_s, before, lamps):
        for m, (was, now) in enumerate(zip(before, lamps, strict=True)):
            if _is_lit(was) and not _is_lit(now):  # first all ends: who ends in this very moment counts for who starts
                self._lit_until_s[m], self._was_cut[m] = at_s, False
        for m, (was, now) in enumerate(zip(before, lamps, strict=True)):
            if now in _GREENS and (was not in _GREENS or now > was):
                self._judge_start(at_s, m, before, lamps)
            if _kind(was) != _kind(now):
                self._judge_end(at_s, m, was, now)
                self._since_s[m] = at_s

    def _judge_start(self, at_s, m, before, lamps):
        for foe in self._foes[m]:
            if lamps[foe] is Lamp.YELLOW or (before[foe] is Lamp.YELLOW and lamps[foe] in _GREENS):
                self._blame(at_s, "start_in_yellow", f"{self._name(m)} starts in the yellow of {self._name(foe)}")
            gap_s = at_s - self._lit_until_s[foe]
            if _is_lit(lamps[foe]):
                continue  # greens together are judged by the right of way
            if gap_s < self._limits.red_clearance_s - self._slack_s:
                words = f"{self._name(m)} starts {gap_s:.1f} s after {self._name(foe)} ended"
                self._blame(at_s, "red_clearance", f"{words}; {self._limits.red_clearance_s:g} s are required")
            walk_s = self._crossing.movements[foe].crossing_m / FAST_WALK_MPS
            if not self._was_cut[foe] and not self._drives[foe] and gap_s < walk_s - self._slack_s:
                words = f"{self._name(m)} starts {gap_s:.1f} s after the green of {self._name(foe)}"
                self._blame(at_s, "walkers_clearance", f"{words}, who need {walk_s:.1f} s")

    def _judge_end(self, at_s, m, was, now):
        length_s = at_s - self._since_s[m]
        if was in _GREENS:
            if self._drives[m] and now is not Lamp.YELLOW:
                self._blame(at_s, "green_without_yellow", f"{self._name(m)} goes from green to {now.name}")
            if length_s < self._least_s[m] - self._slack_s:
                words = f"{self._name(m)} had {length_s:.1f} s of green"
                self._blame(at_s, "short_green", f"{words}; {self._least_s[m]:g} s are required")
        elif was is Lamp.YELLOW:
            if length_s < self._limits.yellow_s - self._slack_s:
                words = f"{self._name(m)} had {length_s:.1f} s of yellow"
                self._blame(at_s, "short_yellow", f"{words}; {self._limits.yellow_s:g} s are required")
            if now in _GREENS:
                self._blame(at_s, "green_after_yellow", f"{self._name(m)} goes from yellow back to green")
        if now is Lamp.YELLOW and was not in _GREENS:
            self._blame(at_s, "yellow_out_of_place", f"{self._name(m)} goes from {was.name} to yellow")

    def _judge_display(self, at_s, lamps, *, is_seen):
        shown = self._pick(lamps)
        if shown == self._display:
            return
        if self._display is not None and (length_s := at_s - self._shown_s) < self._shown_least_s - self._slack_s:
            words = f"a stage was shown for {length_s:.1f} s"
            self._blame(at_s, "short_stage", f"{words}; its minimum green is {self._shown_least_s:g} s")
        fitting = [least_s for display, least_s in self._displays if display == shown]
        self._display = shown if fitting else None
        self._shown_s = at_s if is_seen else -math.inf
        self._shown_least_s = min(fitting, default=0.0)

    def _name(self, m):
        return self._crossing.describe(m)


def _is_lit(lamp):
    return lamp is Lamp.YELLOW or lamp in _GREENS


def _kind(lamp):
    return "green" if lamp in _GREENS else lamp
