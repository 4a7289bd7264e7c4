"""The journey planner and parking."""
