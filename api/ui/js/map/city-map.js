/** The map of the city: loads its lines and stops, shows a journey, tells which place was tapped. */
import { call } from "../client.js";
import { get } from "../dom.js";
import { language, onLanguage, word } from "../language.js";
import { distance } from "../times.js";
import { drawScene } from "./draw.js";
import { listen } from "./gestures.js";
import { decodePolyline, project, worldMetres } from "./mercator.js";
import { View } from "./view.js";

const TAP_REACH_PX = 18;

/** @param {{tapped: (place: {id: string, name: string}, at: {x: number, y: number}) => void, moved: () => void}} on */
export function createMap(on) {
  const canvas = /** @type {HTMLCanvasElement} */ (get("map"));
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const view = new View();
  /** @type {any} */
  const scene = { lines: [], stops: [], route: null, paint: readPaint() };
  let features = /** @type {any[]} */ ([]);
  let home = () => {};
  let isWaiting = false;

  const draw = () => {
    isWaiting = false;
    drawScene(pen, view, scene);
    showScale(view);
  };
  const changed = () => {
    on.moved();
    redraw();
  };
  const redraw = () => {
    if (!isWaiting) requestAnimationFrame(draw);
    isWaiting = true;
  };
  const resize = () => {
    const ratio = window.devicePixelRatio || 1;
    view.width = canvas.clientWidth;
    view.height = canvas.clientHeight;
    canvas.width = Math.round(view.width * ratio);
    canvas.height = Math.round(view.height * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    redraw();
  };
  const name = () => {
    scene.stops = features.map((feature) => toStop(feature)).sort((a, b) => Number(b.isStation) - Number(a.isStation));
    redraw();
  };

  new ResizeObserver(resize).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { scene.paint = readPaint(); redraw(); });
  onLanguage(name);
  listen(canvas, view, { changed, home: () => home(), tapped: (x, y) => on.tapped(findPlace(view, scene.stops, x, y), { x, y }) });
  get("zoom-in").addEventListener("click", () => { view.zoomAt(0.7); changed(); });
  get("zoom-out").addEventListener("click", () => { view.zoomAt(-0.7); changed(); });
  get("zoom-home").addEventListener("click", () => { home(); changed(); });

  return {
    /** @param {any} initial the answer of map/initial */
    async open(initial) {
      resize();
      home = () => view.centre(initial.lat, initial.lon, Math.min(initial.zoom, 12.2) + Math.log2(Math.max(0.35, Math.min(1, view.width / 900))));
      home();
      canvas.setAttribute("aria-label", word("mapLabel", { city: initial.city.names[language()] ?? initial.city.name }));
      const [lines, stops] = await Promise.all([call("/api/v1/lines"), call("/api/v1/stops")]);
      scene.lines = lines.features.map(toLine);
      features = stops.features;
      const rail = scene.lines.filter((/** @type {any} */ line) => !line.isBus).flatMap((/** @type {any} */ line) => line.parts.flat());
      if (rail.length) home = () => view.fit(rail, 46);
      if (!scene.route) home();
      name();
    },
    /** A station near the centre, and where the city's rail lines end. @param {any} initial */
    listExamples(initial) {
      const stations = scene.stops.filter((/** @type {any} */ stop) => stop.isStation);
      const nearest = (/** @type {[number, number]} */ [x, y]) => stations.toSorted((/** @type {any} */ a, /** @type {any} */ b) => Math.hypot(a.at[0] - x, a.at[1] - y) - Math.hypot(b.at[0] - x, b.at[1] - y))[0];
      const from = nearest(project(initial.lat, initial.lon));
      const rails = scene.lines.filter((/** @type {any} */ line) => !line.isBus && line.parts.length);
      const ends = rails.map((/** @type {any} */ line) => nearest(line.parts[0].at(-1)));
      return from ? [...new Set(ends)].filter((to) => to && to !== from).slice(0, 3).map((to) => ({ from, to })) : [];
    },
    /** @param {any} itinerary or null for none */
    show(itinerary) {
      scene.route = itinerary && toRoute(itinerary);
      if (scene.route) view.fit(scene.route.legs.flatMap((/** @type {any} */ leg) => leg.points), Math.min(90, view.height / 6));
      redraw();
    },
  };
}

function readPaint() {
  const style = getComputedStyle(document.documentElement);
  const token = (/** @type {string} */ key) => style.getPropertyValue(`--${key}`).trim();
  return {
    ground: token("map-ground"), grid: token("map-grid"), ink: token("map-ink"), halo: token("map-halo"),
    soft: token("ink-soft"), accent: token("accent"), font: token("font"),
  };
}

function toLine({ geometry, properties }) {
  return {
    shortName: properties.shortName,
    isBus: ["BUS", "COACH"].includes(properties.mode),
    color: properties.color ? `#${properties.color}` : "#607d8b",
    parts: geometry.coordinates.map((part) => part.map(([lon, lat]) => project(lat, lon))),
  };
}

function toStop({ geometry, properties }) {
  const [lon, lat] = geometry.coordinates;
  return {
    id: properties.id,
    at: project(lat, lon),
    name: properties.names[language()] ?? properties.name,
    code: properties.code,
    isStation: properties.isStation,
  };
}

function toRoute(itinerary) {
  const legs = itinerary.legs.map((leg) => {
    const points = decodePolyline(leg.legGeometry);
    const ends = [project(leg.from.lat, leg.from.lon), project(leg.to.lat, leg.to.lon)];
    return { points: points.length > 1 ? points : ends, isWalk: !leg.tripId, color: leg.routeColor ? `#${leg.routeColor}` : "#607d8b" };
  });
  const rides = itinerary.legs.filter((leg) => leg.tripId);
  const marks = rides.flatMap((leg) => [leg.from, leg.to]).map((place) => ({ at: project(place.lat, place.lon), label: place.name }));
  const [first, last] = [itinerary.legs[0].from, itinerary.legs.at(-1).to];
  return { legs, marks: marks.filter((mark, i) => marks.findIndex((m) => m.label === mark.label) === i), ends: [project(first.lat, first.lon), project(last.lat, last.lon)] };
}

function findPlace(view, stops, x, y) {
  let best = null;
  let nearest = TAP_REACH_PX;
  for (const stop of stops) {
    if (!stop.isStation && view.zoom < 14.3) continue;
    const [sx, sy] = view.toScreen(stop.at);
    const reach = Math.hypot(sx - x, sy - y);
    if (reach < nearest) [best, nearest] = [stop, reach];
  }
  if (best) return { id: best.id, name: best.name, code: best.code };
  const { lat, lon } = view.toPlace(x, y);
  return { id: `${lat.toFixed(5)},${lon.toFixed(5)}`, name: word("pointOnMap"), code: "" };
}

function showScale(view) {
  const { lat } = view.toPlace(view.width / 2, view.height / 2);
  const metresPerPixel = worldMetres(lat) / view.scale;
  const most = metresPerPixel * 110;
  const magnitude = 10 ** Math.floor(Math.log10(most));
  const metres = [5, 2, 1].map((n) => n * magnitude).find((n) => n <= most) ?? magnitude;
  const bar = get("scale");
  bar.textContent = metres < 1000 ? distance(metres) : word("kilometres", { n: metres / 1000 });
  bar.style.width = `${metres / metresPerPixel}px`;
}
