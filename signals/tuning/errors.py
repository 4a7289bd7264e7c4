"""The package's own error, apart from what it takes seconds to import."""


class TuningError(Exception):
    """A study that cannot be begun or gone on with; the message says why and what to do."""
