"""The package's own error, apart from what it takes seconds to import."""


class EvaluationError(Exception):
    """A run that failed, or a request that cannot be carried out; the message says which and why."""
