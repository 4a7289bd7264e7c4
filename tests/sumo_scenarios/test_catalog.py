"""Scenarios are found by name and by path, and what cannot be found is explained."""

import importlib.util

import pytest

from sumo_scenarios import catalog
from sumo_scenarios.catalog import find_scenario, list_scenarios
from sumo_scenarios.manifest import ScenarioError

has_resco = importlib.util.find_spec("sumo_rl") is not None


def write_sumocfg(folder, **options):
    """A configuration with these options."""
    lines = "".join(f'<{key.replace("_", "-")} value="{value}"/>' for key, value in options.items())
    path = folder / "mine.sumocfg"
    path.write_text(f"<configuration><input>{lines}</input></configuration>", encoding="utf-8")
    return path


@pytest.fixture
def city(tmp_path):
    """A folder with the files that configurations name."""
    (tmp_path / "net").mkdir()
    for name in ("net/a.net.xml", "one.rou.xml", "two.rou.xml", "signals.add.xml"):
        (tmp_path / name).write_text("<net/>" if "net" in name else "<routes/>", encoding="utf-8")
    return tmp_path


def test_our_scenarios_come_first_and_hold_together():
    """isolated, corridor and grid are listed first, with files that exist and times that make sense."""
    found = list_scenarios()
    assert [s.name for s in found[:3]] == ["isolated", "corridor", "grid"]
    for scenario in found:
        assert scenario.net.is_absolute()
        assert scenario.net.is_file()
        assert all(file.is_file() for file in (*scenario.demand, *scenario.additional))
        assert scenario.begin_s < scenario.end_s <= scenario.begin_s + 3600
        assert scenario.title


def test_our_safety_numbers_are_those_of_the_manifest():
    """Isolated keeps 6 s of green, 3 s of yellow and 2 s of clearance."""
    scenario = find_scenario("isolated")
    assert (scenario.min_green_s, scenario.yellow_s, scenario.red_clearance_s, scenario.max_red_s) == (6, 3, 2, 180)


def test_an_unknown_name_gets_the_closest_and_all_names():
    """A typo is answered with the name that was probably meant."""
    with pytest.raises(ScenarioError, match=r"Did you mean corridor\?.*isolated.*sumocfg"):
        find_scenario("coridor")


@pytest.mark.skipif(not has_resco, reason="sumo-rl is not installed (extra bench)")
def test_resco_maps_are_read_in_place_with_their_licence():
    """cologne3 lies inside the package sumo-rl, runs from 7 to 8 o'clock and carries a licence."""
    scenario = find_scenario("cologne3")
    assert "sumo_rl" in scenario.net.parts
    assert (scenario.begin_s, scenario.end_s) == (25200, 28800)
    assert "Creative Commons" in scenario.license
    assert "NC" in find_scenario("grid4x4").license
    assert "GPL" in find_scenario("ingolstadt21").license


def test_a_resco_map_without_the_package_names_the_remedy(monkeypatch):
    """Without sumo-rl the map's name is still known, and the error says what to install."""
    monkeypatch.setattr(catalog.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ScenarioError, match=r"pip install changtong\[bench\]"):
        find_scenario("cologne3")
    assert {s.name.partition("-")[0] for s in list_scenarios()} == {"isolated", "corridor", "grid", "pittsburgh50"}


def test_a_sumocfg_is_read_with_its_files_relative_to_it(city):
    """net, routes and additional files are found beside the configuration; times may be clock times."""
    path = write_sumocfg(
        city,
        net_file="net/a.net.xml",
        route_files="one.rou.xml, two.rou.xml",
        additional_files="signals.add.xml",
        begin="7:00:00",
        end="28800",
        step_length="0.5",
    )
    scenario = find_scenario(str(path))
    assert scenario.name == "mine"
    assert scenario.net == city / "net" / "a.net.xml"
    assert scenario.demand == (city / "one.rou.xml", city / "two.rou.xml")
    assert scenario.additional == (city / "signals.add.xml",)
    assert (scenario.begin_s, scenario.end_s, scenario.step_s) == (25200, 28800, 0.5)


def test_a_sumocfg_without_an_end_lasts_an_hour(city):
    """SUMO's end of -1 (until the net is empty) becomes an hour, since demand files do not say how long they are."""
    path = write_sumocfg(city, net_file="net/a.net.xml", route_files="one.rou.xml", begin="100", end="-1")
    scenario = find_scenario(str(path))
    assert (scenario.begin_s, scenario.end_s) == (100, 3700)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"net_file": "net/a.net.xml"}, "route-files is missing"),
        ({"route_files": "one.rou.xml"}, "net-file is missing"),
        ({"net_file": "b.net.xml", "route_files": "one.rou.xml"}, r"b\.net\.xml that it names is not in"),
        ({"net_file": "net/a.net.xml", "route_files": "one.rou.xml", "begin": "soon"}, "'soon', not a time"),
    ],
)
def test_a_broken_sumocfg_is_explained(city, options, message):
    """What is missing in a configuration is named."""
    with pytest.raises(ScenarioError, match=message):
        find_scenario(str(write_sumocfg(city, **options)))


def test_a_sumocfg_that_is_no_xml_or_not_there_is_explained(city):
    """Neither a missing nor a broken file ends in a traceback."""
    (city / "broken.sumocfg").write_text("<configuration>", encoding="utf-8")
    with pytest.raises(ScenarioError, match="not a SUMO configuration"):
        find_scenario(str(city / "broken.sumocfg"))
    with pytest.raises(ScenarioError, match="no such file"):
        find_scenario(str(city / "nothing.sumocfg"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('net = "a"', "title is missing"),
        ("title =", "Invalid value"),
        ('title = "x"\nnet = "net/a.net.xml"\ndemand = ["one.rou.xml"]\nend_s = "late"', "end_s must be a number"),
        ('title = "x"\nnet = "net/a.net.xml"\ndemand = ["one.rou.xml"]\nbegin_s = 10\nend_s = 5', "must be after"),
        ('title = "x"\nnet = "net/a.net.xml"\ndemand = ["one.rou.xml"]\n[safety]\nred = 3', "has no red"),
    ],
)
def test_a_broken_manifest_is_explained(city, text, message):
    """A mistake in scenario.toml is named, not raised as a traceback of the parser."""
    (city / "scenario.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=message):
        find_scenario(str(city))


def test_a_folder_with_a_manifest_is_a_scenario(city):
    """A city's own folder is found by its path; unnamed numbers keep their defaults."""
    (city / "scenario.toml").write_text(
        'title = "x"\nnet = "net/a.net.xml"\ndemand = ["one.rou.xml"]\n[safety]\nmax_red_s = 90', encoding="utf-8"
    )
    scenario = find_scenario(str(city))
    assert (scenario.max_red_s, scenario.yellow_s, scenario.end_s) == (90, 3, 3600)
