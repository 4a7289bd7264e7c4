"""A before/after study over the periods of a day: described in a file, run with paired seeds, reported on one page."""
