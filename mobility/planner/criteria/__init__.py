"""Searches with more criteria than arrival and vehicles, and searches by way of somewhere."""
