"""A district of many signals from a description of its streets: ``python -m sumo_scenarios.build pittsburgh50``.

``pittsburgh`` is the description, ``layout`` its words; ``roads`` makes the net with bays, lane drops, sidewalks
and crossings; ``staging`` the stages of every signal from the net's right of way; ``assignment`` the traffic by
gravity and shortest paths; ``timing`` the plans of each period; ``demand_files`` and ``programs`` what SUMO reads.
"""
