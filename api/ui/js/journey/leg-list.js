/** One journey in full: a time line of its legs. */
import { el } from "../dom.js";
import { icon } from "../icons.js";
import { language, word } from "../language.js";
import { clock, distance, duration, minuteAfter } from "../times.js";

/** A line's name and colours, readable on both. @param {any} leg */
export function lineChip(leg) {
  const colors = leg.routeColor ? { background: `#${leg.routeColor}`, color: textOn(leg.routeColor, leg.routeTextColor) } : {};
  return el("span", { class: "chip", style: colors }, icon(leg.mode), el("span", { text: shortName(leg) }));
}

/** @param {any} leg */
const shortName = (leg) => leg.displayName || leg.routeShortName || leg.routeLongName || leg.mode;

/** The feed's text colour where it can be read (WCAG AA, 4.5), else black or white. */
export function textOn(background, wanted) {
  const options = [wanted, "ffffff", "101010"].filter((color) => /^[0-9a-f]{6}$/i.test(color ?? ""));
  const readable = options.find((color) => contrast(color, background) >= 4.5);
  return `#${readable ?? options.slice(-2).sort((a, b) => contrast(b, background) - contrast(a, background))[0]}`;
}

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex) {
  const [r, g, b] = [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** A place's name; a bare coordinate has the name its field shows. @param {any} place @param {{from: string, to: string}} names */
export function placeName(place, names) {
  if (place.name === "START") return names.from;
  return place.name === "END" ? names.to : place.name;
}

/** @param {any} itinerary @param {string} timezone @param {{from: string, to: string}} names */
export function legList(itinerary, timezone, names) {
  const rows = itinerary.legs.flatMap((leg, i) => {
    const next = itinerary.legs[i + 1];
    const wait = next ? (Date.parse(next.startTime) - Date.parse(leg.endTime)) / 60000 : 0;
    return [stopRow(leg.from, leg.startTime, leg, timezone, names), leg.tripId ? rideRow(leg, timezone) : walkRow(leg, wait)];
  });
  const last = itinerary.legs.at(-1);
  return el("ol", { class: "legs" }, ...rows, stopRow(last.to, minuteAfter(last.endTime), last, timezone, names));
}

function stopRow(place, time, leg, timezone, names) {
  const edge = leg.tripId && leg.routeColor ? { "border-color": `#${leg.routeColor}` } : {};
  return el(
    "li",
    { class: "stop-row" },
    el("time", { class: "at", datetime: time, text: clock(time, timezone) }),
    el("span", { class: "dot", style: edge }),
    el("span", {}, placeName(place, names), place.stopCode && el("span", { class: "code", text: place.stopCode })),
  );
}

function walkRow(leg, waitMinutes) {
  const facts = [word("walk", { n: Math.max(1, Math.round(leg.duration / 60)) })];
  if (leg.distance) facts.push(distance(leg.distance));
  if (waitMinutes >= 1) facts.push(word("wait", { n: Math.round(waitMinutes) }));
  return el("li", { class: "leg-row walk" }, el("span"), el("span", { class: "track" }), el("div", { class: "what" }, el("span", { class: "facts" }, icon(leg.mode), facts.join(" · "))));
}

function rideRow(leg, timezone) {
  const calls = leg.intermediateStops ?? [];
  return el(
    "li",
    { class: "leg-row ride", style: leg.routeColor ? { "--leg": `#${leg.routeColor}` } : {} },
    el("span"),
    el("span", { class: "track" }),
    el(
      "div",
      { class: "what" },
      el("div", { class: "facts" }, lineChip(leg), leg.headsign && el("span", { class: "toward", text: word("toward", { headsign: leg.headsign }) })),
      el("div", { class: "facts" }, `${duration(leg.duration)} · ${word("stops", { n: calls.length + 1 })}`, leg.agencyName && el("span", { text: `· ${leg.agencyName}` }), leg.approximate && badge()),
      leg.approximate && el("p", { class: "why", text: leg.approximate }),
      calls.length > 0 && el(
        "details",
        {},
        el("summary", { text: word("callsAt", { n: calls.length }) }),
        el("ol", { class: "calls" }, ...calls.map((call) => el("li", {}, el("time", { datetime: call.departure, text: clock(call.departure, timezone) }), el("span", { text: call.name })))),
      ),
    ),
  );
}

/** Says that times are estimated. */
export function badge() {
  return el("span", { class: "badge", lang: language(), text: word("estimated") });
}
