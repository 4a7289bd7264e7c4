/** The order: scenario, controllers, number of seeds. */
import { el, get } from "../dom.js";
import { word } from "../language.js";

export const CONTROLLERS = ["fixed", "actuated", "coordinated", "max_pressure", "adaptive"];
const CHOSEN_AT_FIRST = new Set(["fixed", "actuated", "adaptive"]);
const FIRST_SCENARIO = "corridor";

/** @type {any[]} */ let scenarios = [];

/** @param {any[]} known */
export function showForm(known) {
  scenarios = known;
  const select = get("scenario");
  const kept = select.value || (known.some((s) => s.name === FIRST_SCENARIO) ? FIRST_SCENARIO : known[0]?.name);
  select.replaceChildren(...known.map((s) => el("option", { value: s.name, text: `${s.name} · ${s.title}` })));
  select.value = kept;
  select.onchange = about;
  about();
  const ticked = new Set(chosenControllers());
  const first = !get("controllers").children.length;
  get("controllers").replaceChildren(...CONTROLLERS.map((name) => box(name, first ? CHOSEN_AT_FIRST.has(name) : ticked.has(name))));
}

function box(name, isTicked) {
  const input = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", name: "controller", value: name }));
  input.checked = isTicked;
  return el("label", {}, input, el("b", { text: word(name) }), el("small", { text: word(`${name}About`) }));
}

function about() {
  const scenario = scenarios.find((s) => s.name === get("scenario").value);
  if (!scenario) return;
  const parts = [word("minutesLong", { n: Math.round(scenario.minutes) }), scenario.license && word("license", { license: scenario.license })];
  get("scenario-about").textContent = parts.filter(Boolean).join(" · ");
}

const chosenControllers = () => [...document.querySelectorAll("input[name=controller]:checked")].map((input) => /** @type {HTMLInputElement} */ (input).value);

/** What is ordered now. */
export function readOrder() {
  const count = Math.min(10, Math.max(1, Math.round(Number(get("seeds").value)) || 1));
  return { scenario: get("scenario").value, controllers: chosenControllers(), seeds: Array.from({ length: count }, (_, i) => i + 1) };
}
