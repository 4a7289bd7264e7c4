"""A tiny town written as a GTFS feed, so that everything between a feed and an answer takes part."""

from feed_text import feed_folder
from town import DATE

from gtfs.ingest import read_feed
from mobility.network.build import build_network
from mobility.network.transfers import Walking


def town_text(town):
    """Trips t0, t1, ... of routes r0, r1, ..., stops 0, 1, ... a degree apart, sequences in steps of ten."""
    day = DATE.strftime("%Y%m%d")
    lines = [
        "# agency.txt\nagency_id,agency_name,agency_url,agency_timezone\nX,Example,https://example.org,Etc/UTC",
        f"# calendar_dates.txt\nservice_id,date,exception_type\nS,{day},1",
        "# stops.txt\nstop_id,stop_name,stop_lat,stop_lon",
        *(f"{stop},Stop {stop},0.0,{stop}.0" for stop in range(town.stop_count)),
        "# routes.txt\nroute_id,agency_id,route_short_name,route_type",
        *(f"r{trip},X,{trip},3" for trip in range(len(town.trips))),
        "# trips.txt\nroute_id,service_id,trip_id",
        *(f"r{trip},S,t{trip}" for trip in range(len(town.trips))),
        "# stop_times.txt\ntrip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type",
    ]
    for trip, rows in enumerate(town.trips):
        for number, (stop, arrival, departure, board, alight) in enumerate(rows):
            times = f"{_clock(arrival)},{_clock(departure)}"
            lines.append(f"t{trip},{times},{stop},{10 * number},{1 - board},{1 - alight}")
    lines.append("# transfers.txt\nfrom_stop_id,to_stop_id,transfer_type,min_transfer_time")
    lines += [f"{stop},{stop},2,{seconds}" for stop, seconds in enumerate(town.change_s)]
    lines += [f"{start},{end},2,{seconds}" for (start, end), seconds in town.walks.items()]
    return "\n".join(lines) + "\n"


def town_network(town, folder):
    """The network of the town, read from files in ``folder``."""
    feed, _ = read_feed(feed_folder(town_text(town), folder))
    return build_network(feed, Walking(makes_walks=False), days=(0,))


def _clock(seconds):
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
