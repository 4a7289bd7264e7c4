/** The list of journeys: times, duration, changes, walking, lines; the chosen one opens. */
import { el } from "../dom.js";
import { icon } from "../icons.js";
import { word } from "../language.js";
import { clock, day, duration, minuteAfter, shownSeconds } from "../times.js";
import { badge, legList, lineChip } from "./leg-list.js";

/**
 * @typedef {{chosen: number, timezone: string, today: string, names: {from: string, to: string},
 *   choose: (index: number) => void, turn: (cursor: string) => void, share: (button: HTMLElement) => void}} Options
 */

/** All journeys that can be chosen: with transit, then without. @param {any} answer */
export const listJourneys = (answer) => [...answer.itineraries, ...answer.direct];

/**
 * @param {any} answer a reply of `plan`
 * @param {Options} options
 */
export function journeyList(answer, options) {
  const journeys = listJourneys(answer);
  const cards = journeys.map((journey, i) => card(journey, i, options));
  const step = (/** @type {string} */ key, /** @type {string} */ cursor) =>
    el("button", { type: "button", class: "page-step", text: word(key), on: { click: () => options.turn(cursor) } });
  return [
    step("earlier", answer.previousPageCursor),
    cards.length ? el("ol", {}, ...cards) : el("p", { class: "welcome", text: word("noJourney") }),
    step("later", answer.nextPageCursor),
    answer.notices.length > 0 && el("details", { class: "notices" }, el("summary", { text: word("aboutTimes") }), el("ul", {}, ...answer.notices.map((text) => el("li", { text })))),
  ].filter(Boolean);
}

function card(journey, i, options) {
  const isChosen = i === options.chosen;
  const id = `journey-${i}`;
  return el(
    "li",
    { class: isChosen ? "journey chosen" : "journey" },
    head(journey, i, isChosen, id, options),
    isChosen && el("div", { id }, legList(journey, options.timezone, options.names), tools(options)),
  );
}

function head(journey, i, isChosen, id, options) {
  const { timezone } = options;
  const [start, end] = [clock(journey.startTime, timezone), clock(minuteAfter(journey.endTime), timezone)];
  const length = duration(shownSeconds(journey.startTime, journey.endTime));
  const rides = journey.legs.filter((leg) => leg.tripId);
  const walk_s = journey.legs.filter((leg) => !leg.tripId).reduce((sum, leg) => sum + leg.duration, 0);
  const changes = rides.length ? changesWord(journey.transfers) : word("walkOnly");
  const isOtherDay = day(journey.startTime, timezone) !== options.today;
  const fare = journey.fareTransfers?.[0]?.effectiveFareLegProducts?.[0]?.[0]?.[0];
  return el(
    "button",
    {
      type: "button", class: "journey-head", "aria-expanded": String(isChosen), "aria-controls": isChosen && id,
      "aria-label": word("journeyLabel", { start, end, duration: length, transfers: changes }),
      on: { click: () => options.choose(i) },
    },
    el("span", { class: "journey-times" }, `${start} – ${end}`, isOtherDay && el("span", { class: "next-day", text: day(journey.startTime, timezone) }), el("span", { class: "duration", text: length })),
    el("span", { class: "chips" }, ...chips(journey)),
    el(
      "span",
      { class: "journey-facts" },
      el("span", { text: changes }),
      rides.length > 0 && walk_s >= 30 && el("span", { text: word("walk", { n: Math.max(1, Math.round(walk_s / 60)) }) }),
      fare && el("span", { text: fareWord(fare) }),
      rides.some((leg) => leg.approximate) && badge(),
    ),
  );
}

/** @param {number} n */
const changesWord = (n) => (n ? word("transfers", { n }) : word("noTransfer"));

/** @param {{amount: number, currency: string}} fare */
function fareWord({ amount, currency }) {
  const format = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency, maximumFractionDigits: 0 });
  return format.format(amount);
}

function chips(journey) {
  const shown = journey.legs.filter((leg) => leg.tripId || journey.legs.length === 1 || leg.duration >= 60);
  return shown.flatMap((leg, i) => [
    i > 0 && el("span", { class: "then", "aria-hidden": "true" }),
    leg.tripId ? lineChip(leg) : el("span", { class: "chip on-foot" }, icon(leg.mode), String(Math.max(1, Math.round(leg.duration / 60)))),
  ]).filter(Boolean);
}

function tools(options) {
  return el("div", { class: "journey-tools" }, el("button", { type: "button", class: "quiet", text: word("share"), on: { click: (event) => options.share(event.currentTarget) } }));
}
