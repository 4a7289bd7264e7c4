/** The journey page: form, journeys and map, held together by one question. */
import { call, Refusal } from "../client.js";
import { el, get } from "../dom.js";
import { language, onLanguage, startLanguage, word } from "../language.js";
import { createMap } from "../map/city-map.js";
import { day, localNow } from "../times.js";
import { readAddress, writeAddress } from "./address.js";
import { PlaceField } from "./combobox.js";
import { journeyList, listJourneys } from "./results.js";

const REFUSALS = {
  PlaceNotFound: "refusedPlace", InvalidCoordinate: "refusedCoordinate", OutsideService: "refusedDay", InternalError: "refusedBroken",
};
/** @type {any} */ let city = null;
/** @type {any} */ let initial = null;
/** @type {any} */ let answer = null;
/** @type {AbortController | null} */ let pending = null;
let cursor = "";
let chosen = 0;

const form = /** @type {HTMLFormElement} */ (get("search"));
const time = /** @type {HTMLInputElement} */ (get("time"));
const from = new PlaceField(get("from"), get("from-list"), () => fieldDone());
const to = new PlaceField(get("to"), get("to-list"), () => fieldDone());
const map = createMap({ tapped: offerSpot, moved: closeSpot });

const when = () => /** @type {RadioNodeList} */ (form.elements.namedItem("when")).value;
const cityName = () => city.names[language()] ?? city.name;
const say = (/** @type {string} */ text) => { get("status").textContent = text; };

function question() {
  return { from: from.place, fromName: from.input.value, to: to.place, toName: to.input.value, when: when(), time: when() === "now" ? "" : time.value, chosen };
}

function fieldDone() {
  if (from.place && to.place) search();
  else if (!to.place) to.input.focus();
  else from.input.focus();
}

/** @param {string} [page] a cursor */
async function search(page = "") {
  if (!from.place || !to.place) {
    say(word("needPlaces"));
    (from.place ? to : from).input.focus();
    return;
  }
  pending?.abort();
  pending = new AbortController();
  cursor = page;
  say(word("searching"));
  try {
    answer = await call("/api/v6/plan", {
      fromPlace: from.place, toPlace: to.place, language: language(), withFares: true, numItineraries: 5,
      time: when() === "now" ? "" : time.value, arriveBy: when() === "arrive", pageCursor: page,
    }, { signal: pending.signal });
  } catch (failure) {
    if (/** @type {Error} */ (failure).name === "AbortError") return;
    refuse(failure);
    return;
  }
  chosen = Math.min(chosen, Math.max(0, listJourneys(answer).length - 1));
  adopt(from, answer.from);
  adopt(to, answer.to);
  writeAddress(question(), language());
  showAnswer();
}

/** A typed name becomes the stop that the server understood. @param {PlaceField} field @param {any} place */
function adopt(field, place) {
  if (place.stopId && document.activeElement !== field.input) field.set({ id: field.chosen?.id ?? field.place, name: place.name });
}

/** @param {unknown} failure */
function refuse(failure) {
  if (!(failure instanceof Refusal)) throw failure;
  answer = null;
  map.show(null);
  say("");
  const field = { fromPlace: from, toPlace: to }[failure.parameters[0]];
  const key = REFUSALS[failure.code];
  const facts = { text: field?.input.value ?? "", first: city?.feedStart ?? "", last: city?.feedEnd ?? "" };
  // the server's own sentence is English: for what people meet, the page has words in both languages
  const text = key ? word(key, facts) : failure.message || word("offline");
  get("results").replaceChildren(el("p", { class: "problem", role: "alert", text }));
  field?.input.setAttribute("aria-invalid", "true");
}

function showAnswer() {
  for (const field of [from, to]) field.input.removeAttribute("aria-invalid");
  const journeys = listJourneys(answer);
  say(journeys.length ? word("found", { n: journeys.length }) : word("noJourney"));
  const options = {
    chosen, timezone: city.timezone, today: when() === "now" ? day(new Date(), city.timezone) : time.value.slice(0, 10), names: { from: from.input.value, to: to.input.value },
    choose, turn: (/** @type {string} */ page) => { chosen = 0; search(page); }, share,
  };
  get("results").replaceChildren(...journeyList(answer, options));
  map.show(journeys[chosen] ?? null);
}

/** @param {number} i */
function choose(i) {
  chosen = i === chosen ? -1 : i;
  writeAddress(question(), language());
  showAnswer();
  /** @type {HTMLElement | undefined} */ ([...document.querySelectorAll(".journey-head")][i])?.focus();
}

/** @param {HTMLElement} button */
async function share(button) {
  await navigator.clipboard?.writeText(location.href).catch(() => {});
  button.textContent = word("shared");
}

/** @param {{id: string, name: string, code?: string}} place @param {{x: number, y: number}} at */
function offerSpot(place, at) {
  const use = (/** @type {PlaceField} */ field) => () => { closeSpot(); field.set(place); fieldDone(); };
  const spot = get("spot");
  spot.replaceChildren(
    el("b", {}, place.name, place.code && el("span", { class: "code", text: place.code })),
    el("div", {}, el("button", { type: "button", text: word("fromHere"), on: { click: use(from) } }), el("button", { type: "button", text: word("toHere"), on: { click: use(to) } })),
  );
  spot.hidden = false;
  const { width } = get("map").getBoundingClientRect();
  spot.style.left = `${Math.min(Math.max(at.x, 130), width - 130)}px`;
  spot.style.top = `${Math.max(at.y, 110)}px`;
  spot.querySelector("button").focus({ preventScroll: true });
}

function closeSpot() {
  get("spot").hidden = true;
}

function showWhen() {
  time.hidden = when() === "now";
  if (!time.hidden && !time.value) time.value = localNow(city.timezone);
}

/** Before the first question: say what this is, and offer a few places of this city. */
function welcome() {
  const tries = map.listExamples(initial).map(({ from: a, to: b }) =>
    el("button", { type: "button", class: "quiet", text: `${a.name} → ${b.name}`, on: { click: () => { from.set(a); to.set(b); search(); } } }),
  );
  get("results").replaceChildren(
    el(
      "div",
      { class: "welcome" },
      el("h2", { text: word("welcomeTitle", { city: cityName() }) }),
      el("p", { text: word("welcomeText") }),
      tries.length > 0 && el("div", { class: "tries", role: "group", "aria-label": word("tryThese") }, ...tries),
    ),
  );
}

function showCity() {
  document.title = `${word("navJourney")} · ${cityName()} · 暢通 Changtong`;
  get("attribution").textContent = `${word("covered", { first: city.feedStart, last: city.feedEnd })} · ${city.attribution}`;
  get("map-credit").textContent = city.attribution;
}

function restore() {
  const asked = readAddress();
  if (asked.from) from.set({ id: asked.from, name: asked.fromName || asked.from });
  if (asked.to) to.set({ id: asked.to, name: asked.toName || asked.to });
  for (const radio of form.querySelectorAll("input[name=when]")) /** @type {HTMLInputElement} */ (radio).checked = /** @type {HTMLInputElement} */ (radio).value === asked.when;
  time.value = asked.time;
  chosen = asked.chosen;
}

async function start() {
  startLanguage();
  try {
    initial = await call("/api/v1/map/initial");
  } catch (failure) {
    refuse(failure);
    return;
  }
  city = initial.city;
  time.min = `${city.feedStart}T00:00`;
  time.max = `${city.feedEnd}T23:59`;
  restore();
  showCity();
  showWhen();
  welcome();
  const opened = map.open(initial);
  if (from.place && to.place) await search();
  await opened;
  if (!answer && !pending) welcome();
  document.body.dataset.ready = "true";
}

form.addEventListener("submit", (event) => { event.preventDefault(); chosen = 0; from.close(); to.close(); search(); });
form.addEventListener("change", (event) => {
  if (/** @type {HTMLInputElement} */ (event.target).name !== "when" && event.target !== time) return;
  showWhen();
  if (from.place && to.place) { chosen = 0; search(); }
});
get("swap").addEventListener("click", () => {
  const [a, b] = [from, to].map((field) => (field.input.value ? { id: field.place, name: field.input.value } : null));
  from.set(b);
  to.set(a);
  if (from.place && to.place) { chosen = 0; search(); }
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeSpot(); });
onLanguage(() => {
  if (!city) return;
  showCity();
  if (answer) search(cursor);
  else welcome();
});
start();
