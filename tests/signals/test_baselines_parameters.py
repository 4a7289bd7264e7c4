"""Parameters by name: checked in words, for every controller that takes them."""

from dataclasses import dataclass, field

import pytest

from signals.baselines.max_pressure import VARIANTS
from signals.baselines.parameters import with_values


@dataclass(frozen=True)
class Settings:
    """Some of each kind."""

    slot_s: float = field(default=10.0, metadata={"least": 1.0, "most": 60.0})
    count: int = 3
    is_on: bool = True
    kind: str = field(default="a", metadata={"choices": ("a", "b")})


def test_values_replace_defaults_by_name_and_keep_their_type():
    """A whole number for seconds becomes a float; what is not named keeps its default."""
    made = with_values(Settings(), {"slot_s": 5, "kind": "b"}, "rival")
    assert made == Settings(slot_s=5.0, kind="b")
    assert isinstance(made.slot_s, float)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"slots": 5}, "rival has no parameter 'slots'; it has slot_s, count, is_on, kind"),
        ({"slot_s": 0.5}, "between 1 and 60"),
        ({"slot_s": "5"}, "it is a number"),
        ({"slot_s": True}, "it is a number"),
        ({"slot_s": float("nan")}, "between 1 and 60"),
        ({"count": 2.5}, "whole number"),
        ({"is_on": 1}, "true or false"),
        ({"kind": "c"}, "choose a, b"),
    ],
)
def test_what_does_not_fit_is_said_in_words(values, said):
    """An unknown name, a wrong type, a value out of range: one clear error each."""
    with pytest.raises(ValueError, match=said):
        with_values(Settings(), values, "rival")


def test_max_pressure_has_a_dozen_variants_to_be_tuned_from():
    """Twelve, all different: what "tuned per map" chooses from."""
    assert len(VARIANTS) == len(set(VARIANTS)) == 12
