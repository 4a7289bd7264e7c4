"""Cities are found by name or by folder, and what is wrong with one is said in one sentence."""

import shutil
from pathlib import Path

import pytest

from mobility.cities import CityError, find_city, list_cities


def test_city_list_names_those_that_ship():
    """Kaohsiung ships with the product and says what a map and a clock need."""
    city = {c.id: c for c in list_cities()}["kaohsiung"]
    assert city.names == {"zh-TW": "高雄", "en": "Kaohsiung"}
    assert (city.timezone, city.currency, city.languages) == ("Asia/Taipei", "TWD", ("zh-TW", "en"))
    south_west, north_east = city.bbox
    assert south_west.lat < city.centre.lat < north_east.lat
    assert south_west.lon < city.centre.lon < north_east.lon
    assert "TDX" in city.attribution


@pytest.mark.parametrize("name", ["kaohsiung", "Kaohsiung", "高雄"])
def test_city_is_found_by_any_of_its_names(name):
    """The id and the names in all languages lead to the city, in any case."""
    assert find_city(name).id == "kaohsiung"


def test_city_may_be_a_folder_outside_the_package(tmp_path):
    """An operator's own folder is a city like those that ship."""
    shutil.copytree(str(find_city("kaohsiung").root), tmp_path / "mine")
    assert find_city(str(tmp_path / "mine")).root == tmp_path / "mine"


def test_city_unknown_lists_the_known():
    """A name that is no city is answered with those that are."""
    with pytest.raises(CityError, match="no city 'atlantis': known are kaohsiung"):
        find_city("atlantis")


def test_city_folder_without_configuration_says_what_is_missing(tmp_path):
    """A folder that is no city is told what a city needs."""
    with pytest.raises(CityError, match=r"holds no city\.toml"):
        find_city(str(tmp_path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("timezone =", "zone ="), "timezone missing"),
        (("Asia/Taipei", "Asia/Nowhere"), "Nowhere"),
        (("bbox = [22.45,", "bbox = ["), "ValueError"),
        (('id = "kaohsiung"', "id = kaohsiung"), "city.toml"),
        (("centre = [22.6313,", "centre = [122.6313,"), "122.6313"),
    ],
)
def test_city_configuration_errors_name_the_file(tmp_path, change, message):
    """Bad configuration is one error that names the file and the fault, never a traceback."""
    text = Path(str(find_city("kaohsiung").root / "city.toml")).read_text(encoding="utf-8")
    assert change[0] in text
    (tmp_path / "city.toml").write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(CityError, match=message) as caught:
        find_city(str(tmp_path))
    assert str(tmp_path / "city.toml") in str(caught.value)
