"""Several feeds as one: ids apart, what was unsaid said, and conflicts told."""

import datetime as dt
import json

import numpy as np
import pytest
from feed_text import feed_folder, feed_zip
from toy_feed import toy

from api.cli import app
from gtfs import schema
from gtfs.ingest import FeedUnreadable, read_feed
from gtfs.merge import MergeError, NamedFeed, format_sources, merge_feeds, parse_sources, read_feeds
from gtfs.merge.namespaces import name_apart
from gtfs.notices import Report
from gtfs.service_days import active_services, list_timezones
from gtfs.validate import validate
from gtfs.write import write_feed

V2 = {
    "areas": "area_id\nA1\nA2",
    "stop_areas": "area_id,stop_id\nA1,A\nA2,C",
    "fare_products": "fare_product_id,amount,currency\nP,20,TWD\nX,5,TWD",
}


def merged(tmp_path, **texts):
    """Feeds given as text, by their tags, merged."""
    return merge_feeds({tag: read_feed(feed_folder(text, tmp_path / tag)) for tag, text in texts.items()})


def rows(table, *names):
    """The records of a table as tuples of some fields."""
    return list(zip(*(table[name].tolist() for name in names), strict=True))


def codes(report):
    """What merging itself told."""
    return [notice.code for notice in report if "/" not in notice.file]


def full_feed(tmp_path):
    """A feed with two records in every file and a value in every field of the specification."""
    samples = {"timezone": "Asia/Taipei", "currency": "TWD", "color": "00FF00", "language": "zh-TW", "date": "20260105",
               "time": "08:00:00", "url": "https://example.org", "email": "a@example.org"}  # fmt: skip
    lines = []
    for spec in schema.list_files():
        lines += [f"# {spec.name}", ",".join(field.name for field in spec.fields)]
        for number in (1, 2):
            cells = []
            for field in spec.fields:
                if field.kind is schema.Kind.ID:
                    cells.append(f"{field.name}-{number}")
                elif field.kind is schema.Kind.ENUM:
                    cells.append(str(field.values[0][0]))
                else:
                    cells.append(samples.get(field.kind.value, str(number)))
            lines.append(",".join(cells))
    feature = {"type": "Feature", "id": "zone", "properties": {}, "geometry": None}
    lines += ["# locations.geojson", json.dumps({"type": "FeatureCollection", "features": [feature]})]
    return read_feed(feed_folder("\n".join(lines) + "\n", tmp_path / "full"))


def test_every_id_of_the_specification_is_tagged_and_nothing_else_changes(tmp_path):
    """A feed with a value in every field of every file: each id has its tag, each other value is as it was."""
    feed, report = full_feed(tmp_path)
    assert not [notice for notice in report if "required" in notice.code]
    apart = name_apart(feed, "a")
    for spec in schema.list_files():
        assert len(feed[spec.name]) == 2
        for field in spec.fields:
            own, found = feed[spec.name][field.name].tolist(), apart[spec.name][field.name].tolist()
            is_id = field.kind is schema.Kind.ID and spec.name != "translations.txt"
            assert found == [f"a:{value}" if is_id else value for value in own], (spec.name, field.name)
    assert [feature["id"] for feature in apart.documents[schema.LOCATIONS]["features"]] == ["a:zone"]


def test_no_record_is_lost(tmp_path):
    """A feed with every file, under two tags: each file has its records twice, feed_info.txt one of both."""
    read = full_feed(tmp_path)
    whole, _ = merge_feeds({"a": read, "b": read})
    counts = {name: len(table) for name, table in whole.tables.items()}
    assert counts.pop("feed_info.txt") == 1
    assert counts.pop("networks.txt") == counts.pop("route_networks.txt") == 4
    assert set(counts.values()) == {4}
    assert [f["id"] for f in whole.documents[schema.LOCATIONS]["features"]] == ["a:zone", "b:zone"]


def test_references_still_find_what_they_named(tmp_path):
    """A sound feed merged with itself under two tags is sound: no key is taken twice, no reference is lost."""
    whole, report = merged(tmp_path, a=toy(), b=toy())
    assert not validate(whole, Report()).errors
    assert codes(report) == []
    assert len(whole["trips.txt"]) == 4
    assert active_services(whole, dt.date(2026, 1, 5)) == {"a:WD", "b:WD"}


def test_translations_name_records_by_what_table_they_are_of(tmp_path):
    """record_id is tagged; the stop_sequence beside a trip is no id."""
    text = (
        "table_name,field_name,language,translation,record_id,record_sub_id\n"
        "stops,stop_name,en,First,A,\nstop_times,stop_headsign,en,Home,T1,2\n"
    )
    whole, _ = merged(tmp_path, a=toy(translations=text), b=toy())
    assert rows(whole["translations.txt"], "record_id", "record_sub_id") == [("a:A", ""), ("a:T1", "2")]


def test_a_translation_of_a_text_stays_with_its_feed(tmp_path):
    """A text that another feed has too is translated for this feed's records only; others are left as they are."""
    text = (
        "table_name,field_name,language,translation,field_value\n"
        "stops,stop_name,en,First,Alpha\nroutes,route_long_name,en,Ours,Line only here\n"
    )
    routes = "route_id,agency_id,route_long_name,route_type\nR,KT,Line only here,3"
    whole, _ = merged(tmp_path, a=toy(translations=text, routes=routes), b=toy())
    table = whole["translations.txt"]
    assert rows(table, "record_id", "field_value", "translation") == [
        ("", "Line only here", "Ours"),
        ("a:A", "", "First"),
    ]


def test_an_absent_agency_is_the_feeds_own(tmp_path):
    """An agency without an id is called as the feed; routes and attributions without an agency name theirs."""
    agency = "agency_name,agency_url,agency_timezone\nOnly,https://example.org,Asia/Taipei"
    routes = "route_id,route_short_name,route_type\nR,1,3"
    attributions = "organization_name,is_producer\nMaker,1"
    text = toy(agency=agency, routes=routes, attributions=attributions)
    whole, _ = merged(tmp_path, a=text, b=toy())
    assert whole["agency.txt"]["agency_id"].tolist() == ["a", "b:KT"]
    assert rows(whole["routes.txt"], "route_id", "agency_id") == [("a:R", "a"), ("b:R", "b:KT")]
    assert whole["attributions.txt"]["agency_id"].tolist() == ["a"]


def test_a_feed_without_an_agency_gets_one_and_it_is_told(tmp_path):
    """Else its routes would be of the only other agency, on its clock."""
    whole, report = merged(tmp_path, a=toy(agency="", routes="route_id,route_short_name,route_type\nR,1,3"), b=toy())
    assert rows(whole["agency.txt"], "agency_id", "agency_timezone") == [("a", "Etc/UTC"), ("b:KT", "Asia/Taipei")]
    assert rows(whole["routes.txt"], "route_id", "agency_id") == [("a:R", "a"), ("b:R", "b:KT")]
    assert codes(report) == ["changtong_merged_timezones", "changtong_merged_without_agency"]


def test_every_trip_keeps_the_zone_of_its_agency(tmp_path):
    """Two zones are told of, and every trip has its own."""
    berlin = "agency_id,agency_name,agency_url,agency_timezone\nKT,B,https://example.org,Europe/Berlin"
    whole, report = merged(tmp_path, a=toy(), b=toy(agency=berlin))
    zones, route_zone, trip_zone = list_timezones(whole)
    assert zones == ("Asia/Taipei", "Europe/Berlin")
    assert (route_zone.tolist(), trip_zone.tolist()) == ([0, 1], [0, 0, 1, 1])
    assert codes(report) == ["changtong_merged_timezones"]


def test_a_fare_without_rules_holds_on_its_own_feeds_routes(tmp_path):
    """Fares v1: of its only agency, or where there are several on each route."""
    fares = "fare_id,price,currency_type,payment_method,transfers\nF,20,TWD,0,0"
    two = "agency_id,agency_name,agency_url,agency_timezone\nKT,K,https://a.org,Asia/Taipei\nT2,L,https://b.org,Asia/Taipei"
    whole, _ = merged(tmp_path, a=toy(fare_attributes=fares), b=toy(fare_attributes=fares, agency=two))
    assert rows(whole["fare_attributes.txt"], "fare_id", "agency_id") == [("a:F", "a:KT"), ("b:F", "")]
    assert rows(whole["fare_rules.txt"], "fare_id", "route_id") == [("b:F", "b:R")]


def test_a_fare_rule_of_any_network_means_those_of_its_feed(tmp_path):
    """Fares v2: an empty network_id is every network of the feed that no rule names; routes without one get one."""
    routes = "route_id,agency_id,route_short_name,route_type,network_id\nR,KT,1,3,N\nQ,KT,2,3,\nS,KT,3,3,M"
    rules = "network_id,fare_product_id\nN,P\n,X"
    whole, _ = merged(tmp_path, a=toy(routes=routes, fare_leg_rules=rules, **V2), b=toy())
    assert whole["routes.txt"]["network_id"].tolist() == ["a:N", "a", "a:M", ""]
    found = rows(whole["fare_leg_rules.txt"], "network_id", "fare_product_id")
    assert found == [("a:N", "a:P"), ("a", "a:X"), ("a:M", "a:X")]


def test_with_priorities_a_rule_of_any_network_means_all_of_its_feed(tmp_path):
    """Fares v2 with rule_priority: also those that other rules name."""
    routes = "route_id,agency_id,route_short_name,route_type,network_id\nR,KT,1,3,N\nS,KT,3,3,M"
    rules = "network_id,fare_product_id,rule_priority\nN,P,1\n,X,0"
    whole, _ = merged(tmp_path, a=toy(routes=routes, fare_leg_rules=rules, **V2), b=toy())
    found = rows(whole["fare_leg_rules.txt"], "network_id", "fare_product_id")
    assert found == [("a:N", "a:P"), ("a:N", "a:X"), ("a:M", "a:X")]


def test_a_transfer_between_any_groups_means_those_of_its_feed(tmp_path):
    """Fares v2: empty leg groups are those of the feed that no rule names, and one group says that it has no limit."""
    rules = "leg_group_id,from_area_id,fare_product_id\nG,A1,P\n,A2,X"
    transfers = "from_leg_group_id,to_leg_group_id,fare_transfer_type\n,,0\nG,,1"
    whole, _ = merged(tmp_path, a=toy(fare_leg_rules=rules, fare_transfer_rules=transfers, **V2), b=toy())
    assert whole["fare_leg_rules.txt"]["leg_group_id"].tolist() == ["a:G", "a"]
    table = whole["fare_transfer_rules.txt"]
    found = rows(table, "from_leg_group_id", "to_leg_group_id", "fare_transfer_type")
    assert found == [("a", "a:G", 0), ("a", "a", 0), ("a:G", "a:G", 1), ("a:G", "a", 1)]
    assert np.array_equal(table["transfer_count"], [np.nan, -1, -1, np.nan], equal_nan=True)


def test_networks_are_written_one_way(tmp_path):
    """route_networks.txt of one feed forbids routes.network_id of another: all stand in the file."""
    own = "route_id,agency_id,route_short_name,route_type,network_id\nR,KT,1,3,N"
    other = {"networks": "network_id\nM", "route_networks": "network_id,route_id\nM,R"}
    whole, _ = merged(tmp_path, a=toy(routes=own), b=toy(**other))
    assert rows(whole["route_networks.txt"], "network_id", "route_id") == [("a:N", "a:R"), ("b:M", "b:R")]
    assert whole["networks.txt"]["network_id"].tolist() == ["a:N", "b:M"]
    assert not whole["routes.txt"].has("network_id")


def test_fares_that_go_lost_are_told(tmp_path):
    """Fares v1 beside v2, and priorities beside none: each has its warning."""
    v1 = "fare_id,price,currency_type,payment_method,transfers\nF,20,TWD,0,0"
    plain, ranked = "from_area_id,fare_product_id\nA1,P\n,X", "from_area_id,fare_product_id,rule_priority\nA1,P,3"
    feeds = {"a": toy(fare_attributes=v1), "b": toy(fare_leg_rules=plain, **V2), "c": toy(fare_leg_rules=ranked, **V2)}
    _, report = merged(tmp_path, **feeds)
    told = [str(n) for n in report if n.code == "changtong_merged_fares"]
    assert len(told) == 2
    assert "rides of a stay unpriced" in told[0]
    assert "rule_priority of c makes empty areas in rules of b mean any area" in told[1]


def test_feed_info_is_one_record_and_what_it_cannot_hold_is_told(tmp_path):
    """Names and versions side by side, several languages as mul, dates from the first to the last."""
    head = "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_version\n"
    one = head + "One,https://one.org,en,20260101,20260630,7"
    two = head + "Two,https://two.org,de,20260301,20261231,x"
    whole, report = merged(tmp_path, a=toy(feed_info=one), b=toy(feed_info=two))
    info = whole["feed_info.txt"]
    assert rows(info, *head.strip().split(",")) == [
        ("One, Two", "https://one.org", "mul", 20260101, 20261231, "a 7; b x")
    ]
    told = [n.message for n in report if n.code == "changtong_merged_feed_info"]
    assert told == [
        "feed_publisher_url: https://one.org of a, https://two.org of b; https://one.org was written",
        "feed_lang: en of a, de of b; mul was written",
    ]


def test_a_feed_without_dates_ends_those_of_the_other(tmp_path):
    """Where one feed does not say until when it is valid, the whole does not, and that is told."""
    info = "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date\nO,https://o.org,en,20260101,20260630"
    whole, report = merged(tmp_path, a=toy(feed_info=info), b=toy())
    assert rows(whole["feed_info.txt"], "feed_start_date", "feed_end_date") == [(-1, -1)]
    assert codes(report) == ["changtong_merged_feed_info"] * 2


def test_feeds_that_never_run_together_are_told(tmp_path):
    """Somebody merges last year's feed with this year's: a warning names both spans."""
    past = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nWD,1,1,1,1,1,1,1,20200101,20201231"
    _, report = merged(tmp_path, a=toy(), b=toy(calendar=past))
    assert "a from 2026-01-01 to 2099-12-31, b from 2020-01-01 to 2020-12-31" in next(iter(report)).message


def test_notices_and_lines_are_those_of_the_feeds(tmp_path):
    """What was wrong in a feed keeps its line, under the feed's tag; columns that nobody knows stay."""
    stops = (
        "stop_id,stop_name,stop_lat,stop_lon,colour\nA,Alpha,22.6,120.3,red\nB,Beta,x,120.3,\nC,Gamma,22.62,120.3,blue"
    )
    whole, report = merged(tmp_path, a=toy(), b=toy(stops=stops))
    assert ("b/stops.txt", 3, "invalid_float") in [(n.file, n.row, n.code) for n in report]
    assert whole["stops.txt"]["colour"].tolist() == ["", "", "", "red", "", "blue"]
    assert whole["stops.txt"].row.tolist() == [2, 3, 4, 2, 3, 4]


def test_a_written_feed_is_read_again_the_same(tmp_path):
    """Every kind of value, absent ones too, in every file; the same feed gives the same bytes."""
    for feed in (full_feed(tmp_path)[0], read_feed(feed_folder(toy(), tmp_path / "toy"))[0]):
        paths = tmp_path / "one.zip", tmp_path / "two.zip"
        for path in paths:
            write_feed(feed, path)
        assert paths[0].read_bytes() == paths[1].read_bytes()
        again, _ = read_feed(paths[0])
        assert again.present == feed.present
        assert again.documents == feed.documents
        for name, table in feed.tables.items():
            assert again[name].header == table.header
            for column, values in table.columns.items():
                np.testing.assert_array_equal(again[name][column], values, err_msg=f"{name} {column}")


@pytest.mark.parametrize(("tag", "word"), [("", "''"), ("a:b", "'a:b'"), ("a\n", "'a\\n'")])
def test_a_tag_that_ids_could_not_be_told_by_is_refused(tmp_path, tag, word):
    """A tag without letters, or with the separator in it."""
    with pytest.raises(MergeError, match=r"cannot be put before ids") as refused:
        merge_feeds({tag: read_feed(feed_folder(toy(), tmp_path / "a"))})
    assert word in str(refused.value)


def test_sources_are_named_by_their_files_or_as_one_says(tmp_path):
    """`a.zip,b.zip` and `x=a.zip,y=b.zip`; a path that exists is itself, whatever is in its name."""
    one, two = feed_zip(toy(), tmp_path / "the bus.zip"), feed_zip(toy(), tmp_path / "m=1,2.zip")
    assert parse_sources(f"{one},{tmp_path / 'b.zip'}") == (("the_bus", one), ("b", tmp_path / "b.zip"))
    assert parse_sources(f"x={one},y={one}") == (("x", one), ("y", one))
    assert parse_sources(str(two)) == ((two.stem.replace("=", "_").replace(",", "_"), two),)
    named = parse_sources(f"x={one},y={one}")
    assert parse_sources(format_sources(named)) == named
    with pytest.raises(MergeError, match="both called the_bus"):
        parse_sources(f"{one},{one}")


def test_one_feed_keeps_its_ids(tmp_path):
    """A single feed is not merged; a missing one is named."""
    path = feed_zip(toy(), tmp_path / "a.zip")
    assert read_feeds([NamedFeed("a", path)])[0]["stops.txt"]["stop_id"].tolist() == ["A", "B", "C"]
    with pytest.raises(FeedUnreadable, match=r"none\.zip"):
        read_feeds([NamedFeed("a", path), NamedFeed("b", tmp_path / "none.zip")])


def command(*words):
    """Run `changtong gtfs merge`; its exit code."""
    return app(["gtfs", "merge", *map(str, words)], result_action="return_value")


def test_the_command_writes_a_feed_and_tells_what_conflicts(tmp_path, capsys):
    """The zip is read as any other; conflicts are on the screen, and with --json in the document."""
    berlin = "agency_id,agency_name,agency_url,agency_timezone\nKT,B,https://example.org,Europe/Berlin"
    one, two = feed_zip(toy(), tmp_path / "one.zip"), feed_zip(toy(agency=berlin), tmp_path / "two.zip")
    out = tmp_path / "out.zip"
    assert command(one, two, "-o", out) == 0
    told = capsys.readouterr().out
    assert "changtong_merged_timezones" in told
    assert f"{out}: 2 feeds, 6 stops, 2 routes, 4 trips" in told
    assert read_feed(out)[0]["stops.txt"]["stop_id"].tolist() == [f"{t}:{s}" for t in ("one", "two") for s in "ABC"]
    assert command(one, two, "--out", out, "--tag", "x", "--tag", "y", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["tags"], facts["counts"]["trips"], facts["notices"][0]["code"]) == (
        ["x", "y"],
        4,
        "changtong_merged_timezones",
    )


def test_the_command_refuses_in_one_line(tmp_path, capsys):
    """One feed, too few tags, a feed as the target, equal names, no such file, no such folder."""
    one = feed_zip(toy(), tmp_path / "one.zip")
    two, out = feed_zip(toy(), tmp_path / "two.zip"), tmp_path / "out.zip"
    refused = [
        ((one, "-o", out), "two feeds or more"),
        ((one, two, "-o", out, "--tag", "x"), "a --tag for each or for none"),
        ((one, two, "-o", two), "is one of the feeds"),
        ((one, one, "-o", out), "both called one"),
        ((one, tmp_path / "none.zip", "-o", out), "no such file"),
        ((one, two, "-o", out, "--tag", "x", "--tag", "a:b"), "cannot be put before ids"),
        ((one, two, "-o", tmp_path / "no" / "out.zip"), "cannot be written"),
    ]
    for words, message in refused:
        assert command(*words) == 2
        told = capsys.readouterr().err
        assert message in told
        assert told.count("\n") == 1
    assert not out.exists()
