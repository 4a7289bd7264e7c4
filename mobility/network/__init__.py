"""The network as arrays (what answers queries) and as a graph (what is checked and drawn)."""
