/** What part of the world the canvas shows: centre (unit square), zoom, size in CSS pixels. */
import { project, unproject } from "./mercator.js";

const MIN_ZOOM = 8;
const MAX_ZOOM = 18;

export class View {
  constructor() {
    this.x = 0.5;
    this.y = 0.5;
    this.zoom = 11;
    this.width = 1;
    this.height = 1;
  }

  /** Pixels across the unit square. */
  get scale() {
    return 256 * 2 ** this.zoom;
  }

  /** @param {[number, number]} point @returns {[number, number]} */
  toScreen([x, y]) {
    return [(x - this.x) * this.scale + this.width / 2, (y - this.y) * this.scale + this.height / 2];
  }

  /** @param {number} px @param {number} py */
  toPlace(px, py) {
    return unproject(this.x + (px - this.width / 2) / this.scale, this.y + (py - this.height / 2) / this.scale);
  }

  /** @param {number} dx @param {number} dy pixels */
  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
  }

  /** Zoom so that what is under (px, py) stays there. @param {number} by @param {number} px @param {number} py */
  zoomAt(by, px = this.width / 2, py = this.height / 2) {
    const before = this.scale;
    this.zoom = Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, this.zoom + by));
    const gain = 1 / before - 1 / this.scale;
    this.x += (px - this.width / 2) * gain;
    this.y += (py - this.height / 2) * gain;
  }

  /** @param {number} lat @param {number} lon @param {number} zoom */
  centre(lat, lon, zoom) {
    [this.x, this.y] = project(lat, lon);
    this.zoom = Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, zoom));
  }

  /** Show all these points with room around them. @param {[number, number][]} points @param {number} [room] */
  fit(points, room = 70) {
    if (!points.length) return;
    const xs = points.map((point) => point[0]);
    const ys = points.map((point) => point[1]);
    const [west, east, north, south] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const fill = Math.min((this.width - 2 * room) / Math.max(east - west, 1e-7), (this.height - 2 * room) / Math.max(south - north, 1e-7));
    this.x = (west + east) / 2;
    this.y = (north + south) / 2;
    this.zoom = Math.min(16, Math.max(MIN_ZOOM, Math.log2(Math.max(fill, 1) / 256)));
  }
}
