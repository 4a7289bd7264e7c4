"""Three stops on one line and two trips, by file: the least that commands can be tried on."""

FEED = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\nX,Example,https://example.org,Etc/UTC\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\nA,Alpha,0,0\nB,Beta,0,0.2\nC,Gamma,0,0.4\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_type\nR,X,1,3\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "W,1,1,1,1,1,1,1,20260715,20260715\n",
    "trips.txt": "route_id,service_id,trip_id\nR,W,t1\nR,W,t2\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "t1,08:00:00,08:00:00,A,1\nt1,08:30:00,08:30:00,B,2\nt1,08:50:00,08:50:00,C,3\n"
    "t2,08:20:00,08:20:00,A,1\nt2,08:50:00,08:50:00,B,2\nt2,09:10:00,09:10:00,C,3\n",
}
