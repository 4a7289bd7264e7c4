"""Rival controllers that share the ports and the guard: fair baselines, written to be beaten honestly."""
