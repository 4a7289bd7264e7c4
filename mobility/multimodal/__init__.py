"""Everything that moves people around a city's stops as one networkx graph: to check, to export and to draw.

``build_multimodal`` adds to the timetable's rides and walks (``network.graph``) shared vehicles, car parks, on-demand
zones and streets. It is made for people and their tools; queries are answered from arrays.
"""

from mobility.multimodal.build import build_multimodal
from mobility.multimodal.checks import Checked, Counts, check, count
from mobility.multimodal.layers import Layer
from mobility.multimodal.parts import Parts

__all__ = ["Checked", "Counts", "Layer", "Parts", "build_multimodal", "check", "count"]
