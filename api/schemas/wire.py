"""What all wire models share: camelCase names, as in the MOTIS API."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


def to_wire_name(name: str) -> str:
    """``stop_id`` -> ``stopId``; ``from_`` -> ``from``, which Python keeps for itself."""
    return to_camel(name.rstrip("_"))


class WireModel(BaseModel):
    """A JSON object with camelCase names. Fields that are ``None`` are left out of replies."""

    model_config = ConfigDict(alias_generator=to_wire_name, populate_by_name=True, serialize_by_alias=True)


class Problem(BaseModel):
    """A refusal (RFC 9457). ``error`` repeats ``detail`` for clients of MOTIS."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    error: str
    errors: list[ProblemParameter] | None = None


class ProblemParameter(BaseModel):
    """The parameter that was refused, and why."""

    parameter: str
    message: str
