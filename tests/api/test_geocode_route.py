"""`geocode` finds stops in every language of the city."""

import pytest


@pytest.mark.parametrize("text", ["夢時代", "dream", "Dream Mall", "c5"])
def test_chinese_english_and_codes_find_the_same_stop(client, text):
    """A stop is found by its name in either language and by its code."""
    found = client.get("/api/v1/geocode", params={"text": text}).json()
    assert found[0]["id"] == "C5"
    assert found[0]["type"] == "STOP"
    assert found[0]["tz"] == "Asia/Taipei"


def test_the_name_is_in_the_language_asked_for(client):
    """`language` chooses the name; the others come along."""
    found = client.get("/api/v1/geocode", params={"text": "夢時代", "language": "en"}).json()[0]
    assert found["name"] == "Dream Mall"
    assert found["names"]["zh-TW"] == "夢時代"


def test_tokens_mark_what_matched(client):
    """The matched range is [start, length] of the name."""
    found = client.get("/api/v1/geocode", params={"text": "mall", "language": "en"}).json()[0]
    assert found["tokens"] == [[6, 4]]


def test_the_id_of_a_match_is_a_place_for_plan(client, plan):
    """What a search gives is what a journey takes."""
    found = client.get("/api/v1/geocode", params={"text": "夢時代"}).json()[0]
    assert plan(toPlace=found["id"]).json()["to"]["name"] == "夢時代"


def test_results_are_limited(client):
    """`numResults` is the most that come."""
    assert len(client.get("/api/v1/geocode", params={"text": "r", "numResults": 2}).json()) == 2


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({}, "text"),
        ({"text": " "}, "text"),
        ({"text": "a", "numResults": 0}, "numResults"),
        ({"text": "a" * 201}, "text"),
    ],
)
def test_impossible_searches_are_refused_by_name(client, query, named):
    """An empty or endless text is told so."""
    reply = client.get("/api/v1/geocode", params=query)
    assert reply.status_code == 422
    assert [error["parameter"] for error in reply.json()["errors"]] == [named]
