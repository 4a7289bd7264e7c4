"""What people are told beside a journey: sentences with a code, in every language there is.

The sentences of a city (what of its timetable is estimated) come with its feed; those of the service are here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from mobility.itinerary import Itinerary, Leg, Ride
from mobility.street_use import Chance

STRAIGHT_WALKS: Final = "straight_walks"
NO_JOURNEY: Final = "no_journey"
FASTER_ON_FOOT: Final = "faster_on_foot"
SAME_PLACE: Final = "same_place"
APPROXIMATE_TIMES: Final = "approximate_times"
STEPS_UNKNOWN: Final = "steps_unknown"
UNLIKELY_BIKE: Final = "unlikely_bike"
UNLIKELY_DOCK: Final = "unlikely_dock"
UNLIKELY_SPACE: Final = "unlikely_space"
CAR_PARK: Final = "car_park"
MUST_BOOK: Final = "must_book"

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


_RISKS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "unlikely_bike": {
        "en": (
            "A vehicle is left at {name} in only about {chance} of 100 cases.",
            " Otherwise: {name}, {minutes} min away ({chance} of 100).",
        ),
        "zh-Hant": ("{name} 屆時有車的機率約 {chance}%。", "備案：{name}，約 {minutes} 分鐘（{chance}%）。"),
    },
    "unlikely_dock": {
        "en": (
            "A free dock is left at {name} in only about {chance} of 100 cases.",
            " Otherwise: {name}, {minutes} min away ({chance} of 100).",
        ),
        "zh-Hant": ("{name} 屆時有空位可還車的機率約 {chance}%。", "備案：{name}，約 {minutes} 分鐘（{chance}%）。"),
    },
    "unlikely_space": {
        "en": (
            "A parking space is left at {name} in only about {chance} of 100 cases.",
            " Otherwise: {name}, {minutes} min away ({chance} of 100).",
        ),
        "zh-Hant": ("{name} 屆時有停車位的機率約 {chance}%。", "備案：{name}，約 {minutes} 分鐘（{chance}%）。"),
    },
}

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
    itineraries: Iterable[Itinerary],
    walk_s: int | None,
    *,
    arrive_by: bool,
    step_free: bool = False,
    direct: Iterable[Itinerary] = (),
    is_straight: bool = True,
) -> tuple[Notice, ...]:
    """What one should know of these journeys and of those without public transport, each sentence once; ``walk_s`` is
    how long one walks instead. ``is_straight``: no street is known anywhere.
    """
    itineraries, direct = tuple(itineraries), tuple(direct)
    legs = [leg for itinerary in (*itineraries, *direct) for leg in itinerary.legs]
    rides = [leg.ride for itinerary in itineraries for leg in itinerary.legs if leg.ride]
    notices = [_own(STRAIGHT_WALKS, _WALKS)] if is_straight or any(leg.is_straight for leg in legs) else []
    notices += list_risks(legs)
    if step_free:
        notices.append(_own(STEPS_UNKNOWN, _STEPS))
    notices += {ride.approximate: _approximate(ride) for ride in rides if ride.approximate}.values()
    if not itineraries:
        notices.append(_why_none(walk_s, arrive_by=arrive_by))
    return tuple(notices)


def list_risks(legs: Iterable[Leg]) -> list[Notice]:
    """What may be gone on arrival, by place, and what people should know of on-demand rides."""
    found: dict[tuple[str, str], Notice] = {}
    for leg in legs:
        chances = [
            (UNLIKELY_BIKE, leg.hire.pick_up if leg.hire else None),
            (UNLIKELY_DOCK, leg.hire.drop_off if leg.hire else None),
            (UNLIKELY_SPACE, leg.parked.space if leg.parked else None),
        ]
        for code, chance in chances:
            if chance is not None and chance.is_unlikely:
                found.setdefault((code, chance.place.name), _risk(code, chance))
        if leg.parked:
            for texts in leg.parked.warnings:
                told = {tag: f"{_name_in(leg.parked.names, tag)}: {text}" for tag, text in texts.items()}
                found.setdefault((CAR_PARK, told["en"]), _own(CAR_PARK, told))
        if leg.booking and leg.booking.texts:
            told = {tag: f"{_name_in(leg.booking.names, tag)}: {text}" for tag, text in leg.booking.texts.items()}
            found.setdefault((MUST_BOOK, told["en"]), _own(MUST_BOOK, told))
        if leg.booking and leg.booking.approximate:
            texts = leg.booking.approximate
            found.setdefault((APPROXIMATE_TIMES, _name_in(texts, "en")), _own(APPROXIMATE_TIMES, _with_english(texts)))
    return list(found.values())


def _risk(code: str, chance: Chance) -> Notice:
    texts = {}
    for language, parts in _RISKS[code].items():
        name, per_cent = _name_in(chance.place.names, language) or chance.place.name, round(100 * chance.probability)
        text = parts[0].format(name=name, chance=per_cent)
        backup = chance.backup
        if backup is not None:
            other = _name_in(backup.place.names, language) or backup.place.name
            text += parts[1].format(
                name=other, minutes=-(-backup.extra_s // 60), chance=round(100 * backup.probability)
            )
        texts[language] = text
    return _own(code, texts)


def _name_in(names: Mapping[str, str], language: str) -> str:
    """The name in a language or one of its kind, else any."""
    kind = language.split("-", maxsplit=1)[0]
    fitting = (name for tag, name in names.items() if tag.split("-", maxsplit=1)[0] == kind)
    return next(fitting, next(iter(names.values()), ""))


def _with_english(texts: Mapping[str, str]) -> Mapping[str, str]:
    return texts if "en" in texts else {**texts, "en": next(iter(texts.values()))}


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
