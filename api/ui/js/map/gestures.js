/** Mouse, touch, wheel and keyboard on the map. Decides only how far to move; `changed` redraws. */

const STEP_PX = 80;
const TAP_PX = 6;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./view.js").View} view
 * @param {{changed: () => void, tapped: (x: number, y: number) => void, home: () => void}} on
 */
export function listen(canvas, view, on) {
  /** @type {Map<number, {x: number, y: number}>} */
  const pointers = new Map();
  let moved = 0;
  const place = (/** @type {MouseEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    if (!pointers.size) moved = 0;
    pointers.set(event.pointerId, place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    const last = pointers.get(event.pointerId);
    if (!last) return;
    const now = place(event);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const ratio = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(last.x - other.x, last.y - other.y));
      view.zoomAt(Math.log2(Math.max(0.2, ratio)), (now.x + other.x) / 2, (now.y + other.y) / 2);
      view.pan((now.x - last.x) / 2, (now.y - last.y) / 2);
    } else {
      view.pan(now.x - last.x, now.y - last.y);
    }
    moved += Math.hypot(now.x - last.x, now.y - last.y);
    if (moved > TAP_PX) canvas.classList.add("dragging");
    pointers.set(event.pointerId, now);
    on.changed();
  });
  const release = (/** @type {PointerEvent} */ event) => {
    const at = pointers.get(event.pointerId);
    pointers.delete(event.pointerId);
    canvas.classList.remove("dragging");
    if (at && event.type === "pointerup" && !pointers.size && moved <= TAP_PX) on.tapped(at.x, at.y);
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);

  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { x, y } = place(event);
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1;
    view.zoomAt(Math.max(-1, Math.min(1, (-event.deltaY * lines) / 300)), x, y);
    on.changed();
  }, { passive: false });

  canvas.addEventListener("keydown", (event) => {
    const act = {
      ArrowLeft: () => view.pan(STEP_PX, 0), ArrowRight: () => view.pan(-STEP_PX, 0),
      ArrowUp: () => view.pan(0, STEP_PX), ArrowDown: () => view.pan(0, -STEP_PX),
      "+": () => view.zoomAt(0.5), "=": () => view.zoomAt(0.5), "-": () => view.zoomAt(-0.5),
      Home: on.home, Enter: () => on.tapped(view.width / 2, view.height / 2),
    }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
    on.changed();
  });
}
