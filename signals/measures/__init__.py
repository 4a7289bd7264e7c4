"""What a simulation was worth: waiting, travel time, stops, emissions, and whether its signals were safe.

Reads only SUMO's own output files, never a controller's opinion of itself.
"""
