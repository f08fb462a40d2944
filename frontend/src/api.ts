// What is asked of the server. The token comes in the opened address behind "#", which no browser sends by itself.

import type { Job } from "./types";

const KEY = "koepel-token";

export interface Fault { where: string; field: string; found: string; mend: string }

/** What was wrong with a request, field by field. */
export class Refused extends Error {
  constructor(readonly subject: string, readonly faults: Fault[]) {
    super([subject, ...faults.map((one) => `${one.found}; ${one.mend}`)].join(": "));
  }
}

/** Take the token out of the address, so that it is not shown or shared, and keep it for a reload. */
export function takeToken(location: Location, history: History, store: Storage): string {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    store.setItem(KEY, given);
    history.replaceState(null, "", location.pathname);
  }
  return store.getItem(KEY) ?? "";
}

let token = "";

export function useToken(value: string): void {
  token = value;
}

async function answered(response: Response): Promise<any> {
  const text = await response.text();
  let body: any = null;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Refused(`${response.status}`, [{ where: "", field: "", found: text.slice(0, 200), mend: "" }]);
  }
  if (body?.error) throw new Refused(body.error.subject, body.error.faults);
  return body;
}

export async function get<T>(path: string, query: Record<string, string | number> = {}): Promise<T> {
  const words = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const address = `/api/${path}${words.size ? `?${words}` : ""}`;
  return answered(await fetch(address, { headers: { "X-Koepel-Token": token } }));
}

export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  return answered(
    await fetch(`/api/${path}`, {
      method: "POST",
      headers: { "X-Koepel-Token": token, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    }),
  );
}

/** The lines of server-sent events in a piece of text, and what is left over. */
export function eventsIn(text: string): { data: string[]; rest: string } {
  const parts = text.split("\n\n");
  const rest = parts.pop() ?? "";
  const data = parts.map((part) =>
    part.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n"),
  );
  return { data: data.filter((one) => one), rest };
}

/** Follow long work until it is over; its last word. */
export async function follow(number: number, told: (job: Job) => void): Promise<Job> {
  const response = await fetch(`/api/events?number=${number}`, { headers: { "X-Koepel-Token": token } });
  if (!response.ok || !response.body) return answered(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let last: Job | null = null;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const found = eventsIn(rest + value);
    rest = found.rest;
    for (const one of found.data) {
      last = JSON.parse(one) as Job;
      told(last);
    }
  }
  if (!last) throw new Refused("long work", [{ where: "", field: "", found: "the connection ended", mend: "load the page anew" }]);
  return last;
}
