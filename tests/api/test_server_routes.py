"""The server about itself and its city."""

import pytest


def test_health_says_what_is_live(client):
    """There is no live data, and health says so; the store is reachable."""
    body = client.get("/api/v1/health").json()
    assert (body["rt"], body["gbfs"], body["store"]) == (False, False, "ok")
    assert body["feedEnd"] == "2026-12-31"


def test_the_map_opens_on_the_city(client):
    """`map/initial` has MOTIS's fields, its server limits, and the city for our pages."""
    body = client.get("/api/v1/map/initial").json()
    assert (body["lat"], body["lon"]) == (22.6, 120.3)
    assert 8 < body["zoom"] < 16
    assert {
        "motisVersion",
        "hasElevation",
        "hasRoutedTransfers",
        "hasStreetRouting",
        "maxOneToManySize",
        "maxOneToAllTravelTimeLimit",
        "maxPrePostTransitTimeLimit",
        "maxDirectTimeLimit",
        "shapesDebugEnabled",
    } == set(body["serverConfig"])
    assert body["city"]["bounds"] == [120.2, 22.5, 120.4, 22.7]


def test_lines_are_geojson(client):
    """Lines are a feature collection, longitude first, with colour and mode."""
    reply = client.get("/api/v1/lines")
    assert reply.headers["content-type"] == "application/geo+json"
    red = reply.json()["features"][0]
    assert red["geometry"]["type"] == "MultiLineString"
    assert red["geometry"]["coordinates"][0][0] == [120.301994, 22.631393]
    assert (red["properties"]["color"], red["properties"]["mode"]) == ("E20B65", "SUBWAY")


def test_stops_on_rails_are_stations(client):
    """Stops on a line that is not a road's are stations; the bus stop at the kerb beside one is not."""
    stops = {f["properties"]["id"]: f["properties"] for f in client.get("/api/v1/stops").json()["features"]}
    assert stops["R10"]["isStation"]
    assert not stops["bus-7"]["isStation"]
    assert stops["C5"]["names"]["en"] == "Dream Mall"


@pytest.mark.parametrize("path", ["/api/v1/lines", "/api/v1/stops"])
def test_the_network_is_sent_once(client, path):
    """A browser that has the network already gets an empty 304."""
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
