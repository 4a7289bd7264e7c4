/** Which language the page speaks, and its words. The choice is kept in this browser and in the address. */
import { WORDS } from "./words.js";
import { get } from "./dom.js";

const KEY = "changtong.language";
const listeners = new Set();
let current = find();

function find() {
  const asked = new URLSearchParams(location.search).get("lang") ?? read() ?? navigator.language ?? "";
  return asked.toLowerCase().startsWith("zh") ? "zh-TW" : "en";
}

function read() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage may be forbidden
  }
}

/** @returns {"zh-TW" | "en"} */
export const language = () => /** @type {"zh-TW" | "en"} */ (current);

/**
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function word(key, values = {}) {
  const words = WORDS[current];
  const one = values.n === 1 ? words[`${key}One`] : undefined;
  const text = one ?? words[key] ?? WORDS.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** @param {() => void} listener called after each change */
export const onLanguage = (listener) => listeners.add(listener);

/** Put the words into the page's marked elements. */
function apply() {
  document.documentElement.lang = current;
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(/** @type {HTMLElement} */ (node).dataset.word ?? "");
  for (const node of document.querySelectorAll("[data-word-label]")) node.setAttribute("aria-label", word(/** @type {HTMLElement} */ (node).dataset.wordLabel ?? ""));
  for (const node of document.querySelectorAll("[data-word-placeholder]")) node.setAttribute("placeholder", word(/** @type {HTMLElement} */ (node).dataset.wordPlaceholder ?? ""));
  const button = get("language");
  button.textContent = word("otherLanguage");
  button.lang = current === "en" ? "zh-TW" : "en";
}

/** Apply the words now and let the button switch. */
export function startLanguage() {
  apply();
  get("language").addEventListener("click", () => {
    current = current === "en" ? "zh-TW" : "en";
    try {
      localStorage.setItem(KEY, current);
    } catch {
      // then it holds for this visit
    }
    apply();
    for (const listener of listeners) listener();
  });
}
