"""Rebuilds our own scenarios from their descriptions: ``python -m sumo_scenarios.build [NAME]``.

``designs`` says what each scenario is, ``nets`` makes the road network with netconvert, ``demand`` the
traffic, ``plans`` the fixed signal programs. The results are committed beside ``scenario.toml``.
"""
