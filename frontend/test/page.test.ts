// Words, numbers, colours, charts, and what comes over the wire.
import { describe, expect, it } from "vitest";
import { eventsIn, takeToken } from "../src/api";
import { Asking } from "../src/asking";
import { bandPath, calendarCell, daysBetween, niceEnd } from "../src/charts";
import { belongs } from "../src/panels";
import { beside, riskScale, snapped } from "../src/country";
import { breaks, evenBreaks, nice, step } from "../src/palette";
import { MESSAGES, clock, number, signed, t } from "../src/texts";
import { linePath, looped } from "../src/timeline";
import type { AreaAnswer } from "../src/types";

(globalThis as any).document = { documentElement: { dataset: {} } };

describe("texts", () => {
  it("has every message in every language, with the same gaps", () => {
    const gaps = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((one) => one[1]).sort();
    for (const [language, messages] of Object.entries(MESSAGES)) {
      expect(Object.keys(messages).sort(), language).toEqual(Object.keys(MESSAGES.en).sort());
      for (const [key, text] of Object.entries(messages)) expect(gaps(text), `${language}: ${key}`).toEqual(gaps(MESSAGES.en[key]));
    }
  });
  it("fills gaps once: what is put in is not looked at again", () => {
    expect(t("saved", { name: "{name}.yaml" })).toBe("Saved as {name}.yaml.");
  });
  it("writes numbers and clocks", () => {
    expect([0.12345, 12.345, 5481.2, null, NaN].map((one) => number(one))).toEqual(["0.123", "12.3", "5,481", "–", "–"]);
    expect([0.5, -0.5, 0].map((one) => signed(one))).toEqual(["+0.5", "\u22120.5", "0"]);
    expect([0, 3661, -61].map((one) => clock(one))).toEqual(["00:00:00", "01:01:01", "\u221200:01:01"]);
  });
});

describe("colours", () => {
  it("steps end at round numbers that rise", () => {
    const ends = breaks([0, 0.011, 0.2, 0.3, 1.7, 2.6, 9]);
    expect(ends).toEqual([...new Set(ends)].sort((a, b) => a - b));
    expect(ends.every((end) => nice(end) === end)).toBe(true);
    expect(breaks([0, 0])).toEqual([]);
  });
  it("makes equal steps for a calendar", () => {
    expect(evenBreaks([42, 60, 118])).toEqual([60, 80, 100]);
    expect(evenBreaks([5, 5])).toEqual([]);
    const many = evenBreaks([0.3, 17]);
    expect(many.length).toBeLessThanOrEqual(4);
    expect(many.every((end, k) => k === 0 || end > many[k - 1])).toBe(true);
  });
  it("puts a value in its step", () => {
    expect([0, 1, 1.5, 2, 9].map((one) => step(one, [1, 2]))).toEqual([0, 1, 1, 2, 2]);
  });
});

describe("risk by area", () => {
  const area = (change: number, half: number, stopped = {}): AreaAnswer => ({ impacts: 1, half: 0.1, change, change_half: half, stopped, aimed: 1 });
  it("shows no change where it is not told apart from none", () => {
    expect(riskScale([area(0.5, 0.6), area(-0.5, 0.1)], "change").values).toEqual([null, -0.5]);
  });
  it("colours less in one hue and more in the other", () => {
    const { values, ends } = riskScale([area(-1, 0.1), area(1, 0.1)], "change");
    expect(step(values[0]!, ends)).toBeLessThan(3);
    expect(step(values[1]!, ends)).toBeGreaterThan(2);
  });
  it("turns the share stopped into the share that comes through, nothing where nobody came", () => {
    expect(riskScale([area(0, 0, { drone: 0.9 }), area(0, 0)], "stopped:drone").values).toEqual([expect.closeTo(0.1, 9), null]);
  });
});

describe("places", () => {
  it("snap to the grid of a real country, and stay free in an invented one", () => {
    expect(snapped([30.74, 50.26], 0.5)).toEqual([30.5, 50.5]);
    expect(snapped([30.12345678, 50.1], null)).toEqual([30.1235, 50.1]);
  });
  it("that are the same are drawn apart", () => {
    const drawn = Array.from({ length: 19 }, (_, k) => beside(k));
    for (let i = 0; i < 19; i++) for (let j = 0; j < i; j++) expect(Math.hypot(drawn[i][0] - drawn[j][0], drawn[i][1] - drawn[j][1])).toBeGreaterThan(7);
  });
});

describe("time lines", () => {
  it("goes from corner to corner", () => {
    expect(linePath([0, 10], [0, 5], 0, 10, 5)).toBe("M0.0 80.0L1000.0 8.0");
  });
  it("plays a chosen span over and over", () => {
    expect([5, 15, 25, 45].map((one) => looped(one, [10, 20]))).toEqual([10, 15, 15, 15]);
  });
});

describe("questions that change something", () => {
  it("are asked in order, of waiting glances only the last, and no settled one is lost", async () => {
    const asking = new Asking();
    const done: string[] = [];
    const slow = (name: string) => async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      done.push(name);
    };
    await Promise.all([
      asking.ask(slow("glance 1"), false), asking.ask(slow("glance 2"), false), asking.ask(slow("glance 3"), false),
      asking.ask(slow("drop 1")), asking.ask(slow("glance 4"), false), asking.ask(slow("glance 5"), false), asking.ask(slow("drop 2")),
    ]);
    expect(done).toEqual(["glance 1", "drop 1", "drop 2"]);
  });
  it("go on after one that failed", async () => {
    const asking = new Asking();
    const failed = asking.ask(async () => { throw new Error("no"); });
    const fine = asking.ask(async () => {});
    await expect(failed).rejects.toThrow("no");
    await fine;
  });
});

describe("charts", () => {
  it("counts days over a change of summer time, and weeks from Monday", () => {
    expect(daysBetween("2025-03-29", "2025-03-31")).toBe(2);
    expect(calendarCell("2025-06-01", "2025-06-01")).toEqual([0, 6]); // a Sunday
    expect(calendarCell("2025-06-01", "2025-06-02")).toEqual([1, 0]);
  });
  it("closes a band", () => {
    expect(bandPath([0, 1], [2, 3], (i) => i, (v) => v)).toBe("M0.0 2.0L1.0 3.0L1.0 1.0L0.0 0.0Z");
  });
  it("ends an axis above the largest value", () => {
    for (const value of [1, 7, 99, 229, 1234]) expect(niceEnd(value)).toBeGreaterThanOrEqual(value);
  });
});

describe("the wire", () => {
  it("reads server-sent events in pieces", () => {
    const first = eventsIn('data: {"a":1}\n\ndata: {"a"');
    expect(first).toEqual({ data: ['{"a":1}'], rest: 'data: {"a"' });
    expect(eventsIn(first.rest + ":2}\n\n").data).toEqual(['{"a":2}']);
  });
  it("takes the token out of the address and keeps it for a reload", () => {
    const kept = new Map<string, string>();
    const store = { setItem: (k: string, v: string) => kept.set(k, v), getItem: (k: string) => kept.get(k) ?? null } as unknown as Storage;
    let shown = "";
    const history = { replaceState: (_: unknown, __: string, url: string) => { shown = url; } } as unknown as History;
    expect(takeToken({ hash: "#token=abc", pathname: "/" } as Location, history, store)).toBe("abc");
    expect(shown).toBe("/");
    expect(takeToken({ hash: "", pathname: "/" } as Location, history, store)).toBe("abc");
  });
  it("finds the field of a fault", () => {
    expect(belongs("magazines.pac3-mse.ready", "pac3-mse.ready")).toBe(true);
    expect(belongs("pac3-mse.ballistic.salvo", "salvo")).toBe(true);
    expect(belongs("salvo", "looks")).toBe(false);
  });
});
