"""What is different from the timetable right now: updates of trips, applied to a day, kept as snapshots."""
