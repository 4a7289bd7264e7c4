"""The entrance: tune what a request asks for, and write the signed parameter file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from optuna.trial import TrialState

from signals.evaluation.code_version import get_code_version, get_scenario_hash
from signals.parameter_file import ParameterFile, get_signing_key, save_parameters
from signals.simulation.request import CONTROLLERS
from signals.tuning.campaign import Campaign, TuningProgress, list_evidence
from signals.tuning.errors import TuningError
from signals.tuning.spaces import Space
from signals.tuning.study import TuningRequest, check_request, find_best, list_finished, list_scenarios_of, open_study

TUNED = Path("out/tuned")


@dataclass(frozen=True, slots=True)
class TuningResult:
    """What a study has come to; ``news`` are sentences for the user."""

    file: Path
    content: ParameterFile
    space: Space
    finished: int
    pruned: int
    failed: int
    is_stopped: bool
    news: tuple[str, ...]


def tune(
    request: TuningRequest,
    *,
    out: Path | None = None,
    key: Path | None = None,
    on_progress: Callable[[TuningProgress], None] | None = None,
) -> TuningResult:
    """Run the study's missing trials and write the best parameters with their evidence.

    Raises:
        TuningError: the request cannot be met, or the study was left before its first trial was complete.
        ParameterFileError: the signing key cannot be used.
    """
    space = check_request(request)
    signer, made = get_signing_key(key)
    scenarios = list_scenarios_of(request)
    study = open_study(request, space, scenarios)
    with tempfile.TemporaryDirectory(prefix="changtong-") as home:
        campaign = Campaign(request, space, study, scenarios, Path(home), on_progress)
        campaign.run()
    best = find_best(study)
    if best is None:
        raise TuningError(
            f"No trial is complete yet. What is done is kept in {request.place}; the same command goes on with it."
        )
    finished = list_finished(study)
    values = {name: best.params[name] for name in space.knobs}
    content = ParameterFile(
        controller=request.controller,
        parameters={n: round(v, 6) if isinstance(v, float) else v for n, v in values.items()},
        reference=request.reference,
        code_version=get_code_version(is_ours=CONTROLLERS[request.controller].is_ours),
        scenarios={scenario.name: get_scenario_hash(scenario) for scenario in scenarios},
        training_seeds=request.seeds,
        demand_scales=request.scales,
        sensing=request.sensing,
        trials=len(finished),
        objective=float(best.value or 0.0),
        study={"name": request.study_name, "sampler_seed": request.sampler_seed, "co2_weight": request.co2_weight},
        evidence=tuple(list_evidence(study, campaign, request.co2_weight)),
    )
    file = out or TUNED / f"{request.study_name}.json"
    content = save_parameters(file, content, signer)
    news = [made] if made else []
    if content.parameters == dict(space.defaults):
        news.append("The defaults were not beaten.")
    return TuningResult(
        file=file,
        content=content,
        space=space,
        finished=len(finished),
        pruned=sum(trial.state is TrialState.PRUNED for trial in finished),
        failed=len(
            [t for t in study.get_trials(deepcopy=False, states=(TrialState.FAIL,)) if "failed" in t.user_attrs]
        ),
        is_stopped=campaign.is_stopped,
        news=tuple(news),
    )
