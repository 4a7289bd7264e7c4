"""The study as one HTML page without anything from outside: three figures and a picture first, all else below."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from signals.evaluation.before_after.cells import write_interval, write_percent
from signals.evaluation.before_after.outcome import StudyOutcome
from signals.evaluation.before_after.pictures import draw_changes, draw_measure, draw_waiting
from signals.evaluation.before_after.sections import (
    list_class_titles,
    write_classes,
    write_headline,
    write_limits,
    write_others,
    write_parameters,
    write_periods,
    write_reproduction,
    write_safety,
)

_BIG = (("waiting_s", "waiting at signals"), ("travel_time_s", "travel time"), ("co2_g", "CO₂"))


def build_page(outcome: StudyOutcome) -> str:
    """The whole page."""
    title = escape(outcome.definition.title)
    style = files("signals.evaluation.before_after").joinpath("page.css").read_text(encoding="utf-8")
    parts = [
        f"<h1>{title}</h1>",
        f'<p class="lead">{escape(write_claim(outcome))}</p>',
        f'<div class="big">{"".join(_write_big(outcome, measure, words) for measure, words in _BIG)}</div>',
        f"<figure>{draw_waiting(outcome)}<figcaption>{_write_caption(outcome)}</figcaption></figure>",
        _write_notices(outcome),
        "<h2>What changed</h2>",
        write_headline(outcome),
        "<h2>Targets, and what limits them</h2>",
        write_limits(outcome),
        "<h2>By period</h2>",
        write_periods(outcome),
        '<div class="pair">',
        *(
            f"<figure>{draw_measure(outcome, m, t)}</figure>"
            for m, t in (("travel_time_s", "Travel time, s per vehicle"), ("stops", "Stops per vehicle"),
                         ("co2_g", "CO₂, g per vehicle"), ("speed_kmh", "Speed, km/h"))
        ),
        "</div>",
        "<h2>By class of trip</h2>",
        f'<figure class="tall">{draw_changes(outcome, list_class_titles(outcome))}</figure>',
        write_classes(outcome),
        write_others(outcome),
        "<h2>Safety</h2>",
        write_safety(outcome),
        "<h2>Parameters, and where they come from</h2>",
        write_parameters(outcome),
        "<h2>What this study is not</h2>",
        f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in outcome.definition.caveats)}</ul>",
        "<h2>Do it again</h2>",
        write_reproduction(outcome),
    ]  # fmt: skip
    body = "\n".join(parts)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{style}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
    )


def write_claim(outcome: StudyOutcome) -> str:
    """One sentence that holds: on what, against what, with which sensors, in which interval."""
    change = outcome.get_change(outcome.list_overall(), "waiting_s")
    if change.percent is None:
        return f"On {outcome.definition.network} nobody waited before."
    first = outcome.periods[0]
    words = "less" if change.percent < 0 else "more"
    before = first.before.title.split("\n")[0].lower()
    tuned = "tuned " if first.before.training_seeds else ""
    told = f"{abs(change.percent):.0f} % {words} waiting than {tuned}{before} control"
    told_interval = "95 % interval of the change: " if change.percent_interval else ""
    interval = f" ({told_interval}{write_interval(change)})"
    sensing = {"loops": "loop detectors only", "video": "cameras at the stop lines only"}.get(
        first.after.sensing, "every vehicle within 300 m seen"
    )
    return f"On {outcome.definition.network}: {told}{interval}, {sensing}."


def _write_big(outcome: StudyOutcome, measure: str, words: str) -> str:
    change = outcome.get_change(outcome.list_overall(), measure)
    told = f"{'95 % interval ' if change.percent_interval else ''}{write_interval(change)}"
    return f"<div><strong>{write_percent(change.percent)}</strong><span>{words}</span><small>{told}</small></div>"


def _write_caption(outcome: StudyOutcome) -> str:
    count = len(outcome.seeds)
    return f"Means over {count} paired seeds; the thin lines are 95 % intervals." if count > 1 else "One seed."


def _write_notices(outcome: StudyOutcome) -> str:
    notices = outcome.list_notices()
    if not notices:
        return ""
    return f'<ul class="notices">{"".join(f"<li>{escape(notice)}</li>" for notice in notices)}</ul>'
