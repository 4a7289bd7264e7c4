"""What a journey costs: exactly for finished itineraries, and as an additive estimate for the search.

GTFS Fares v2 where the feed has it, else fare_attributes.txt (Fares v1); the specification forbids to mix them.
"""
