"""The tables of the page: overall, by period, by class of trip, targets and what limits them, safety, parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

from signals.evaluation.arm import Arm
from signals.evaluation.before_after.cells import NOTHING, write_change, write_mean, write_percent, write_table
from signals.evaluation.before_after.definition import SIDES, Published
from signals.evaluation.before_after.outcome import FLOORS, MORE_IS_BETTER, RATIOS, Limit, StudyOutcome
from signals.evaluation.statistics import compare, estimate

TITLES = {
    "waiting_s": ("waiting, s per vehicle", 1),
    "travel_time_s": ("travel time, s per vehicle", 1),
    "time_loss_s": ("time loss, s per vehicle", 1),
    "stops": ("stops per vehicle", 2),
    "co2_g": ("CO₂, g per vehicle", 0),
    "speed_kmh": ("speed, km/h", 1),
}
_WORDS = {"waiting_s": "Waiting", "travel_time_s": "Travel time", "stops": "Stops", "co2_g": "CO₂"}
_UNVERIFIED = "†"
_GEOGRAPHY = {
    "through": "through the district",
    "inbound": "into the district",
    "outbound": "out of the district",
    "within": "within the district",
}


def write_headline(outcome: StudyOutcome) -> str:
    """All periods together, beside the targets and the published figures."""
    names = outcome.list_overall()
    targets = {target.measure: target.percent for target in outcome.definition.targets}
    published = outcome.definition.published
    rows = [
        [
            title,
            *(write_mean(outcome.get_estimate(names, side, measure), digits) for side in SIDES),
            write_change(outcome.get_change(names, measure), more_is_better=measure in MORE_IS_BETTER),
            write_percent(targets.get(measure)),
            *(_write_published(column, "", measure) for column in published),
        ]
        for measure, (title, digits) in TITLES.items()
    ]
    rows += _write_walkers(outcome, names, 1 + len(published))
    notes = [f"{column.title}: {column.note} {column.source}" for column in published]
    if published:
        notes.append(
            f"{_UNVERIFIED} from memory or a secondary text, not checked against the primary source. Published figures "
            "come from other streets, other demand and other measuring: context, not a comparison."
        )
    told = [f"All {len(names)} periods pooled by vehicle; [ ] are 95 % intervals of the paired change."]
    heads = ["", "before", "after", "change", "aimed at", *(column.title for column in published)]
    return write_table(heads, rows, " ".join(told)) + "".join(f'<p class="note">{escape(n)}</p>' for n in notes)


def write_periods(outcome: StudyOutcome) -> str:
    """A row per period and case."""
    published = next((p for p in outcome.definition.published if len(p.percent) > 1), None)
    measures = ("waiting_s", "travel_time_s", "stops", "co2_g", "speed_kmh")
    rows = []
    for period in outcome.periods:
        names = (period.name,)
        cells = [escape(period.title), f"{_mean_vehicles(outcome, period.name):,.0f}"]
        for measure in measures:
            cell = write_change(outcome.get_change(names, measure), more_is_better=measure in MORE_IS_BETTER)
            if published and period.name in published.percent:
                cell += f'<br><span class="note">{_write_published(published, period.name, measure)}</span>'
            cells.append(cell)
        means, tails = zip(*(outcome.get_walkers(names, side) for side in SIDES), strict=True)
        has_walkers = any(means[0])
        cells.append(write_change(compare(means[1], means[0])) if has_walkers else NOTHING)
        cells.append(write_change(compare(tails[1], tails[0])) if has_walkers else NOTHING)
        rows.append(cells)
    heads = ["", "vehicles", "waiting", "travel time", "stops", "CO₂", "speed", "walkers' wait", "… 95 % of them"]
    note = f"Below each figure: {published.title} in the same part of the day." if published else ""
    table = write_table(heads, rows, f"Changes, paired by seed. {note}".strip())
    return table + _write_levels(outcome)


def _write_levels(outcome: StudyOutcome) -> str:
    rows = []
    for period in outcome.periods:
        for side in SIDES:
            cells = [
                write_mean(outcome.get_estimate((period.name,), side, measure), digits)
                for measure, (_, digits) in TITLES.items()
            ]
            rows.append([f"{escape(period.title)}, {side}", *cells])
    return write_table(["", *(title for title, _ in TITLES.values())], rows, "The figures themselves.")


def list_class_titles(outcome: StudyOutcome) -> list[tuple[str, str]]:
    """The classes of trips that both sides had, (name, title), in the order of the page."""
    known = outcome.list_classes()
    ordered = [(name, _GEOGRAPHY[name]) for name in _GEOGRAPHY if name in known]
    ordered += [(name, name.removeprefix("type ")) for name in known if name.startswith("type ")]
    ordered += [(route.name, route.title) for route in outcome.definition.routes if route.name in known]
    overall = outcome.list_overall()
    return [(n, t) for n, t in ordered if all(sum(outcome.get_sum(overall, side, n, "vehicles")) for side in SIDES)]


def write_classes(outcome: StudyOutcome) -> str:
    """Who gained and who did not."""
    names = outcome.list_overall()
    measures = ("waiting_s", "travel_time_s", "stops", "co2_g", "speed_kmh")
    rows = [
        [
            escape(title),
            f"{sum(outcome.get_sum(names, 'before', name, 'vehicles')) / len(outcome.seeds):,.0f}",
            write_mean(outcome.get_estimate(names, "before", "waiting_s", name), 1),
            *(
                write_change(outcome.get_change(names, m, name), more_is_better=m in MORE_IS_BETTER)
                for m in measures
            ),
        ]
        for name, title in list_class_titles(outcome)
    ]  # fmt: skip
    heads = ["", "trips a seed", "waiting before, s", "waiting", "travel time", "stops", "CO₂", "speed"]
    return write_table(
        heads, rows, "All periods pooled. Classes overlap: by place, by vehicle, and routes of interest."
    )


def write_others(outcome: StudyOutcome) -> str:
    """Further controllers on the same seeds: is the before the best there is?"""
    labels = outcome.list_others()
    if not labels:
        return ""
    groups = [("all periods", outcome.list_overall()), *((period.title, (period.name,)) for period in outcome.periods)]
    rows = [
        [
            escape(label),
            *(
                f"{outcome.get_estimate(names, label, 'waiting_s').mean:.1f} s<br>"
                + write_change(outcome.get_change(names, "waiting_s", side=label))
                for _, names in groups
            ),
        ]
        for label in ("after", *labels)
    ]
    told = "Waiting, s per vehicle, and the change against the before."
    return "<h2>Other controllers</h2>" + write_table(["", *(title for title, _ in groups)], rows, told)


def write_limits(outcome: StudyOutcome) -> str:
    """Each target in a sentence."""
    limits = outcome.list_limits()
    if not limits:
        return "<p>The study names no targets.</p>"
    return f"<ul>{''.join(f'<li>{write_limit(limit)}</li>' for limit in limits)}</ul>"


def write_limit(limit: Limit) -> str:
    """Met or missed, by how much, and what there was to gain at most."""
    name = _WORDS.get(limit.measure, limit.measure)
    head = f"<strong>{name}</strong> {write_change(limit.change)}, aimed at {write_percent(limit.target)}: "
    if limit.is_met:
        head += "met." if limit.is_surely_met else "met by the mean; the interval reaches beyond the target."
    else:
        head += f"missed by {limit.points_short:.1f} percentage points."
    if limit.measure not in FLOORS:
        return head
    what = (
        "driving without any delay" if limit.measure == "travel_time_s" else "emitted also without any delay (estimate)"
    )
    tail = (
        f" Of the before, {100 + limit.possible:.0f} % is {what}; if every delay vanished it would fall by "
        f"{-limit.possible:.0f} %, and {limit.taken:.0f} % of that was had."
    )
    if not limit.is_met and limit.target <= limit.possible:
        tail += " The target is beyond what any signal control could reach on these streets with this demand."
    elif not limit.is_met:
        tail += f" The target would have needed {100 * limit.target / limit.possible:.0f} % of it."
    return head + tail


def write_safety(outcome: StudyOutcome) -> str:
    """Audits, teleports, vehicles not served, the longest waits and reds."""
    rows = []
    for period in outcome.periods:
        report = outcome.reports[period.name]
        for side in SIDES:
            runs = [run for run in report.runs if run.label == side]
            rules = Counter(violation.rule.value for run in runs for violation in run.audit.violations)
            rows.append(
                [
                    f"{escape(period.title)}, {side}",
                    f"{sum(run.audit.greens for run in runs):,}",
                    _flag(sum(rules.values()), ", ".join(f"{count} {rule}" for rule, count in rules.most_common())),
                    _flag(sum(run.measures.teleports for run in runs)),
                    _flag(sum(run.measures.collisions for run in runs)),
                    _flag(sum(run.measures.unserved for run in runs)),
                    f"{estimate([run.measures.p95_waiting_s for run in runs]).mean:.0f}",
                    f"{max(run.measures.max_waiting_s for run in runs):.0f}",
                    f"{max((r[0] for run in runs for r in run.details['longest_red_s'].values()), default=0):.0f}",
                ]
            )
    heads = [
        "all seeds together", "greens audited", "violations", "teleports", "collisions", "unserved", "p95 wait, s",
        "longest wait, s", "longest red, s",
    ]  # fmt: skip
    told = (
        "The lamps were recorded by SUMO and audited by a program that shares no code with any controller: minimum "
        "green, yellow, clearance, conflicting greens, maximum red. The before is held to what its own programs ship."
    )
    reds = outcome.list_longest_reds("after")
    list_of_reds = "; ".join(
        f"{seconds:.0f} s at {escape(signal)} link {link} ({escape(name)}, seed {seed})"
        for seconds, signal, link, name, seed in reds
    )
    return write_table(heads, rows, told) + f'<p class="note">The longest reds after, by movement: {list_of_reds}.</p>'


def write_parameters(outcome: StudyOutcome) -> str:
    """Both sides of every period."""
    rows = [
        [f"{escape(period.title)}, {side}", *_write_arm(period.get_arm(side))]
        for period in outcome.periods
        for side in SIDES
    ]
    return write_table(["", "controller", "sensing", "parameters", "origin", "training seeds"], rows)


def write_reproduction(outcome: StudyOutcome) -> str:
    """Versions, seeds and the command."""
    seeds = ", ".join(map(str, outcome.seeds))
    return (
        f"<p>SUMO {escape(outcome.sumo_version)}; code {escape(outcome.code_version)}; seeds {seeds}. Every vehicle "
        "that was due counts, with its delay before it could enter; runs last until the streets are empty, and equal "
        f"seeds are equal demand on both sides.</p><pre><code>{escape(outcome.write_command())}</code></pre>"
    )


def _write_arm(arm: Arm) -> tuple[str, ...]:
    values = ", ".join(f"{k} {_round(v)}" for k, v in sorted(arm.parameters.items())) or "defaults"
    sensing = arm.sensing if arm.is_ours else "SUMO's own loops"
    seeds = ", ".join(map(str, arm.training_seeds)) or NOTHING
    return tuple(escape(text) for text in (arm.title.split("\n")[0], sensing, values, arm.origin, seeds))


def _write_walkers(outcome: StudyOutcome, names: Sequence[str], blanks: int) -> list[list[str]]:
    if not outcome.has_walkers():
        return []
    before, after = (outcome.get_walkers(names, side) for side in SIDES)
    return [
        [title, *(write_mean(estimate(side[k]), 1) for side in (before, after)),
         write_change(compare(after[k], before[k])), *[NOTHING] * blanks]
        for k, title in enumerate(("pedestrians: waiting, s", "pedestrians: 95 % wait less than, s"))
    ]  # fmt: skip


def _write_published(column: Published, period: str, measure: str) -> str:
    value = column.percent.get(period, {}).get(measure)
    if value is None or measure not in RATIOS:
        return NOTHING
    return write_percent(value, 1) + ("" if (period, measure) in column.verified else f" {_UNVERIFIED}")


def _mean_vehicles(outcome: StudyOutcome, name: str) -> float:
    return sum(outcome.get_sum((name,), "before", "all", "vehicles")) / len(outcome.seeds)


def _flag(count: int, words: str = "") -> str:
    told = f" ({escape(words)})" if words else ""
    return f'<span class="bad">{count:,}{told}</span>' if count else "0"


def _round(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
