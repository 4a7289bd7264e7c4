/** Calls to our own API. A refusal becomes a `Refusal` whose message people can read. */

export class Refusal extends Error {
  /** @param {{type?: string, detail?: string, status?: number, errors?: {parameter: string, message: string}[]}} problem */
  constructor(problem) {
    super(problem.detail ?? "");
    this.status = problem.status ?? 0;
    this.code = (problem.type ?? "").split(":").at(-1) ?? "";
    this.parameters = (problem.errors ?? []).map((error) => error.parameter);
  }
}

/**
 * @param {string} path
 * @param {Record<string, string | number | boolean | undefined>} [query]
 * @param {RequestInit} [init]
 * @returns {Promise<any>}
 */
export async function call(path, query = {}, init = {}) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== "") search.set(name, String(value));
  const address = search.size ? `${path}?${search}` : path;
  const response = await fetch(address, init).catch((failure) => {
    if (failure.name === "AbortError") throw failure;
    throw new Refusal({ status: 0 });
  });
  const body = await response.json().catch(() => ({ detail: response.statusText, status: response.status }));
  if (!response.ok) throw new Refusal(body);
  return body;
}
