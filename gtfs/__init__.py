"""GTFS: a feed in, a checked feed out; knows the specification and nothing else."""
