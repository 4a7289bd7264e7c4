"""Domain objects to wire objects and back. Decides nothing."""
