"""A file of arms says what is compared; what it says wrongly is one sentence."""

import pytest

from signals.evaluation.arm import Arm, load_arms
from signals.evaluation.errors import EvaluationError


def write(folder, text):
    """A file of arms."""
    file = folder / "arms.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_arms_are_read_in_order_with_all_that_makes_them(tmp_path):
    """An arm may be no more than a controller, which is then its label."""
    file = write(
        tmp_path,
        """
        [[arm]]
        controller = "actuated"
        [[arm]]
        label = "few loops"
        controller = "adaptive"
        sensing = "loops"
        parameters = { headway_s = 1.9 }
        faults = { share_dead = 0.1, seed = 5 }
        limits = { min_green_s = 10 }
        demand_scale = 1.2
        """,
    )
    assert load_arms(file) == (
        Arm("actuated", "actuated"),
        Arm(
            "few loops",
            "adaptive",
            {"headway_s": 1.9},
            "loops",
            {"share_dead": 0.1, "seed": 5},
            1.2,
            {"min_green_s": 10},
        ),
    )


def test_the_title_tells_what_is_special():
    """Sensing, faults, limits and demand stand under the controller's title; a plain arm has that alone."""
    assert Arm("adaptive", "adaptive").title == "Changtong adaptive"
    arm = Arm("x", "adaptive", {}, "loops", {"share_dead": 0.1}, 1.2, {"min_green_s": 10})
    assert arm.title == "Changtong adaptive\nmin_green_s 10\nshare_dead 0.1\nloops\ndemand x 1.2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"there is no \[\[arm\]\]"),
        ("arm = 3", r"there is no \[\[arm\]\]"),
        ("[[arm", "arms.toml: "),
        ("[[arm]]\nlabel = 'x'", "x: controller is missing; choose from fixed"),
        ("[[arm]]\ncontroler = 'fixed'", "there is no 'controler'; an arm may have controller"),
        ("[[arm]]\ncontroller = 'fixed'\nparameters = 3", "parameters is 3; write a table"),
        ("[[arm]]\ncontroller = 'fixed'\ndemand_scale = 'big'", "demand_scale is 'big'; write a number"),
        ("[[arm]]\ncontroller = ['fixed']", "controller is .'fixed'.; write a text"),
        ("[[arm]]\nfile = 'x.json'\nparameters = { a = 1 }", "give parameters or a file of them, not both"),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path, text, message):
    """The file is named, and what may stand there."""
    with pytest.raises(EvaluationError, match=message):
        load_arms(write(tmp_path, text))
