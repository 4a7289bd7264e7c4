/** Follows an evaluation: server-sent events tell that there is news; without them it asks every second. */
import { call } from "../client.js";

const POLL_MS = 1000;
const REFRESH_MS = 250;
const FINAL = new Set(["done", "failed"]);

/**
 * @param {string} id
 * @param {(evaluation: any) => void} changed called with the whole evaluation each time
 * @param {(failure: unknown) => void} lost
 * @returns {() => void} stops following
 */
export function watch(id, changed, lost) {
  const path = `/api/v1/signals/evaluations/${id}`;
  let isOver = false;
  let timer = 0;
  let misses = 0;
  let isDue = false; // a refresh is about to come: more events change nothing
  const source = "EventSource" in window ? new EventSource(`${path}/events`) : null;

  const stop = () => {
    isOver = true;
    clearTimeout(timer);
    source?.close();
  };
  const refresh = async () => {
    isDue = false;
    try {
      const evaluation = await call(path);
      misses = 0;
      if (isOver) return;
      if (FINAL.has(evaluation.state)) stop();
      changed(evaluation);
    } catch (failure) {
      misses += 1;
      if (misses > 30) { stop(); lost(failure); }
    }
    if (!isOver && !isDue) soon(source?.readyState === EventSource.OPEN ? 5 * POLL_MS : POLL_MS);
  };
  const soon = (/** @type {number} */ pause) => {
    clearTimeout(timer);
    timer = window.setTimeout(refresh, pause);
  };
  const news = () => {
    if (isOver || isDue) return;
    isDue = true;
    soon(REFRESH_MS);
  };
  source?.addEventListener("run", news);
  source?.addEventListener("state", news);
  refresh();
  return stop;
}
