"""The guard between a decision and the street; only this package can make a SafeCommand."""
