/** The report: one sentence, warnings, charts, and a table with intervals and the change against the first. */
import { el, get } from "../dom.js";
import { word } from "../language.js";
import { number } from "../times.js";
import { barChart } from "./chart.js";

/** Measure, digits, and whether it has a chart. All are better when lower. */
const MEASURES = /** @type {[string, number, boolean][]} */ ([
  ["waiting_s", 1, true], ["travel_time_s", 1, true], ["stops", 2, true], ["co2_kg", 1, true],
  ["time_loss_s", 1, false], ["p95_waiting_s", 1, false], ["max_waiting_s", 0, false], ["nox_g", 1, false], ["fuel_kg", 1, false],
  ["unserved", 1, false], ["teleports", 1, false], ["safety_violations", 1, false],
]);

const title = (/** @type {string} */ key) => word(key === "stops" ? "stops_count" : key);

/** @param {any} evaluation which is done */
export function showReport(evaluation) {
  const { controllers } = evaluation.result;
  const names = evaluation.order.controllers.filter((/** @type {string} */ name) => controllers[name]);
  const result = { ...evaluation.result, names };
  const known = MEASURES.filter(([key]) => names.every((/** @type {string} */ name) => controllers[name][key]));
  const rowsOf = (/** @type {string} */ key) => names.map((/** @type {string} */ name) => ({ name, ...controllers[name][key], ci95: interval(controllers[name][key]) }));
  get("report").replaceChildren(
    el(
      "div",
      { class: "sheet report" },
      headline(result, names),
      ...warnings(controllers, names),
      el("div", { class: "charts" }, ...known.filter((m) => m[2]).map(([key, digits]) => barChart(title(key), rowsOf(key), digits))),
      el("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": word("results") }, table(result, names, known)),
      el(
        "div",
        { class: "foot" },
        el("p", { class: "hint", text: [word("seedList", { seeds: result.seeds.join(", ") }), word(result.seeds.length > 1 ? "interval" : "noInterval"), names.length > 1 && word("versus", { name: word(names[0]) }), result.sumo_version && `SUMO ${result.sumo_version}`].filter(Boolean).join(" · ") }),
        el("a", { class: "quiet", href: `/api/v1/signals/evaluations/${evaluation.id}`, download: `${evaluation.order.scenario}.json`, text: word("download") }),
      ),
    ),
  );
}

/** The interval, where there are seeds enough for one. */
function interval(measure) {
  const [low, high] = measure.ci95 ?? [];
  return Number.isFinite(low) && Number.isFinite(high) && measure.per_seed.length > 1 ? measure.ci95 : null;
}

/** The paired change of a measure against the first controller, in percent. */
function pairedChange(result, name, key) {
  const pair = result.paired?.find((/** @type {any} */ item) => item.controller === name && item.against === result.names[0]);
  return pair?.[key] ?? null;
}

function headline(result, names) {
  const [base, last] = [names[0], names.at(-1)];
  if (names.length < 2) return el("h2", { class: "headline", text: word("results") });
  const [a, b] = [base, last].map((name) => result.controllers[name].waiting_s.mean);
  const [low, high] = pairedChange(result, last, "waiting_s")?.percent_ci95 ?? [];
  const isOpen = result.seeds.length > 1 && low <= 0 && high >= 0;
  const text = word("headline", { name: word(last), a: number(a), b: number(b), change: percent(((b - a) / a) * 100) });
  return el("h2", { class: "headline" }, text, isOpen && el("small", { text: word("notSure") }));
}

function warnings(controllers, names) {
  const kinds = { unserved: "warnUnserved", safety_violations: "warnSafety", teleports: "warnTeleports" };
  return names.flatMap((/** @type {string} */ name) =>
    Object.entries(kinds)
      .filter(([key]) => controllers[name][key]?.mean > 0)
      .map(([key, text]) => el("p", { class: "warning", text: word(text, { name: word(name), n: number(total(controllers[name][key]), 0) }) })),
  );
}

const total = (/** @type {{per_seed: number[]}} */ measure) => measure.per_seed.reduce((sum, value) => sum + value, 0);

function table(result, names, known) {
  const heads = names.map((/** @type {string} */ name) => el("th", { scope: "col", text: word(name) }));
  const rows = known.map(([key, digits]) =>
    el("tr", {}, el("th", { scope: "row", text: title(key) }), ...names.map((/** @type {string} */ name) => cell(result, name, key, digits))),
  );
  return el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col", text: word("measure") }), ...heads)), el("tbody", {}, ...rows));
}

function cell(result, name, key, digits) {
  const measure = result.controllers[name][key];
  const range = interval(measure);
  return el(
    "td",
    {},
    el("span", { text: number(measure.mean, digits) }),
    range && el("small", { text: `${number(range[0], digits)} – ${number(range[1], digits)}` }),
    name !== result.names[0] && changeNote(result, name, key),
  );
}

function changeNote(result, name, key) {
  const [base, mean] = [result.names[0], name].map((each) => result.controllers[each][key].mean);
  if (!base) return null;
  const change = ((mean - base) / base) * 100;
  const [low, high] = pairedChange(result, name, key)?.percent_ci95 ?? [];
  const isKnown = result.seeds.length > 1 && Number.isFinite(low) && Number.isFinite(high);
  // without an interval a change is only shown as good or bad where there is but one seed, which the page says
  const isSure = isKnown ? low > 0 || high < 0 : result.seeds.length === 1;
  const kind = !isSure || change === 0 ? "" : change < 0 ? "better" : "worse";
  return el("small", {}, el("span", { class: kind, text: percent(change) }), isKnown && ` (${percent(low)} … ${percent(high)})`);
}

/** @param {number} change */
const percent = (change) => `${change > 0 ? "+" : change < 0 ? "−" : "±"}${number(Math.abs(change), 1)}%`;
