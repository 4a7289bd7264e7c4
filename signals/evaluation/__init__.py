"""Controllers compared fairly: the same seeds, every vehicle counted, intervals beside every mean."""
