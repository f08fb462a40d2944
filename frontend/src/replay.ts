// The moving part of a replay, drawn on a canvas over the map: tails, tracks against truth, shots, fates.

import type { FrameState } from "ol/Map";
import Layer from "ol/layer/Layer";
import { fromLonLat } from "ol/proj";
import Source from "ol/source/Source";

import * as palette from "./palette";
import { densified, flownAt, passed, placeAt } from "./route";
import type { Route } from "./route";
import type { At, Night, Shot } from "./types";

const TAIL_S = 420;
const BLOOM_S = 90; // how long a fate is drawn large
const FAR = 1e17;

/** Shots in the air at a moment, of those sorted by their end. */
export function shotsAt(shots: Shot[], time: number): Shot[] {
  return shots.filter((shot) => shot.from_s <= time && time <= shot.to_s + 4);
}

/** How a threat stands to its track at a moment. */
export function standing(
  threat: Night["threats"][number], time: number,
): "none" | "truth" | "tracked" | "mistaken" | "ghost" {
  const tracked = threat.tracked_s !== null && time >= threat.tracked_s;
  if (time < threat.start_s) return "none";
  if (time >= threat.end_s) {
    return threat.tracked_s !== null && threat.fate === "killed" && time < threat.track_ends_s && threat.track_ends_s < FAR ? "ghost" : "none";
  }
  if (!tracked) return "truth";
  const told = threat.told_apart_s !== null && time >= threat.told_apart_s;
  return threat.decoy && !told ? "mistaken" : "tracked";
}

export class ReplayLayer {
  readonly layer: Layer;
  readonly routes: Route[];
  time: number;
  private canvas = document.createElement("canvas");
  private units = new Map<string, number[]>();
  private ends: { xy: [number, number]; at: number; fate: string }[];

  constructor(readonly night: Night, units: { name: string; at: At }[]) {
    this.routes = night.threats.map((threat) => densified(threat.route, (at) => fromLonLat(at)));
    for (const unit of units) this.units.set(unit.name, fromLonLat(unit.at));
    this.time = night.begin_s;
    this.ends = night.threats.map((threat, i) => ({
      xy: placeAt(this.routes[i], flownAt(threat, threat.end_s)), at: threat.end_s, fate: threat.fate,
    }));
    this.canvas.className = "replay-canvas";
    const source = new Source({});
    this.layer = new Layer({ source, render: (frame: FrameState | null) => this.draw(frame) });
  }

  /** Where a threat is at a moment, in the coordinates of the map. */
  placeOf(threat: number, time: number): [number, number] {
    return placeAt(this.routes[threat], flownAt(this.night.threats[threat], Math.min(time, this.night.threats[threat].end_s)));
  }

  private draw(frame: FrameState | null): HTMLElement {
    if (!frame) return this.canvas;
    const ratio = frame.pixelRatio;
    const [width, height] = frame.size;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${height}px`;
    }
    const context = this.canvas.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const m = frame.coordinateToPixelTransform;
    const pixel = (x: number, y: number): [number, number] => [m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]];
    this.drawEnds(context, pixel);
    this.drawShots(context, pixel);
    this.drawThreats(context, pixel);
    return this.canvas;
  }

  private drawThreats(context: CanvasRenderingContext2D, pixel: (x: number, y: number) => [number, number]): void {
    this.night.threats.forEach((threat, i) => {
      const how = standing(threat, this.time);
      if (how === "none") return;
      const route = this.routes[i];
      const time = Math.min(this.time, threat.end_s);
      const share = flownAt(threat, time);
      const from = Math.max(0, flownAt(threat, time - TAIL_S));
      const colour = palette.ofClass(threat.class);
      const [x, y] = pixel(...placeAt(route, share));
      if (how !== "ghost") {
        context.strokeStyle = colour;
        context.globalAlpha = how === "truth" ? 0.35 : 0.7;
        context.lineWidth = 1.4;
        context.setLineDash([]);
        context.beginPath();
        context.moveTo(...pixel(...placeAt(route, from)));
        for (let k = passed(route, from) + 1; k <= passed(route, share); k++) context.lineTo(...pixel(route.xy[2 * k], route.xy[2 * k + 1]));
        context.lineTo(x, y);
        context.stroke();
      }
      context.globalAlpha = 1;
      this.mark(context, x, y, how, colour, threat.class);
    });
    context.setLineDash([]);
  }

  private mark(context: CanvasRenderingContext2D, x: number, y: number, how: string, colour: string, kind: string): void {
    const radius = kind === "drone" ? 3.2 : 4.4;
    context.lineWidth = 1.5;
    context.strokeStyle = colour;
    context.fillStyle = colour;
    context.setLineDash([]);
    context.beginPath();
    if (kind === "ballistic" || kind === "supersonic") {
      context.moveTo(x, y - radius - 1);
      context.lineTo(x + radius, y + radius);
      context.lineTo(x - radius, y + radius);
      context.closePath();
    } else if (kind === "cruise") {
      context.rect(x - radius + 0.5, y - radius + 0.5, 2 * radius - 1, 2 * radius - 1);
    } else {
      context.arc(x, y, radius, 0, 2 * Math.PI);
    }
    if (how === "tracked" || how === "mistaken") context.fill();
    else if (how === "truth") context.stroke();
    if (how === "mistaken" || how === "ghost") {
      context.beginPath();
      context.setLineDash([2, 2]);
      context.arc(x, y, radius + 3, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  private drawShots(context: CanvasRenderingContext2D, pixel: (x: number, y: number) => [number, number]): void {
    for (const shot of shotsAt(this.night.shots, this.time)) {
      const unit = this.units.get(shot.fire_unit);
      if (!unit || shot.threat < 0) continue;
      const flown = Math.min(1, (this.time - shot.from_s) / Math.max(shot.to_s - shot.from_s, 0.1));
      const [x0, y0] = pixel(unit[0], unit[1]);
      const [x1, y1] = pixel(...this.placeOf(shot.threat, shot.to_s));
      const [x, y] = [x0 + flown * (x1 - x0), y0 + flown * (y1 - y0)];
      context.strokeStyle = flown < 1 ? palette.ink() : shot.what === "killed" ? palette.ofFate("killed") : palette.ofFate("fell");
      context.globalAlpha = 0.75;
      context.lineWidth = 1.1;
      context.beginPath();
      context.moveTo(x0, y0);
      context.lineTo(x, y);
      context.stroke();
      context.globalAlpha = 1;
    }
  }

  private drawEnds(context: CanvasRenderingContext2D, pixel: (x: number, y: number) => [number, number]): void {
    for (const end of this.ends) {
      if (end.at > this.time) continue;
      const fresh = this.time - end.at < BLOOM_S;
      const [x, y] = pixel(...end.xy);
      const size = fresh ? 6 : 3.4;
      context.strokeStyle = context.fillStyle = palette.ofFate(end.fate);
      context.globalAlpha = fresh ? 1 : 0.55;
      context.lineWidth = fresh ? 2 : 1.2;
      context.beginPath();
      drawFate(context, end.fate, x, y, size);
    }
    context.globalAlpha = 1;
  }
}

/** The sign of a fate: a cross for a kill, a ring for a loss, a stroke for a fall, a filled diamond for an impact. */
export function drawFate(context: CanvasRenderingContext2D, fate: string, x: number, y: number, size: number): void {
  if (fate === "killed") {
    context.moveTo(x - size, y - size);
    context.lineTo(x + size, y + size);
    context.moveTo(x + size, y - size);
    context.lineTo(x - size, y + size);
    context.stroke();
  } else if (fate === "lost") {
    context.arc(x, y, size, 0, 2 * Math.PI);
    context.stroke();
  } else if (fate === "fell") {
    context.moveTo(x - size, y);
    context.lineTo(x + size, y);
    context.stroke();
  } else {
    context.moveTo(x, y - size - 1);
    context.lineTo(x + size + 1, y);
    context.lineTo(x, y + size + 1);
    context.lineTo(x - size - 1, y);
    context.closePath();
    context.fill();
  }
}
