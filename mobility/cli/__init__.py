"""The commands of the journey planner: ``changtong plan``, ``city``, ``network`` and ``bench``, one module each.

They print and decide nothing. The planner is imported when a command runs, so that --help stays fast.
"""
