/** The page's state in its address, so that a link holds the whole question. */

/** @typedef {{from: string, fromName: string, to: string, toName: string, when: string, time: string, chosen: number}} Question */

/** @returns {Question} */
export function readAddress() {
  const query = new URLSearchParams(location.search);
  const read = (/** @type {string} */ name) => query.get(name) ?? "";
  const when = ["depart", "arrive"].includes(read("when")) ? read("when") : "now";
  return {
    from: read("from"), fromName: read("fromName"), to: read("to"), toName: read("toName"),
    when, time: read("time"), chosen: Number(read("chosen")) || 0,
  };
}

/** @param {Question} question @param {string} lang */
export function writeAddress(question, lang) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(question)) if (value && !(name === "when" && value === "now")) query.set(name, String(value));
  query.set("lang", lang);
  history.replaceState(null, "", `?${query}`);
}
