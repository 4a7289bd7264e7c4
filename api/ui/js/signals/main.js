/** The bureau's page: order an evaluation, watch it, read its report. The address keeps which one. */
import { call, Refusal } from "../client.js";
import { el, get } from "../dom.js";
import { language, onLanguage, startLanguage, word } from "../language.js";
import { readOrder, showForm } from "./order-form.js";
import { showProgress } from "./progress.js";
import { showReport } from "./report.js";
import { watch } from "./watch.js";

const EVALUATIONS = "/api/v1/signals/evaluations";
/** @type {any} */ let current = null;
/** @type {any[]} */ let scenarios = [];
let stopWatching = () => {};

const say = (/** @type {string} */ text) => { get("status").textContent = text; };

/** @param {unknown} failure */
function refuse(failure) {
  if (!(failure instanceof Refusal)) throw failure;
  say("");
  get("report").replaceChildren(el("p", { class: "problem", role: "alert", text: failure.message || word("offline") }));
  get("run").disabled = false;
}

/** @param {any} evaluation */
function show(evaluation) {
  current = evaluation;
  get("run").disabled = ["queued", "running"].includes(evaluation.state);
  showProgress(evaluation);
  if (evaluation.state === "done") {
    showReport(evaluation);
    say(`${word("done")} · ${word("elapsed", { n: Math.max(1, Math.round((Date.parse(evaluation.finished) - Date.parse(evaluation.started)) / 1000)) })}`);
  } else if (evaluation.state === "failed") {
    say(word("failed"));
    get("report").replaceChildren(el("p", { class: "problem", role: "alert", text: evaluation.error ?? word("failed") }));
  } else {
    const isStarting = evaluation.state === "running" && evaluation.runs.every((/** @type {any} */ run) => !run.fraction);
    say(word(isStarting ? "starting" : evaluation.state));
    get("report").replaceChildren();
  }
  document.body.dataset.state = evaluation.state;
}

/** @param {string} id */
function follow(id) {
  stopWatching();
  history.replaceState(null, "", `?evaluation=${id}&lang=${language()}`);
  let state = "";
  stopWatching = watch(id, (evaluation) => {
    show(evaluation);
    if (evaluation.state !== state && ["done", "failed"].includes(evaluation.state)) showHistory();
    state = evaluation.state;
  }, refuse);
}

async function submit() {
  const order = readOrder();
  if (!order.controllers.length) {
    say(word("chooseOne"));
    return;
  }
  get("run").disabled = true;
  try {
    const evaluation = await call(EVALUATIONS, {}, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(order) });
    follow(evaluation.id);
  } catch (failure) {
    refuse(failure);
  }
}

async function showHistory() {
  const { evaluations } = await call(EVALUATIONS, { limit: 8 }).catch(() => ({ evaluations: [] }));
  const format = new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" });
  const rows = evaluations.map((/** @type {any} */ item) =>
    el(
      "li",
      {},
      el("a", { href: `?evaluation=${item.id}`, text: item.order.scenario, on: { click: (/** @type {Event} */ event) => { event.preventDefault(); follow(item.id); } } }),
      el("span", { text: item.order.controllers.map((/** @type {string} */ name) => word(name)).join("、") }),
      el("span", { text: `${format.format(new Date(item.created))} · ${word(item.state)}` }),
    ),
  );
  get("history").replaceChildren(...(rows.length ? rows : [el("li", {}, el("span", { text: word("noneYet") }))]));
}

function showWords() {
  document.title = `${word("navSignals")} · 暢通 Changtong`;
  showForm(scenarios);
  showHistory();
  if (current) show(current);
}

async function start() {
  startLanguage();
  try {
    ({ scenarios } = await call("/api/v1/signals/scenarios"));
  } catch (failure) {
    refuse(failure);
    return;
  }
  showWords();
  const id = new URLSearchParams(location.search).get("evaluation");
  if (id) follow(id);
  document.body.dataset.ready = "true";
}

get("order").addEventListener("submit", (/** @type {Event} */ event) => { event.preventDefault(); submit(); });
onLanguage(showWords);
start();
