"""A city of four stops, written by hand, behind the planner's protocol: what the API does with answers is
tested on it, what the planner answers is tested in tests/mobility.
"""

import datetime as dt

from mobility.itinerary import Call, Itinerary, Leg, Ride
from mobility.model import Coordinate, Mode, Place
from mobility.planner.filters import Rule
from mobility.planner.notices import Notice
from mobility.planner.query import Criterion
from mobility.service import (
    Line,
    Match,
    Option,
    OutsideService,
    PlaceNotFound,
    PlanRequest,
    PlanResult,
    Reason,
    RequestRefused,
)

FORMOSA = Place(
    "美麗島", Coordinate(22.631393, 120.301994), "R10", "R10", {"zh-TW": "美麗島", "en": "Formosa Boulevard"}
)
KAISYUAN = Place("凱旋", Coordinate(22.597, 120.3156), "R6", "R6", {"zh-TW": "凱旋", "en": "Kaisyuan"})
STAR = Place("前鎮之星", Coordinate(22.5969, 120.3157), "C3", "C3", {"zh-TW": "前鎮之星", "en": "Cianjhen Star"})
DREAM = Place("夢時代", Coordinate(22.594886, 120.305004), "C5", "C5", {"zh-TW": "夢時代", "en": "Dream Mall"})
MID = Place("獅甲", Coordinate(22.606, 120.308), "R7", "R7", {"zh-TW": "獅甲", "en": "Shihjia"})
KERB = Place("夢時代(中華五路)", Coordinate(22.5953, 120.3048), "bus-7")
STOPS = (FORMOSA, MID, KAISYUAN, STAR, DREAM, KERB)
TAIPEI = dt.timezone(dt.timedelta(hours=8))
WALKS = {"en": "Walking is a straight line times 1.3.", "zh-Hant": "步行為直線距離乘以 1.3。"}
WHY = "Weekend times are estimated from the timetable of 2019."


def _line(*stops):
    return tuple(stop.at for stop in stops)


RED_TEXTS = {
    "short_name": {"zh-TW": "紅線", "en": "Red Line"},
    "long_name": {"zh-TW": "小港－岡山", "en": "Siaogang – Gangshan"},
    "headsign": {"zh-TW": "小港", "en": "Siaogang"},
    "agency_name": {"zh-TW": "高雄捷運", "en": "Kaohsiung Metro"},
}
RED = Ride("KRTC-R", "R-0801", "紅線", "小港－岡山", "小港", "KRTC", "高雄捷運", "E20B65", "FFFFFF", 1, texts=RED_TEXTS)
CIRCLE = Ride(
    "KLRT-C",
    "C-0820",
    "輕軌",
    "Circular",
    "哈瑪星",
    "KLRT",
    "高雄輕軌",
    "7CBD52",
    "",
    0,
    WHY,
    texts={"approximate": {"en": WHY, "zh-TW": "週末時刻依 2019 年時刻表估計。"}},
)


class FakeCity:
    """Answers every journey with metro, a change on foot, and light rail; remembers what it was asked."""

    timezone = "Asia/Taipei"
    name = "Testville"
    attribution = "Nobody's data"
    languages = ("zh-TW", "en")
    bounds = (Coordinate(22.5, 120.2), Coordinate(22.7, 120.4))
    centre = Coordinate(22.6, 120.3)
    feed_dates = (dt.date(2026, 1, 1), dt.date(2026, 12, 31))

    def __init__(self):
        self.requests: list[PlanRequest] = []

    def plan(self, request):
        self.requests.append(request)
        day = request.at.astimezone(TAIPEI).date()
        first, last = self.feed_dates
        if not first <= day <= last:
            raise OutsideService(f"The timetable covers {first} to {last}, not {day}")
        if len(request.via) > 2:
            raise RequestRefused("Testville has no room for so many stops on the way", "via")
        at_s = 8 * 3600
        legs = (
            Leg(Mode.WALK, request.start, FORMOSA, at_s, at_s + 60, 80.0, geometry=_line(request.start, FORMOSA)),
            Leg(
                Mode.SUBWAY,
                FORMOSA,
                KAISYUAN,
                at_s + 60,
                at_s + 780,
                ride=RED,
                calls=(Call(MID, at_s + 500, at_s + 530),),
                geometry=_line(FORMOSA, MID, KAISYUAN),
            ),
            Leg(Mode.WALK, KAISYUAN, STAR, at_s + 780, at_s + 960, 20.0, geometry=_line(KAISYUAN, STAR)),
            Leg(Mode.TRAM, STAR, DREAM, at_s + 1200, at_s + 1500, ride=CIRCLE, geometry=_line(STAR, DREAM)),
        )
        walk = Leg(
            Mode.WALK, request.start, request.end, at_s, at_s + 1700, 2000.0, geometry=_line(request.start, request.end)
        )
        journey = Itinerary(legs, day, self.timezone, (30, "TWD"))
        costs = {Criterion.WALKING: 240, Criterion.PRICE: 3000, Criterion.CO2: 310, Criterion.RISK: 51}
        at = int(request.at.timestamp())
        return PlanResult(
            (journey,),
            (Itinerary((walk,), day, self.timezone),),
            (Notice("straight_walks", WALKS["en"], WALKS),),
            (Option(journey, (Reason.EARLIEST_ARRIVAL, Reason.CHEAPEST), costs),) if request.options else (),
            f"EARLIER|{at}",
            f"LATER|{at + 1501}",
            {Rule.HARDLY_GAINS: 2},
        )

    def find_place(self, text):
        for stop in STOPS:
            if text in {stop.stop_id, stop.name, *stop.names.values()}:
                return stop
        raise PlaceNotFound(f"No stop is called {text!r}; the closest are 美麗島, 夢時代")

    def geocode(self, text, limit=10):
        found = [
            s for s in STOPS if any(text.casefold() in name.casefold() for name in (s.name, s.code, *s.names.values()))
        ]
        return tuple(Match(stop, 1.0, (Mode.BUS if stop is KERB else Mode.SUBWAY,)) for stop in found)[:limit]

    def stops(self):
        return STOPS

    def lines(self):
        return (
            Line(
                "KRTC-R", "紅線", "小港－岡山", Mode.SUBWAY, "E20B65", (_line(FORMOSA, MID, KAISYUAN),), "", RED_TEXTS
            ),
            Line("KLRT-C", "輕軌", "Circular", Mode.TRAM, "7CBD52", (_line(STAR, DREAM),), WHY),
            Line("100", "100", "", Mode.BUS, "", (_line(KERB, FORMOSA),), ""),
        )
