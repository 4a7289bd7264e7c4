"""The rolling-horizon search over lanes and the schedule that it returns."""
