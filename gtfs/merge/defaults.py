"""What a feed leaves unsaid because it is alone, said: an absent agency_id means its only agency, an empty network
of a fare rule its own networks. Between other feeds' records the same empty cell would mean theirs, too.

Works on feeds whose ids are tagged. New ids are the tag itself, which no tagged id can be.
"""

from __future__ import annotations

from gtfs.feed import Feed, Table
from gtfs.merge.tables import take, with_column, with_records, with_tables
from gtfs.notices import Notice, Severity
from gtfs.service_days import feed_timezone

AGENCY = "agency.txt"


def name_agencies(feed: Feed, tag: str) -> tuple[Feed, list[Notice]]:
    """Every agency has an id and a time zone, and routes, fares and attributions name theirs."""
    agency, zone = feed[AGENCY], feed_timezone(feed)
    notices = []
    if not len(agency):
        agency = with_records(agency, [{"agency_id": tag, "agency_name": tag, "agency_timezone": zone}])
        message = f"{tag} has no agency; one that is called {tag}, in {zone}, was added"
        notices.append(Notice("changtong_merged_without_agency", Severity.WARNING, AGENCY, 0, message))
    agency = with_column(agency, "agency_id", [own or tag for own in agency["agency_id"].tolist()])
    agency = with_column(agency, "agency_timezone", [own or zone for own in agency["agency_timezone"].tolist()])
    ids = list(dict.fromkeys(agency["agency_id"].tolist()))
    routes, fares = feed["routes.txt"], feed["fare_attributes.txt"]
    if len(ids) == 1 or tag in ids:
        routes = _fill(routes, ids[0] if len(ids) == 1 else tag)
    if len(ids) == 1:
        fares = _fill(fares, ids[0])
    attributions = _attribute(feed["attributions.txt"], ids)
    named = with_tables(feed, agency, routes, fares, attributions)
    if len(ids) > 1:
        named, more = _bind_fares(named, tag)
        notices += more
    return named, notices


def _fill(table: Table, agency_id: str) -> Table:
    if not len(table):
        return table
    return with_column(table, "agency_id", [own or agency_id for own in table["agency_id"].tolist()])


def _attribute(table: Table, agencies: list[str]) -> Table:
    """An attribution of nothing in particular is one of each agency."""
    if not len(table):
        return table
    is_general = (table["agency_id"] == "") & (table["route_id"] == "") & (table["trip_id"] == "")
    lines = [(n, own) for n in range(len(table)) for own in (agencies if is_general[n] else [table["agency_id"][n]])]
    spread = with_column(take(table, [n for n, _ in lines]), "agency_id", [own for _, own in lines])
    seen: set[str] = set()
    ids = []
    for own in spread["attribution_id"].tolist():
        ids.append("" if own in seen else own)
        seen.add(own)
    return with_column(spread, "attribution_id", ids) if table.has("attribution_id") else spread


def _bind_fares(feed: Feed, tag: str) -> tuple[Feed, list[Notice]]:
    """Fares v1 of no agency, of a feed with several: those without rules hold on the routes of the feed."""
    fares, rules = feed["fare_attributes.txt"], feed["fare_rules.txt"]
    free = set(fares["fare_id"][fares["agency_id"] == ""].tolist())
    ruled = set(rules["fare_id"].tolist())
    routes = feed["routes.txt"]["route_id"].tolist()
    added = [{"fare_id": fare, "route_id": route} for fare in sorted(free - ruled) for route in routes]
    notices = []
    if free & ruled:
        message = (
            f"{len(free & ruled)} fares of {tag} name no agency, though it has several; "
            "where they go by zones, rides of other feeds in between count as theirs"
        )
        notices.append(Notice("changtong_merged_fares", Severity.WARNING, fares.file, 0, message))
    return with_tables(feed, with_records(rules, added)), notices
