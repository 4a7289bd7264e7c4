/** Draws the network and a journey on a canvas. Points are projected once; a frame only scales them. */

/**
 * @typedef {{color: string, isBus: boolean, parts: [number, number][][], shortName: string}} Line
 * @typedef {{id: string, at: [number, number], name: string, code: string, isStation: boolean}} Stop
 * @typedef {{at: [number, number], label: string}} Mark
 * @typedef {{legs: {points: [number, number][], color: string, isWalk: boolean}[], marks: Mark[], ends: [number, number][]}} Route
 * @typedef {{ground: string, grid: string, ink: string, halo: string, soft: string, accent: string, font: string}} Paint
 */

const STOPS_FROM_ZOOM = 14.3;
const STATION_LABELS_FROM_ZOOM = 10.8;
const STOP_LABELS_FROM_ZOOM = 16;

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {import("./view.js").View} view
 * @param {{lines: Line[], stops: Stop[], route: Route | null, paint: Paint}} scene
 */
export function drawScene(pen, view, scene) {
  const { lines, stops, route, paint } = scene;
  pen.fillStyle = paint.ground;
  pen.fillRect(0, 0, view.width, view.height);
  drawGrid(pen, view, paint);
  pen.lineJoin = "round";
  pen.lineCap = "round";
  const dim = route ? 0.3 : 1;
  for (const line of lines) if (line.isBus) stroke(pen, view, line.parts, line.color, 1.1 + Math.max(0, view.zoom - 13) * 0.5, Math.min(0.6, 0.2 + Math.max(0, view.zoom - 12) * 0.1) * dim);
  const width = Math.max(2.4, Math.min(7, (view.zoom - 8) * 0.95));
  for (const line of lines) if (!line.isBus) stroke(pen, view, line.parts, paint.halo, width + 2.5, dim);
  for (const line of lines) if (!line.isBus) stroke(pen, view, line.parts, line.color, width, dim);
  const taken = new Labels(pen, paint);
  if (route) drawRoute(pen, view, route, paint, taken, width);
  const named = new Set(route?.marks.map((mark) => mark.label));
  drawStops(pen, view, stops, paint, taken, dim, named);
}

/** A quiet grid, so that panning is felt where there is nothing else. */
function drawGrid(pen, view, paint) {
  const step = view.scale / 2 ** (Math.round(view.zoom) + 1);
  const [x0, y0] = view.toScreen([0, 0]);
  pen.strokeStyle = paint.grid;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let x = ((x0 % step) + step) % step; x < view.width; x += step) { pen.moveTo(x, 0); pen.lineTo(x, view.height); }
  for (let y = ((y0 % step) + step) % step; y < view.height; y += step) { pen.moveTo(0, y); pen.lineTo(view.width, y); }
  pen.stroke();
}

function stroke(pen, view, parts, color, width, alpha) {
  pen.globalAlpha = alpha;
  pen.strokeStyle = color;
  pen.lineWidth = width;
  pen.beginPath();
  for (const part of parts) {
    part.forEach((point, i) => {
      const [x, y] = view.toScreen(point);
      if (i) pen.lineTo(x, y);
      else pen.moveTo(x, y);
    });
  }
  pen.stroke();
  pen.globalAlpha = 1;
}

function drawStops(pen, view, stops, paint, taken, dim, named) {
  const shown = [];
  for (const stop of stops) {
    if (view.zoom < (stop.isStation ? 10 : STOPS_FROM_ZOOM) || named.has(stop.name)) continue; // a journey names its own
    const [x, y] = view.toScreen(stop.at);
    if (x > -20 && y > -20 && x < view.width + 20 && y < view.height + 20) shown.push({ stop, x, y });
  }
  pen.globalAlpha = dim;
  for (const { stop, x, y } of shown) {
    const radius = stop.isStation ? Math.max(2, Math.min(6, view.zoom - 9)) : 2.6;
    dot(pen, x, y, radius, paint.halo, stop.isStation ? paint.ink : paint.soft, stop.isStation ? 1.8 : 1.2);
    taken.block(x, y, radius);
  }
  for (const { stop, x, y } of shown) {
    if (view.zoom < (stop.isStation ? STATION_LABELS_FROM_ZOOM : STOP_LABELS_FROM_ZOOM)) continue;
    taken.put(stop.name, x, y, stop.isStation && view.zoom > 12 ? 12.5 : 11, stop.isStation ? 500 : 400);
  }
  pen.globalAlpha = 1;
}

function drawRoute(pen, view, route, paint, taken, width) {
  for (const leg of route.legs) {
    pen.setLineDash(leg.isWalk ? [0.1, 9] : []);
    if (leg.isWalk) stroke(pen, view, [leg.points], paint.ink, 5, 0.85);
    else {
      stroke(pen, view, [leg.points], paint.halo, width + 7, 1);
      stroke(pen, view, [leg.points], leg.color, width + 3, 1);
    }
  }
  pen.setLineDash([]);
  for (const end of route.ends) taken.block(...view.toScreen(end), 8);
  for (const mark of route.marks) {
    const [x, y] = view.toScreen(mark.at);
    dot(pen, x, y, 5.5, paint.halo, paint.ink, 2.4);
    taken.put(mark.label, x, y, 14, 650);
  }
  route.ends.forEach((end, i) => {
    const [x, y] = view.toScreen(end);
    dot(pen, x, y, 8, i ? paint.accent : paint.halo, i ? paint.halo : paint.accent, 4);
  });
}

function dot(pen, x, y, radius, fill, edge, width) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fillStyle = fill;
  pen.strokeStyle = edge;
  pen.lineWidth = width;
  pen.fill();
  pen.stroke();
}

/** Names beside their points, left out where they would cover one another. */
class Labels {
  constructor(pen, paint) {
    this.pen = pen;
    this.paint = paint;
    /** @type {number[][]} */
    this.boxes = [];
  }

  /** Keep a place free of names. */
  block(x, y, reach) {
    this.boxes.push([x - reach, y - reach, x + reach, y + reach]);
  }

  put(text, x, y, size, weight) {
    const { pen } = this;
    pen.font = `${weight} ${size}px ${this.paint.font}`;
    const width = pen.measureText(text).width;
    const over = size * 1.25;
    for (const [left, at] of [[x + 11, y], [x - 11 - width, y], [x - width / 2, y - over], [x - width / 2, y + over]]) {
      const box = [left - 2, at - size * 0.75, left + width + 2, at + size * 0.75];
      if (this.boxes.some((b) => b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1])) continue;
      this.boxes.push(box);
      pen.textBaseline = "middle";
      pen.lineWidth = 3.5;
      pen.strokeStyle = this.paint.halo;
      pen.strokeText(text, left, at);
      pen.fillStyle = this.paint.ink;
      pen.fillText(text, left, at);
      return;
    }
  }
}
