/** A place field with suggestions: the ARIA 1.2 combobox pattern (list autocomplete, manual selection). */
import { call } from "../client.js";
import { el } from "../dom.js";
import { icon } from "../icons.js";
import { language, word } from "../language.js";

const PAUSE_MS = 120;
const MOST = 8;

/** @typedef {{id: string, name: string}} Chosen */

export class PlaceField {
  /**
   * @param {HTMLInputElement} input
   * @param {HTMLElement} list
   * @param {() => void} changed called when a place was chosen from the list
   */
  constructor(input, list, changed) {
    this.input = input;
    this.list = list;
    this.changed = changed;
    /** @type {Chosen | null} */
    this.chosen = null;
    /** @type {any[]} */
    this.matches = [];
    this.active = -1;
    this.timer = 0;
    /** @type {AbortController | null} */
    this.pending = null;
    list.setAttribute("role", "listbox");
    for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list" })) input.setAttribute(name, value);
    input.addEventListener("input", () => this.typed());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("focus", () => input.select());
    input.addEventListener("blur", () => this.close());
  }

  /** What `plan` takes: the chosen place's id, or the text as it stands. */
  get place() {
    return this.chosen ? this.chosen.id : this.input.value.trim();
  }

  /** @param {Chosen | null} chosen */
  set(chosen) {
    this.chosen = chosen;
    this.input.value = chosen ? chosen.name : "";
    this.close();
  }

  typed() {
    this.chosen = null;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.suggest(), PAUSE_MS);
  }

  async suggest() {
    const text = this.input.value.trim();
    this.pending?.abort();
    if (!text) return this.close();
    this.pending = new AbortController();
    try {
      const matches = await call("/api/v1/geocode", { text, language: language(), numResults: MOST }, { signal: this.pending.signal });
      if (document.activeElement === this.input && !this.chosen) this.open(matches, text);
    } catch (failure) {
      if (/** @type {Error} */ (failure).name !== "AbortError") this.close();
    }
  }

  /** @param {any[]} matches @param {string} text */
  open(matches, text) {
    this.matches = matches;
    this.active = -1;
    const rows = matches.map((match, i) => this.row(match, i));
    this.list.replaceChildren(...(rows.length ? rows : [el("li", { class: "none", "aria-disabled": "true", text: word("noMatch", { text }) })]));
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
  }

  row(match, i) {
    const others = Object.entries(match.names ?? {}).filter(([, name]) => name !== match.name).map(([, name]) => name);
    return el(
      "li",
      { role: "option", id: `${this.list.id}-${i}`, "aria-selected": "false", on: { mousedown: (event) => { event.preventDefault(); this.choose(i); } } },
      icon(match.modes?.[0] ?? "PIN"),
      el("span", { class: "names" }, el("span", { text: match.name }), others.length > 0 && el("span", { class: "second", text: others[0] })),
      match.stopCode && el("span", { class: "code", text: match.stopCode }),
    );
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.isComposing) return; // Chinese input methods use the same keys
    if (event.key === "Escape") return this.close();
    if (event.key === "Enter" && !this.list.hidden && this.active >= 0) {
      event.preventDefault();
      return this.choose(this.active);
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !this.matches.length || this.list.hidden) return undefined;
    event.preventDefault();
    this.active = (this.active + step + this.matches.length) % this.matches.length;
    [...this.list.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === this.active)));
    this.list.children[this.active].scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", `${this.list.id}-${this.active}`);
    return undefined;
  }

  /** @param {number} i */
  choose(i) {
    const match = this.matches[i];
    this.set({ id: match.id, name: match.name });
    this.changed();
  }

  close() {
    clearTimeout(this.timer);
    this.pending?.abort();
    this.list.hidden = true;
    this.matches = [];
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
