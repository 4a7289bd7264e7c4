/** How each controller's simulations go: a bar, and the means so far over its seeds. */
import { el, get } from "../dom.js";
import { word } from "../language.js";
import { number } from "../times.js";

/** @param {any} evaluation */
export function showProgress(evaluation) {
  const area = get("progress");
  area.hidden = false;
  const { controllers } = evaluation.order;
  if (area.dataset.id !== evaluation.id + document.documentElement.lang) {
    area.replaceChildren(...controllers.map((name) => el("article", { class: `run series-${name}`, id: `run-${name}` })));
    area.dataset.id = evaluation.id + document.documentElement.lang;
  }
  for (const name of controllers) {
    const runs = evaluation.runs.filter((run) => run.controller === name);
    fill(get(`run-${name}`), name, runs);
  }
}

function fill(card, name, runs) {
  const share = runs.reduce((sum, run) => sum + run.fraction, 0) / runs.length;
  const seen = runs.filter((run) => run.loaded);
  const mean = (/** @type {string} */ key) => seen.reduce((sum, run) => sum + run[key], 0) / seen.length;
  const sum = (/** @type {string} */ key) => seen.reduce((total, run) => total + run[key], 0);
  if (!card.children.length) {
    card.replaceChildren(
      el("h3", {}, word(name), el("span")),
      el("progress", { max: 1, value: 0, "aria-label": word(name) }),
      el("dl", {}, ...["waiting", "travelTime", "co2"].map((key) => el("div", {}, el("dt", { text: word(key) }), el("dd", { text: "–" })))),
      el("p", { class: "hint", text: word("perVehicle") }),
    );
  }
  card.querySelector("h3 span").textContent = `${Math.floor(share * 100)}%`;
  card.querySelector("progress").value = share;
  if (!seen.length) return;
  const figures = [[mean("waitingS"), 1, "s"], [mean("travelTimeS"), 0, "s"], [mean("co2Kg"), 0, "kg"]];
  [...card.querySelectorAll("dd")].forEach((cell, i) => {
    const [value, digits, unit] = figures[i];
    cell.replaceChildren(number(value, digits), el("small", { text: unit }));
  });
  card.querySelector(".hint").textContent = `${word("perVehicle")} · ${word("arrived", { a: sum("arrived"), l: sum("loaded") })}`;
}
