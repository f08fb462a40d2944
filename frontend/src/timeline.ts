// The time line of a replay: how many were in the air, under fire and through; a span is chosen by dragging over it.

import { h, svg } from "./dom";
import * as palette from "./palette";
import { clock, number, t } from "./texts";
import type { Night } from "./types";

const WIDTH = 1000;
const HEIGHT = 84;

/** A stepped line through counts, as the path of an SVG. */
export function linePath(times: number[], values: number[], begin: number, end: number, most: number): string {
  const x = (time: number) => ((time - begin) / (end - begin)) * WIDTH;
  const y = (value: number) => HEIGHT - 4 - (value / Math.max(most, 1)) * (HEIGHT - 12);
  return times.map((time, i) => `${i ? "L" : "M"}${x(time).toFixed(1)} ${y(values[i]).toFixed(1)}`).join("");
}

/** A moment inside a span: what runs over its end begins again. */
export function looped(time: number, span: [number, number]): number {
  const wide = span[1] - span[0];
  if (!(wide > 0) || time < span[0]) return Math.max(time, span[0]);
  return time <= span[1] ? time : span[0] + ((time - span[0]) % wide);
}

export class Timeline {
  readonly element: HTMLElement;
  span: [number, number];
  private cursor: SVGElement;
  private brush: SVGElement;
  private said: HTMLElement;
  private slider: HTMLInputElement;

  constructor(readonly night: Night, readonly onTime: (time: number) => void) {
    const { counts, begin_s, end_s } = night;
    this.span = [begin_s, end_s];
    const most = Math.max(...counts.airborne, 1);
    const fired = Math.max(...counts.engaged, 1);
    const through = Math.max(...counts.leaked, 1);
    const line = (values: number[], scale: number, name: string) =>
      svg("path", { d: linePath(counts.time_s, values, begin_s, end_s, scale), class: `line ${name}`, fill: "none" });
    this.brush = svg("rect", { class: "brush", y: 0, height: HEIGHT, x: 0, width: 0 });
    this.cursor = svg("line", { class: "cursor", y1: 0, y2: HEIGHT });
    const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true", class: "counts" },
      this.brush, line(counts.airborne, most, "airborne"), line(counts.engaged, fired, "engaged"), line(counts.leaked, through, "leaked"), this.cursor);
    this.slider = h("input", {
      type: "range", min: Math.ceil(begin_s), max: Math.floor(end_s), step: 10, "aria-label": t("replay.time"),
      oninput: () => onTime(Number(this.slider.value)),
    });
    this.said = h("div", { class: "counts-said", "aria-live": "off" });
    this.element = h("div", { class: "timeline", title: t("replay.loop") }, this.said, h("div", { class: "counts-box" }, picture), this.slider);
    this.brushing(picture as unknown as SVGSVGElement);
    picture.style.setProperty("--airborne", palette.ink());
    this.show(begin_s);
  }

  show(time: number): void {
    const { counts, begin_s, end_s } = this.night;
    const x = ((time - begin_s) / (end_s - begin_s)) * WIDTH;
    this.cursor.setAttribute("x1", x.toFixed(1));
    this.cursor.setAttribute("x2", x.toFixed(1));
    this.slider.value = String(Math.round(time));
    this.slider.setAttribute("aria-valuetext", clock(time));
    const i = Math.max(0, Math.min(counts.time_s.length - 1, Math.round(((time - begin_s) / (end_s - begin_s)) * (counts.time_s.length - 1))));
    this.said.replaceChildren(
      h("span", { class: "clock" }, clock(time)),
      h("span", { class: "airborne" }, `${t("replay.airborne")} ${number(counts.airborne[i])}`),
      h("span", { class: "engaged" }, `${t("replay.engaged")} ${number(counts.engaged[i])}`),
      h("span", { class: "leaked" }, `${t("replay.leaked")} ${number(counts.leaked[i])}`),
    );
  }

  whole(): void {
    this.span = [this.night.begin_s, this.night.end_s];
    this.brush.setAttribute("width", "0");
  }

  private brushing(picture: SVGSVGElement): void {
    let from: number | null = null;
    const timeOf = (event: PointerEvent) => {
      const box = picture.getBoundingClientRect();
      const share = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
      return this.night.begin_s + share * (this.night.end_s - this.night.begin_s);
    };
    const x = (time: number) => ((time - this.night.begin_s) / (this.night.end_s - this.night.begin_s)) * WIDTH;
    picture.addEventListener("pointerdown", (event) => {
      from = timeOf(event);
      picture.setPointerCapture(event.pointerId);
    });
    picture.addEventListener("pointermove", (event) => {
      if (from === null) return;
      const [a, b] = [from, timeOf(event)].sort((p, q) => p - q);
      this.brush.setAttribute("x", x(a).toFixed(1));
      this.brush.setAttribute("width", (x(b) - x(a)).toFixed(1));
    });
    picture.addEventListener("pointerup", (event) => {
      if (from === null) return;
      const [a, b] = [from, timeOf(event)].sort((p, q) => p - q);
      if (b - a < 60) this.whole();
      else this.span = [a, b];
      this.onTime(b - a < 60 ? b : a);
      from = null;
    });
  }
}
