/** Small pictures of modes, drawn with strokes on a 24 x 24 field. */
import { svg } from "./dom.js";

/** @type {Record<string, string>} */
const PATHS = {
  WALK: "M13 4.5a1 1 0 1 0 0-.1M11 21l2-6-3-3 1-5 3 1 2 3 3 1M10 12l-1 4-3 4M11 8 8 9l-1 3",
  BIKE: "M6 17a3 3 0 1 0 .1 0M18 17a3 3 0 1 0 .1 0M6 20l4-9h5l3 9M10 11 8 7H6m8 0h3l-2 4",
  TRAM: "M7 6h10v10a2 2 0 0 1-2 2H9a2 2 0 0 1-2-2zM7 11h10M9 3h6M12 3v3M9 18l-2 3m8-3 2 3M10 14.5h.1m3.9 0h.1",
  SUBWAY: "M6 7a4 4 0 0 1 4-4h4a4 4 0 0 1 4 4v8a3 3 0 0 1-3 3H9a3 3 0 0 1-3-3zM6 11h12M9 18l-2 3m8-3 2 3M9.5 14.5h.1m4.9 0h.1",
  BUS: "M5 5h14v12H5zM5 11h14M7 17v3m10-3v3M8 14h.1m7.9 0h.1",
  FERRY: "M4 14h16l-2 5H6zM8 14V8h8v6M12 8V4M3 21c2 0 2-1 4.500-1S10 21 12 21s2-1 4.500-1 2.500 1 4.500 1",
  PIN: "M12 21s7-6.500 7-11.500a7 7 0 0 0-14 0C5 14.500 12 21 12 21zM12 12a2.500 2.500 0 1 0-.1 0",
  HERE: "M12 8a4 4 0 1 0 .1 0M12 2v3m0 14v3M2 12h3m14 0h3",
};
/** @type {Record<string, string>} */
const SAME = { RAIL: "SUBWAY", SUBURBAN: "SUBWAY", COACH: "BUS", FLEX: "BUS", ODM: "BUS", RENTAL: "BIKE", FUNICULAR: "TRAM", CABLE_CAR: "TRAM", AERIAL_LIFT: "TRAM" };

/**
 * @param {string} mode a MOTIS mode, or PIN, HERE
 * @returns {SVGElement}
 */
export function icon(mode) {
  const path = PATHS[mode] ?? PATHS[SAME[mode]] ?? PATHS.BUS;
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: path }));
}
