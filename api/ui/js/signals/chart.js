/** Small horizontal bar charts with interval whiskers. */
import { el, svg } from "../dom.js";
import { word } from "../language.js";
import { number } from "../times.js";

const WIDTH = 300;
const ROW = 50;
const BAR = 16;

/**
 * @param {string} caption
 * @param {{name: string, mean: number, ci95: [number, number] | null}[]} rows
 * @param {number} digits
 */
export function barChart(caption, rows, digits) {
  const most = Math.max(...rows.map((row) => Math.max(row.mean, row.ci95?.[1] ?? 0)), 1e-9);
  const x = (/** @type {number} */ value) => (Math.max(0, value) / most) * (WIDTH - 70);
  const label = rows.map((row) => `${word(row.name)} ${number(row.mean, digits)}`).join(", ");
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${rows.length * ROW}`, role: "img", "aria-label": `${caption}: ${label}` });
  rows.forEach((row, i) => {
    const y = i * ROW;
    const group = svg("g", { class: `series-${row.name}` });
    const end = Math.max(x(row.mean), row.ci95 ? x(row.ci95[1]) : 0);
    group.append(
      svg("text", { class: "name", x: 0, y: y + 13 }, word(row.name)),
      svg("rect", { class: "bar-value", x: 0, y: y + 19, width: Math.max(2, x(row.mean)), height: BAR, rx: 4 }),
      svg("text", { x: end + 7, y: y + 32 }, number(row.mean, digits)),
    );
    if (row.ci95) group.append(svg("path", { class: "whisker", d: whisker(x(row.ci95[0]), x(row.ci95[1]), y + 19 + BAR / 2), fill: "none" }));
    picture.append(group);
  });
  return el("figure", { class: "chart" }, el("figcaption", { text: caption }), picture);
}

const whisker = (/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ y) => `M${from} ${y - 5}v10M${from} ${y}H${to}M${to} ${y - 5}v10`;
