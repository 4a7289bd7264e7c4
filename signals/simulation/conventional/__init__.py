"""Conventional control that SUMO itself plays: programs made from the shipped ones, loaded after the net.

``choice`` is the entrance. Fixed time (``retimed``), actuated, delay-based, coordinated actuated and NEMA dual
ring; the shipped displays keep their order and their intergreens, and a signal that cannot be converted stays as
shipped and is named. References: HCM 6 chapter 19 and 31; FHWA Signal Timing Manual (2nd edition) chapters 5 to 7.
"""
