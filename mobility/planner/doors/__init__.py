"""Doors: how one gets from the street to the first stop, from the last, between vehicles, and all the way."""
