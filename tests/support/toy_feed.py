"""A small sound feed, by file, for tests that change one thing in it."""

from feed_text import split_files

TOY = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone,agency_lang
KT,Kaohsiung Toy,https://example.org,Asia/Taipei,zh-TW
# stops.txt
stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station
A,Alpha,22.600,120.300,0,
B,Beta,22.610,120.300,0,
C,Gamma,22.620,120.300,0,
# routes.txt
route_id,agency_id,route_short_name,route_long_name,route_type
R,KT,1,Alpha to Gamma,3
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
WD,1,1,1,1,1,0,0,20260101,20991231
# trips.txt
route_id,service_id,trip_id
R,WD,T1
R,WD,T2
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,stop_sequence
T1,08:00:00,08:00:00,A,1
T1,08:05:00,08:06:00,B,2
T1,08:10:00,08:10:00,C,3
T2,23:55:00,23:55:00,A,1
T2,24:05:00,24:05:00,C,2
"""


def toy(**changes: str) -> str:
    """The feed as text with files replaced (``stops="…"``), added or, when empty, left out."""
    files = split_files(TOY)
    for stem, content in changes.items():
        if content:
            files[f"{stem}.txt"] = content.strip("\n") + "\n"
        else:
            files.pop(f"{stem}.txt", None)
    return "".join(f"# {name}\n{content}" for name, content in files.items())


def toy_with(file: str, *lines: str) -> str:
    """The feed with lines appended to one file (``"stops"``)."""
    return toy(**{file: split_files(TOY).get(f"{file}.txt", "") + "\n".join(lines)})
