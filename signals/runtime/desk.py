"""The operators' desk: what ``control_channel`` asks of a running process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from signals.runtime.station import Station
from signals.safety.arming import Level

ALL = "*"


class Desk:
    """Implements ``ControlTarget`` for the stations of a process. ``notices``: what was said of the configuration."""

    def __init__(
        self, stations: Mapping[str, Station], say: Callable[[str], None], notices: tuple[str, ...] = ()
    ) -> None:
        self._stations, self._say, self._notices = stations, say, notices

    def status(self) -> Mapping[str, Any]:
        """All there is to see."""
        return {
            "notices": list(self._notices),
            "intersections": {name: _describe(station) for name, station in self._stations.items()},
        }

    def request_level(self, intersection: str, level: str, who: str, reason: str) -> str | None:
        """Bring an intersection to a level; the refusal in words, or None."""
        station = self._stations.get(intersection)
        if station is None:
            return f"there is no intersection {intersection!r}; there are {', '.join(sorted(self._stations))}"
        if level.upper() not in Level.__members__:
            return f"there is no level {level!r}; there are {', '.join(one.name.lower() for one in Level)}"
        return station.request(Level[level.upper()], who, reason)

    def disarm(self, intersection: str, who: str, reason: str) -> str | None:
        """Take one, or with ``*`` every one, back to shadow."""
        if intersection != ALL:
            return self.request_level(intersection, "shadow", who, reason)
        for station in self._stations.values():
            station.request(Level.SHADOW, who, reason)
        return None

    def note(self, who: str, text: str) -> str | None:
        """The log has it already; whoever watches sees it too."""
        self._say(f"{who}: {text}")
        return None


def _describe(station: Station) -> dict[str, Any]:
    report = station.report
    state = report.state if report else None
    return {
        "level": station.arming.level.name.lower(),
        "most": station.arming.most.name.lower(),
        "why": station.arming.why,
        "is_commanding": station.is_commanding,
        "lease": station.commander.is_held,
        "mode": state.mode.value if state else None,
        "stage": state.stage if state else None,
        "interval": state.interval.value if state else None,
        "faults": sorted(state.faults) if state else [],
        "trouble": report.trouble if report else "",
        "obstacles": list(station.driver.list_obstacles()),
        "counts": {name: getattr(station.counts, name) for name in station.counts.__slots__},
    }
