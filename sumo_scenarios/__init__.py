"""SUMO scenarios: data, manifests and the scripts that generate them."""
