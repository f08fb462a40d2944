// Pictures of a campaign and of purchases, in plain SVG.

import { h, svg } from "./dom";
import * as palette from "./palette";
import { number, t } from "./texts";
import type { Order, Season } from "./types";

const DAY_MS = 86_400_000;

/** Whole days from one date to another. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
}

/** Column and row of a day in a calendar of weeks that begin on Monday. */
export function calendarCell(first: string, day: string): [number, number] {
  const weekday = (date: string) => (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
  return [Math.floor((daysBetween(first, day) + weekday(first)) / 7), weekday(day)];
}

/** A calendar whose cells are coloured by a number for each day. */
export function calendar(season: Season): SVGElement {
  const size = 15;
  const ends = palette.evenBreaks(season.leaked);
  const colours = palette.amounts();
  const weeks = calendarCell(season.begins, season.days[season.days.length - 1])[0] + 1;
  const cells = season.days.map((day, i) => {
    const [week, row] = calendarCell(season.begins, day);
    const value = season.leaked[i];
    const cell = svg("rect", {
      x: week * size, y: 18 + row * size, width: size - 2, height: size - 2, rx: 2, class: "day",
      fill: value > 0 ? colours[palette.step(value, ends)] : palette.land(),
    });
    cell.append(svg("title", {}, t("campaign.day", {
      day, leaked: number(value), low: number(season.leaked_range[0][i]), high: number(season.leaked_range[1][i]), threats: number(season.threats[i]),
    })));
    return cell;
  });
  const months = season.days.flatMap((day) =>
    day.endsWith("-01") || day === season.begins
      ? [svg("text", { x: calendarCell(season.begins, day)[0] * size, y: 12, class: "tick" }, day.slice(0, 7))] : []);
  const kept = months.filter((_, i) => i === 0 || i > 1 || season.begins.slice(8) <= "10");
  const legend = colours.slice(0, ends.length + 1).map((colour, k) =>
    svg("g", { transform: `translate(${k * 92}, ${18 + 7 * size + 8})` },
      svg("rect", { width: 12, height: 12, fill: colour }),
      svg("text", { x: 17, y: 10, class: "tick" }, k === 0 ? (ends.length ? `< ${number(ends[0])}` : "") : k === ends.length ? `≥ ${number(ends[k - 1])}` : `${number(ends[k - 1])} – ${number(ends[k])}`)));
  const width = Math.max(weeks * size, legend.length * 92);
  return svg("svg", { viewBox: `0 0 ${width} ${18 + 7 * size + 28}`, width, height: 18 + 7 * size + 28, role: "img", "aria-label": t("campaign.calendar") }, ...kept, ...cells, ...legend);
}

/** A band between two rows of numbers, as the path of an SVG. */
export function bandPath(low: number[], high: number[], x: (i: number) => number, y: (value: number) => number): string {
  const up = high.map((value, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const down = low.map((value, i) => [i, value] as const).reverse().map(([i, value]) => `L${x(i).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  return `${up}${down}Z`;
}

/** A round number of at least this, for the end of an axis. */
export function niceEnd(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10].map((one) => one * power).find((one) => one >= value * (1 - 1e-9))!;
}

/** A stock by day: median, half and 90 % of the runs. */
export function fan(season: Season, effector: string): SVGElement {
  const [width, height, left, top] = [560, 190, 56, 10];
  const rows = season.stocks[effector];
  const most = niceEnd(Math.max(...rows[4], 1));
  const n = season.days.length;
  const x = (i: number) => left + (i / Math.max(n - 1, 1)) * (width - left - 10);
  const y = (value: number) => top + (1 - value / most) * (height - top - 24);
  const ticks = [0, most / 2, most].map((value) => svg("g", {},
    svg("line", { x1: left, x2: width - 10, y1: y(value), y2: y(value), class: "rule" }),
    svg("text", { x: left - 6, y: y(value) + 4, class: "tick", "text-anchor": "end" }, number(value))));
  const months = season.days.flatMap((day, i) => (day.endsWith("-01") || i === 0
    ? [svg("text", { x: x(i), y: height - 6, class: "tick" }, day.slice(2, 7))] : []));
  const every = Math.ceil(months.length / 8);
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "fan", role: "img", "aria-label": `${t("campaign.stocks")}: ${effector}` },
    ...ticks, ...months.filter((_, i) => i % every === 0),
    svg("path", { d: bandPath(rows[0], rows[4], x, y), class: "fan-wide" }),
    svg("path", { d: bandPath(rows[1], rows[3], x, y), class: "fan-half" }),
    svg("path", { d: rows[2].map((value, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`).join(""), class: "fan-median", fill: "none" }));
}

/** Orders on a time line: when each is made, and from when to when it should arrive. */
export function orderTimeline(orders: Order[], begins: string, until?: string): HTMLElement {
  const dates = orders.flatMap((one) => [one.day, one.first[0], one.last]);
  const first = [...dates, begins].sort()[0];
  const last = until ?? [...dates, begins].sort().pop()!;
  const [width, row, left] = [760, 20, 210];
  const span = Math.max(daysBetween(first, last), 1);
  const x = (day: string) => left + Math.max(0, Math.min(1, daysBetween(first, day) / span)) * (width - left - 12);
  const bars = orders.map((one, i) => {
    const y = i * row + 4;
    const line = svg("g", {},
      svg("text", { x: left - 8, y: y + 11, class: "tick", "text-anchor": "end" }, one.name.length > 34 ? `${one.name.slice(0, 33)}…` : one.name),
      svg("line", { x1: x(one.day), x2: x(one.first[0]), y1: y + 7, y2: y + 7, class: "wait" }),
      svg("rect", { x: x(one.first[0]), y: y + 2, width: Math.max(3, x(one.last) - x(one.first[0])), height: 10, rx: 2, class: `bar ${one.status}` }),
      svg("path", { d: `M${x(one.day) - 4} ${y + 7}l4 -4l4 4l-4 4Z`, class: "order-mark" }));
    line.append(svg("title", {}, `${one.name}: ${one.day}, ${one.first[0]} – ${one.last}, ${t(`status.${one.status}`)}`));
    return line;
  });
  const height = orders.length * row + 26;
  const years: SVGElement[] = [];
  const step = span > 900 ? 6 : span > 300 ? 3 : 1;
  for (let date = new Date(`${first.slice(0, 7)}-01T00:00:00Z`); date.toISOString().slice(0, 10) <= last; date.setUTCMonth(date.getUTCMonth() + 1)) {
    if (date.getUTCMonth() % step) continue;
    const day = date.toISOString().slice(0, 10);
    if (day < first) continue;
    years.push(svg("line", { x1: x(day), x2: x(day), y1: 0, y2: height - 20, class: "rule" }), svg("text", { x: x(day), y: height - 6, class: "tick" }, day.slice(0, 7)));
  }
  const now = svg("line", { x1: x(begins), x2: x(begins), y1: 0, y2: height - 20, class: "begins" });
  return h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": t("plan.timeline") }, svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "orders", role: "img", "aria-label": t("plan.timeline") }, ...years, now, ...bars));
}
