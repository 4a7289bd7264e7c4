"""What in a built feed is not a published fact, in sentences for people and in a table for machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mobility.cities.catalog import City
from mobility.cities.gtfs_zip import GtfsFile
from mobility.cities.tables import Fact
from mobility.cities.timed_trip import TimedTrip

SENTENCE_LANGUAGE = "en"


def sentence_for_people(city: City, codes: Iterable[str], language: str = SENTENCE_LANGUAGE) -> str:
    """The sentences of the codes that people should see, in ``language`` (in the feed's where there is none), in
    order of the codes; empty when all is exact.
    """
    shown = [city.approximations[code] for code in sorted(codes) if city.approximations[code].has_badge]
    told = " ".join(a.sentences.get(language) or a.sentences[city.languages[0]] for a in shown)
    return told.replace("。 ", "。")


def list_translated_sentences(city: City, codes: Mapping[str, Iterable[str]]) -> list[tuple[str, str, str]]:
    """Route, language and sentence, for every language but that of ``sentence_for_people``."""
    told = {(route, lang): sentence_for_people(city, codes[route], lang) for route in codes for lang in city.languages}
    return [(*key, sentence) for key, sentence in told.items() if sentence and key[1] != SENTENCE_LANGUAGE]


def list_codes_by_route(trips: Sequence[TimedTrip]) -> dict[str, frozenset[str]]:
    """Everything approximate about the trips of each route."""
    codes: dict[str, frozenset[str]] = {}
    for trip in trips:
        codes[trip.route_id] = codes.get(trip.route_id, frozenset()) | trip.basis
    return codes


def build_approximations_file(
    city: City, trips: Sequence[TimedTrip], facts: Mapping[str, Sequence[tuple[str, Fact]]]
) -> GtfsFile:
    """``changtong_approximations.txt``: code, table, id of the record, note per language.

    Trips are summed up by route and service (``record_sub_id``); ``facts`` gives for other tables the id in
    the feed and the row behind it.
    """
    found = {(code, "trips.txt", t.route_id, t.service_id) for t in trips for code in t.basis}
    for table, pairs in facts.items():
        found |= {(fact.basis, table, record_id, "") for record_id, fact in pairs if fact.basis}
    notes = tuple(f"note_{lang.split('-')[0]}" for lang in city.languages)
    rows = [(*key, *(city.approximations[key[0]].sentences[lang] for lang in city.languages)) for key in sorted(found)]
    return GtfsFile("changtong_approximations.txt", ("code", "table_name", "record_id", "record_sub_id", *notes), rows)
