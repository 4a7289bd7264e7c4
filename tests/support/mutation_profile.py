"""Hypothesis for mutation testing, ``-p tests.support.mutation_profile --hypothesis-profile=mutation``: the same
examples each time, and the first that fails is enough, since a mutant needs no smallest reason to be dead.
"""

from hypothesis import Phase, settings

settings.register_profile(
    "mutation", deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate)
)
