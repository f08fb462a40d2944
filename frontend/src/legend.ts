// What lies over a map: the legend, and where north is.

import { h, show, svg } from "./dom";
import { drawFate } from "./replay";
import * as palette from "./palette";
import { legendRows } from "./panels";
import { t } from "./texts";
import type { RiskScale } from "./country";

export function north(): HTMLElement {
  return h("div", { class: "north", role: "img", "aria-label": t("north") },
    svg("svg", { viewBox: "0 0 30 40", width: 30, height: 40, "aria-hidden": "true" },
      svg("path", { d: "M15 2L23 24L15 19L7 24Z" }), svg("text", { x: 15, y: 38, "text-anchor": "middle" }, "N")));
}

function sign(draw: (context: CanvasRenderingContext2D) => void): HTMLCanvasElement {
  const canvas = h("canvas", { width: 32, height: 32, "aria-hidden": "true" });
  canvas.style.width = canvas.style.height = "16px";
  const context = canvas.getContext("2d")!;
  context.scale(2, 2);
  draw(context);
  return canvas;
}

const fateSign = (fate: string) => sign((context) => {
  context.strokeStyle = context.fillStyle = palette.ofFate(fate);
  context.lineWidth = 2;
  context.beginPath();
  drawFate(context, fate, 8, 8, 5);
});

const threatSign = (name: string) => sign((context) => {
  context.fillStyle = palette.ofClass(name);
  context.beginPath();
  if (name === "ballistic" || name === "supersonic") { context.moveTo(8, 2); context.lineTo(13, 13); context.lineTo(3, 13); context.closePath(); }
  else if (name === "cruise") context.rect(3.5, 3.5, 9, 9);
  else context.arc(8, 8, 4.5, 0, 2 * Math.PI);
  context.fill();
});

const thingSign = (sensor: boolean) => sign((context) => {
  context.fillStyle = sensor ? palette.sensorColour() : palette.unitColour();
  context.beginPath();
  if (sensor) { context.moveTo(8, 2); context.lineTo(14, 13); context.lineTo(2, 13); context.closePath(); }
  else context.rect(3, 3, 10, 10);
  context.fill();
});

const townSign = () => sign((context) => {
  context.fillStyle = palette.dot();
  context.beginPath();
  context.arc(8, 8, 4, 0, 2 * Math.PI);
  context.fill();
});

/** The signs of fire units, sensors and settlements. */
export function thingRows(): HTMLElement[] {
  return [
    h("li", {}, thingSign(false), t("legend.unit")), h("li", {}, thingSign(true), t("legend.sensor")), h("li", {}, townSign(), t("layer.settlements")),
  ];
}

/** The signs of a replay. */
export function replayRows(classes: string[]): HTMLElement[] {
  return [
    ...classes.map((name) => h("li", {}, threatSign(name), t(`class.${name}`))),
    ...["killed", "lost", "fell", "leaked"].map((fate) => h("li", {}, fateSign(fate), t(`fate.${fate}`))),
  ];
}

export class Legend {
  readonly element = h("details", { class: "legend", open: true });

  show(title: string, rows: HTMLElement[], more: HTMLElement[] = []): void {
    const open = this.element.open;
    show(this.element, h("summary", {}, t("legend")), title ? h("p", { class: "hint" }, title) : null, h("ul", {}, ...rows), more.length ? h("ul", {}, ...more) : null);
    this.element.open = open;
  }
}

export function riskRows(scale: RiskScale, none: string): HTMLElement[] {
  return scale.ends.length ? legendRows(scale.colours, scale.words, none) : legendRows([], [], none);
}
