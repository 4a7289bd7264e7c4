"""Journeys on one timetable: searches, and what becomes of their answers."""
