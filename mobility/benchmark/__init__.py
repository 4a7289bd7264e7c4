"""Our search beside a peer's, in one process, on the same queries: times, ratios, and every difference.

The peers are nigiri, the engine of MOTIS, through pynigiri 0.1.5 (the identical problem), and cafein 0.29.0
(its own, easier rules, which our engine then follows as well: no time to change, no walk before the first
vehicle). A query is timed as a whole Python call, legs included, the engines taking turns at the whole
set; the median of a query's repeats counts. Memory and loading are measured in fresh processes, one per
engine, and growth on a synthetic city (``synthetic_city``) of ever more stop events.
"""

from mobility.benchmark.problem import BenchmarkError, Kind, Pair, list_pairs

__all__ = ["BenchmarkError", "Kind", "Pair", "list_pairs"]
