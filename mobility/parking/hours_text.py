"""Published opening hours in Chinese become OSM's opening_hours syntax, or stay text.

The grammar is that of car parks' own texts (``24小時``, ``08:00-22:00``, ``週一至週五 7:00~22:00;假日 9:00~18:00``).
Every character must be understood, and no day may be given two hours, else there is no translation: whether a car
park is open is never guessed. The syntax: wiki.openstreetmap.org/wiki/Key:opening_hours/specification.
"""

from __future__ import annotations

import re
import unicodedata

_ALWAYS = re.compile(
    r"(?:每日|每天|全年)?(?:24小時|24[Hh](?:rs?|ours?)?|全天候?|全日|24/7)(?:營業|開放|服務|制)?(?:全年無休)?"
)
_WEEK = "一二三四五六日"
_NAMES = dict(zip(_WEEK + "天末", [*("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"), "Su", "Sa,Su"], strict=True))
_PREFIX = r"(?:週|周|星期|禮拜)"
_DAY = rf"{_PREFIX}?[{_WEEK}天]"
_DAYS = re.compile(
    rf"(?P<every>每日|每天)|(?P<weekday>平日)|(?P<holiday>(?:例?假日)(?:\(含國定假日\))?)|(?P<public>國定假日)"
    rf"|{_PREFIX}(?P<weekend>末)"
    rf"|{_PREFIX}(?P<first>[{_WEEK}天])(?:[-~至到]{_PREFIX}?(?P<last>[{_WEEK}天])|(?P<more>(?:[、,及和]{_DAY})*))"
)
_CLOCK = r"(\d{1,2})(?::([0-5]\d)|[時點](?:([0-5]\d)分|(半))?)"
_SPAN = re.compile(rf"{_CLOCK}[-~至到]{_CLOCK}")
_ONLY = re.compile(rf"\((?P<span>{_CLOCK}[-~至到]{_CLOCK})僅限[^0-9;()]*,其餘車輛不開放\)")
_CLOSED = {"公休", "休", "休息", "休館", "不開放"}


def translate_hours(text: str) -> str | None:
    """The opening_hours expression that ``text`` states, None where any part of it is not understood."""
    flat = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).rstrip("。;,")
    flat = re.sub(r"[–—−]", "-", flat).replace("〜", "~")
    always = _ALWAYS.match(flat)
    if always:
        rest = flat[always.end() :]
        only = _ONLY.fullmatch(rest)
        if only:  # some hours are for subscribers: for everybody else it is open from their end to their beginning
            span = _span(_SPAN.fullmatch(only["span"]))
            begin, _, end = (span or "").partition("-")
            return f"{end}-{begin}" if span else None
        return "24/7" if not rest else None
    rules = [
        _rule(part)
        for part in re.split(r"[;。]|,(?=平日|例?假日|國定)", flat.removeprefix("營業時間").lstrip(":"))
        if part
    ]
    known = sorted((rule for rule in rules if rule), key=_weight)
    if not known or len(known) != len(rules):
        return None
    daily = [rule for rule in known if not _selector_of(rule)]
    if len(daily) > 1 and _are_apart(daily):  # "8:00-12:00;13:00-17:00" are both every day's
        known[: len(daily)] = [",".join(daily)]
    return None if _says_twice(known) else "; ".join(known)


def _are_apart(daily: list[str]) -> bool:
    """Whether hours of every day follow one another without overlap, none of them over midnight."""
    ends = [end for rule in daily for span in rule.split(",") for end in span.split("-")]
    return ends == sorted(ends)


def _weight(rule: str) -> int:
    """A later rule goes above an earlier one: every day first, then days by name, public holidays, closures."""
    if rule.endswith(" off"):
        return 3
    selector = _selector_of(rule)
    return 0 if not selector else 2 if selector == "PH" else 1


def _says_twice(rules: list[str]) -> bool:
    """Whether two rules give hours to one day, or two to every day."""
    days = [day for rule in rules if not rule.endswith(" off") for day in _expand(_selector_of(rule))]
    return len(set(days)) < len(days)


def _selector_of(rule: str) -> str:
    return rule.split(" ", maxsplit=1)[0] if rule[0].isalpha() else ""


def _expand(selector: str) -> list[str]:
    """``Mo-We,PH`` day by day; the empty selector is a day of its own."""
    week = list(_NAMES.values())[:7]
    days: list[str] = []
    for part in selector.split(","):
        first, _, last = part.partition("-")
        begin, end = (week.index(first), week.index(last)) if last else (0, -1)
        days += [week[day % 7] for day in range(begin, end + 1 + 7 * (end < begin))] if last else [first]
    return days


def _rule(text: str) -> str | None:
    """``週一至週五07:00-22:00`` as ``Mo-Fr 07:00-22:00``; ``週一公休`` as ``Mo off``."""
    days = _DAYS.match(text)
    selector = _selector(days) if days else ""
    rest = text[days.end() :].lstrip(":") if days else text
    if days and selector and rest in _CLOSED:
        return f"{selector} off"
    if days and _ALWAYS.fullmatch(rest):
        return f"{selector} 00:00-24:00".strip()
    spans = [_span(_SPAN.fullmatch(part)) for part in re.split(r"[,、及和]", rest)]
    known = [span for span in spans if span]
    return f"{selector} {','.join(known)}".strip() if known and len(known) == len(spans) else None


def _selector(days: re.Match[str]) -> str:
    if days["every"]:
        return ""
    if days["weekday"]:
        return "Mo-Fr"
    if days["holiday"]:
        return "Sa,Su,PH"
    if days["public"]:
        return "PH"
    if days["weekend"]:
        return "Sa,Su"
    first = _NAMES[days["first"]]
    if days["last"]:
        return f"{first}-{_NAMES[days['last']]}"
    return ",".join([first, *(_NAMES[letter] for letter in re.findall(f"[{_WEEK}天]", days["more"] or ""))])


def _span(match: re.Match[str] | None) -> str | None:
    """``7:00~22:00`` as ``07:00-22:00``; hours beyond 24 are refused."""
    if match is None:
        return None
    ends = []
    for hour, minute, spoken, half in (match.groups()[:4], match.groups()[4:]):
        value = int(hour) * 60 + int(minute or spoken or (30 if half else 0))
        if value > 24 * 60:
            return None
        ends.append(f"{value // 60:02}:{value % 60:02}")
    return "-".join(ends) if ends[0] not in (ends[1], "24:00") else None
