"""A second city from nothing but configuration and tables: no code knows Kaohsiung."""

import csv
import datetime as dt
import io
import re
import zipfile
from pathlib import Path

import pytest

from gtfs.ingest import read_feed
from gtfs.validate import validate
from mobility.cities import build_city, find_city

CITY = """
id = "springfield"
timezone = "America/Chicago"
currency = "USD"
languages = ["en"]
bbox = [39.0, -90.0, 40.0, -89.0]
centre = [39.5, -89.5]
attribution = "City of Springfield"
[names]
en = "Springfield"
[walking]
speed_mps = 1.3
detour = 1.25
[chain]
max_hop_s = 600
same_minute_s = 20
[feed]
publisher_name = "Springfield"
publisher_url = "https://springfield.example/"
attribution_url = "https://springfield.example/"
[sources."timetable"]
title = "The printed timetable"
licence = ""
[approximations.X1]
badge = true
en = "The monorail's times are a guess."
[tables]
agencies = "by hand"
services = "by hand"
lines = "by hand"
stations = "by hand"
links = "by hand"
departures = "by hand"
"""

TABLES = {
    "agencies": "agency_id,name_en,url\nMONO,Monorail,https://springfield.example/",
    "services": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date,note\n"
    "DAILY,1,1,1,1,1,1,1,2026-01-01,2027-12-31,every day",
    "lines": "system,line,route_id,agency_id,name_en,long_name_en,route_type,color,text_color,dwell_s,is_circular,"
    "wheelchair,bikes\nMONO,M,MONO-M,MONO,M,Monorail,12,FFD700,000000,15,false,0,0",
    "stations": "system,line,seq,code,name_en,town,lat,lon,km\n"
    "MONO,M,1,A,Airport,,39.50,-89.50,0\nMONO,M,2,B,Burns Plaza,,39.51,-89.50,1.1\nMONO,M,3,C,Casino,,39.52,-89.50,2.2",
    "links": "system,line,direction,profile,from,to,km,seconds\nMONO,M,0,regular,A,B,1.1,120\nMONO,M,0,regular,B,C,1.1,150",
    "departures": "system,line,direction,service,profile,from,to,times\nMONO,M,0,DAILY,regular,A,C,08:00 25:10",
}


@pytest.fixture
def springfield(tmp_path):
    """The folder of a city that is not ours."""
    folder = tmp_path / "springfield"
    (folder / "tables").mkdir(parents=True)
    (folder / "city.toml").write_text(CITY, encoding="utf-8")
    for name, text in TABLES.items():
        header, *rows = text.splitlines()
        provenance = "timetable,2026-05,true,X1" if name == "links" else "timetable,2026-05,false,"
        lines = [f"{header},source,source_date,approximate,basis", *(f"{row},{provenance}" for row in rows)]
        (folder / "tables" / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_city_needs_no_code(springfield, tmp_path):
    """Another city, in another language, zone and currency, builds a feed without an error."""
    files = build_city(find_city(str(springfield)), tmp_path / "out")
    feed, report = read_feed(files.gtfs)
    assert validate(feed, report, today=dt.date(2026, 11, 23)).errors == ()
    with zipfile.ZipFile(files.gtfs) as archive:
        rows = list(csv.DictReader(io.TextIOWrapper(archive.open("stop_times.txt"), "utf-8")))
        (route,) = csv.DictReader(io.TextIOWrapper(archive.open("routes.txt"), "utf-8"))
    assert [(r["arrival_time"], r["departure_time"], r["stop_id"]) for r in rows[:3]] == [
        ("08:00:00", "08:00:00", "MONO-A"),
        ("08:01:45", "08:02:00", "MONO-B"),
        ("08:04:30", "08:04:30", "MONO-C"),
    ]
    assert rows[-1]["arrival_time"] == "25:14:30"
    assert route["changtong_approximate"] == "The monorail's times are a guess."


def test_city_without_bikes_or_car_parks_is_a_city(springfield, tmp_path):
    """What a city does not have is empty, not an error."""
    files = build_city(find_city(str(springfield)), tmp_path / "out")
    assert list(files.gbfs.iterdir()) == []
    assert '"facilities": []' in files.parking.read_text(encoding="utf-8")


def test_city_code_names_no_city():
    """No Python file of the city-neutral code speaks of Kaohsiung, its operators or its stations."""
    folder = Path(str(find_city("kaohsiung").root)).parent
    for path in sorted(folder.glob("*.py")):
        code = re.sub(r'""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"kaohsiung|高雄|KRTC|KLRT|KHH|youbike", code, re.IGNORECASE), path.name
