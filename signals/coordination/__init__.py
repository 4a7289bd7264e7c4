"""What intersections tell each other, and what is agreed for several of them: messages, bands, degraded modes."""
