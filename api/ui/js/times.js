/** Clock times, durations and distances as people say them. */
import { language, word } from "./language.js";

/**
 * @param {string} instant RFC 3339
 * @param {string} timezone IANA
 */
export function clock(instant, timezone) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: timezone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(instant));
}

const MINUTE_MS = 60000;

/** To the whole minute after: nobody is there before what the page says. @param {string} instant */
export const minuteAfter = (instant) => new Date(Math.ceil(Date.parse(instant) / MINUTE_MS) * MINUTE_MS).toISOString();

/** Seconds from the minute shown at the start to the minute shown at the end. @param {string} start @param {string} end */
export const shownSeconds = (start, end) => (Date.parse(minuteAfter(end)) - Math.floor(Date.parse(start) / MINUTE_MS) * MINUTE_MS) / 1000;

/**
 * @param {string | Date} instant
 * @param {string} timezone
 * @returns {string} YYYY-MM-DD there
 */
export function day(instant, timezone) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: timezone, year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(instant));
}

/**
 * @param {string} timezone
 * @returns {string} now there, as an `input[type=datetime-local]` wants it
 */
export function localNow(timezone) {
  const now = new Date();
  return `${day(now, timezone)}T${clock(now.toISOString(), timezone)}`;
}

/** @param {number} seconds */
export function duration(seconds) {
  const minutes = Math.max(1, Math.round(seconds / 60));
  return minutes < 60 ? word("minutes", { n: minutes }) : word("hours", { h: Math.floor(minutes / 60), n: minutes % 60 });
}

/** @param {number} metres */
export function distance(metres) {
  if (metres < 950) return word("metres", { n: Math.max(10, Math.round(metres / 10) * 10) });
  return word("kilometres", { n: (metres / 1000).toFixed(1) });
}

/**
 * @param {number} value
 * @param {number} [digits]
 */
export const number = (value, digits = 1) =>
  new Intl.NumberFormat(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
