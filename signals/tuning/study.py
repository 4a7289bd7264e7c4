"""What a study is asked to be, and the optuna study behind it: kept in a journal file, or in a storage that many share.

A study remembers what it was begun with; whoever goes on with it must ask for the same, since trials of two codes,
maps or seeds cannot be compared.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner
from optuna.samplers import TPESampler
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalRedisBackend
from optuna.trial import FrozenTrial, TrialState

from signals.evaluation.code_version import get_code_version, get_scenario_hash
from signals.evaluation.experiment import cut
from signals.simulation.request import CONTROLLERS, SENSING
from signals.tuning.errors import TuningError
from signals.tuning.spaces import Space, build_space
from sumo_scenarios.catalog import find_scenario
from sumo_scenarios.manifest import TEST_SEEDS, TRAINING_SEEDS, Scenario

STUDIES = Path("out/studies")
PRUNERS = ("median", "hyperband", "none")
_STARTUP_TRIALS = 8
_CONFIG = "changtong"


@dataclass(frozen=True, slots=True)
class TuningRequest:
    """What to tune, on what, against what, and how long.

    ``trials`` is how many the study shall have in all, whoever made them. ``storage`` is an optuna storage URL or the
    path of a journal file; empty: a journal named after the study. ``only`` names the knobs to turn.
    """

    scenarios: tuple[str, ...]
    controller: str = "adaptive"
    reference: str = "actuated"
    trials: int = 50
    seeds: tuple[int, ...] = (21, 22, 23, 24)
    scales: tuple[float, ...] = (1.0,)
    sensing: str = "ideal"
    only: tuple[str, ...] = ()
    jobs: int = 2
    storage: str = ""
    name: str = ""
    timeout_s: float | None = None
    sampler_seed: int = 1
    pruner: str = "median"
    co2_weight: float = 0.25
    cut_after_s: float | None = None

    @property
    def study_name(self) -> str:
        """The name, or one made of what is tuned."""
        return self.name or f"{self.controller}-{'+'.join(Path(s).stem for s in self.scenarios)}-{self.sensing}"

    @property
    def place(self) -> str:
        """Where the study lies, for people."""
        return self.storage or str(STUDIES / f"{self.study_name}.journal")


def check_request(request: TuningRequest) -> Space:
    """The space that is searched.

    Raises:
        TuningError: what cannot be tuned, first of all on seeds that are for testing.
    """
    if tests := [seed for seed in request.seeds if seed in TEST_SEEDS]:
        raise TuningError(
            f"Seed {tests[0]} is a test seed ({TEST_SEEDS[0]} to {TEST_SEEDS[-1]}): parameters are chosen on training "
            f"seeds ({TRAINING_SEEDS[0]} to {TRAINING_SEEDS[-1]}) and reported on test seeds."
        )
    if not request.scenarios or not request.seeds or not request.scales:
        raise TuningError("A study needs at least one scenario, one seed and one demand scale.")
    for kind, values in (("scenario", request.scenarios), ("seed", request.seeds), ("scale", request.scales)):
        if repeated := [value for value in values if list(values).count(value) > 1]:
            raise TuningError(f"The {kind} {repeated[0]} is named twice.")
    if wrong := [scale for scale in request.scales if not 0 < scale <= 10]:
        raise TuningError(f"The demand cannot be scaled by {wrong[0]:g}.")
    if request.reference not in CONTROLLERS:
        raise TuningError(f"There is no controller {request.reference!r}; choose from {', '.join(CONTROLLERS)}.")
    if request.sensing not in SENSING:
        raise TuningError(f"There is no sensing {request.sensing!r}; choose from {', '.join(SENSING)}.")
    if request.pruner not in PRUNERS:
        raise TuningError(f"There is no pruner {request.pruner!r}; choose from {', '.join(PRUNERS)}.")
    if request.trials < 1 or (request.timeout_s is not None and request.timeout_s <= 0):
        raise TuningError("A study needs at least one trial and some time.")
    return build_space(request.controller, request.only)


def list_scenarios_of(request: TuningRequest) -> tuple[Scenario, ...]:
    """The scenarios, cut where asked."""
    return tuple(cut(find_scenario(name), request.cut_after_s) for name in request.scenarios)


def open_study(request: TuningRequest, space: Space, scenarios: tuple[Scenario, ...]) -> optuna.Study:
    """The study, begun or gone on with.

    Raises:
        TuningError: a storage that does not answer, or a study that was begun with something else.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(
            storage=_open_storage(request),
            study_name=request.study_name,
            load_if_exists=True,
            pruner=_build_pruner(request),
            sampler=TPESampler(seed=request.sampler_seed),
        )
    except Exception as error:  # each storage has errors of its own
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TuningError(f"{request.place}: the storage of the study cannot be opened: {why}") from error
    config = _describe(request, space, scenarios)
    before = study.user_attrs.get(_CONFIG)
    if before is None:
        study.set_user_attr(_CONFIG, config)
    elif changed := [name for name in config if before.get(name) != config[name]]:
        name = changed[0]
        raise TuningError(
            f"{request.place}: the study {request.study_name!r} was begun with {name} {before.get(name)!r}, and now it "
            f"is {config[name]!r}; ask for the same, or begin another with --study."
        )
    return study


def list_finished(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that were run to the end or pruned."""
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def find_best(study: optuna.Study) -> FrozenTrial | None:
    """The complete trial of least value, the earlier of equals."""
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return min(complete, key=lambda trial: (trial.value, trial.number), default=None)


def ask(study: optuna.Study, request: TuningRequest) -> optuna.Trial:
    """The next trial. The sampler's seed is that of the study and the trial's place in it, so that a study that was
    stopped and gone on with tries what one without a pause would have tried.
    """
    begun = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.sampler = TPESampler(
            seed=1_000_003 * request.sampler_seed + len(begun),
            n_startup_trials=_STARTUP_TRIALS,
            multivariate=True,
            constant_liar=request.jobs > 1,
        )
    return study.ask()


def _open_storage(request: TuningRequest) -> str | BaseStorage:
    if request.storage.startswith("redis://"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return JournalStorage(JournalRedisBackend(request.storage))
    if "://" in request.storage:
        return request.storage
    file = Path(request.place)
    file.parent.mkdir(parents=True, exist_ok=True)
    return JournalStorage(JournalFileBackend(str(file)))


def _build_pruner(request: TuningRequest) -> BasePruner:
    if request.pruner == "median":
        return MedianPruner(n_startup_trials=_STARTUP_TRIALS, n_warmup_steps=0)
    if request.pruner == "hyperband":
        return HyperbandPruner(min_resource=1, max_resource=len(request.seeds), reduction_factor=2)
    return NopPruner()


def _describe(request: TuningRequest, space: Space, scenarios: tuple[Scenario, ...]) -> dict[str, Any]:
    return {
        "controller": request.controller,
        "reference": request.reference,
        "sensing": request.sensing,
        "seeds": list(request.seeds),
        "scales": list(request.scales),
        "scenarios": {scenario.name: get_scenario_hash(scenario) for scenario in scenarios},
        "co2_weight": request.co2_weight,
        "cut_after_s": request.cut_after_s,
        "knobs": space.to_json(),
        "code": get_code_version(),
        "sumo": version("eclipse-sumo"),
    }
