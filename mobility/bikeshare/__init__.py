"""Shared vehicles of every kind: what a system offers, what stands where, where one may ride, and what it costs."""
