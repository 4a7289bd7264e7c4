/** Web Mercator: the world as the unit square, y down. */

/**
 * @param {number} lat
 * @param {number} lon
 * @returns {[number, number]}
 */
export function project(lat, lon) {
  const rad = (Math.min(85, Math.max(-85, lat)) * Math.PI) / 180;
  return [(lon + 180) / 360, (1 - Math.log(Math.tan(rad) + 1 / Math.cos(rad)) / Math.PI) / 2];
}

/**
 * @param {number} x
 * @param {number} y
 * @returns {{lat: number, lon: number}}
 */
export function unproject(x, y) {
  return { lat: (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI, lon: x * 360 - 180 };
}

/** Metres across one unit of the square at that latitude. @param {number} lat */
export const worldMetres = (lat) => 40075016.686 * Math.cos((lat * Math.PI) / 180);

/**
 * Google's encoded polyline to projected points.
 * @param {{points: string, precision: number}} encoded
 * @returns {[number, number][]}
 */
export function decodePolyline({ points, precision }) {
  const scale = 10 ** precision;
  /** @type {[number, number][]} */
  const line = [];
  const at = [0, 0];
  let axis = 0;
  let value = 0;
  let shift = 1; // a power of two: bit operations would overflow 32 bits
  for (const sign of points) {
    const bits = sign.charCodeAt(0) - 63;
    value += (bits & 31) * shift;
    shift *= 32;
    if (bits >= 32) continue;
    at[axis] += value % 2 ? -(value + 1) / 2 : value / 2;
    if (axis) line.push(project(at[0] / scale, at[1] / scale));
    axis = 1 - axis;
    value = 0;
    shift = 1;
  }
  return line;
}
