"""What people are told beside a journey: sentences with a code, in every language there is.

The sentences of a city (what of its timetable is estimated) come with its feed; those of the service are here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from mobility.itinerary import Itinerary, Ride

STRAIGHT_WALKS: Final = "straight_walks"
NO_JOURNEY: Final = "no_journey"
FASTER_ON_FOOT: Final = "faster_on_foot"
SAME_PLACE: Final = "same_place"
APPROXIMATE_TIMES: Final = "approximate_times"
STEPS_UNKNOWN: Final = "steps_unknown"

_WALKS = {
    "en": "Walking times are straight lines times a factor; the real way may be longer.",
    "zh-Hant": "步行時間依直線距離乘以係數估計，實際路程可能更長。",
}
_NONE_AFTER = {
    "en": "No journey by public transport was found within 24 hours after that time.",
    "zh-Hant": "該時間之後 24 小時內找不到大眾運輸行程。",
}
_NONE_BEFORE = {
    "en": "No journey by public transport was found within 24 hours before that time.",
    "zh-Hant": "該時間之前 24 小時內找不到大眾運輸行程。",
}
_FASTER_ON_FOOT = {
    "en": "Walking there is faster than any public transport.",
    "zh-Hant": "步行比搭乘大眾運輸更快到達。",
}
_SAME_PLACE = {"en": "Start and end are the same place.", "zh-Hant": "起點與終點是同一個地點。"}
_TRY = {"en": " Try another time, or allow a longer walk.", "zh-Hant": "請換個時間，或放寬步行距離再試。"}


_STEPS = {
    "en": "Step-free as far as the timetable knows: a stop or a vehicle of which it says nothing is taken to be "
    "accessible. Check each station before you go.",
    "zh-Hant": "無障礙行程僅依時刻表資料：未註明的車站與車輛視為可通行，出發前請逐站確認。",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for people, stable ``code`` for machines. ``text`` is what to say where no language of ``texts``
    (by BCP-47 tag) is asked for.
    """

    code: str
    text: str
    texts: Mapping[str, str] = field(default_factory=dict)


def list_notices(
    itineraries: Iterable[Itinerary], walk_s: int | None, *, arrive_by: bool, step_free: bool = False
) -> tuple[Notice, ...]:
    """What one should know of these journeys, each sentence once; ``walk_s`` is how long one walks instead."""
    itineraries = tuple(itineraries)
    rides = [leg.ride for itinerary in itineraries for leg in itinerary.legs if leg.ride]
    notices = [_own(STRAIGHT_WALKS, _WALKS)]
    if step_free:
        notices.append(_own(STEPS_UNKNOWN, _STEPS))
    notices += {ride.approximate: _approximate(ride) for ride in rides if ride.approximate}.values()
    if not itineraries:
        notices.append(_why_none(walk_s, arrive_by=arrive_by))
    return tuple(notices)


def _why_none(walk_s: int | None, *, arrive_by: bool) -> Notice:
    if walk_s == 0:
        return _own(SAME_PLACE, _SAME_PLACE)
    if walk_s is not None:
        return _own(FASTER_ON_FOOT, _FASTER_ON_FOOT)
    none = _NONE_BEFORE if arrive_by else _NONE_AFTER
    return _own(NO_JOURNEY, {language: none[language] + _TRY[language] for language in none})


def _own(code: str, texts: Mapping[str, str]) -> Notice:
    return Notice(code, texts["en"], texts)


def _approximate(ride: Ride) -> Notice:
    return Notice(APPROXIMATE_TIMES, ride.approximate, ride.texts.get("approximate", {}))
