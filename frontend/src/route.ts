// Where a threat is at a moment: along great circles at one speed, as the simulator flies it.

import type { At } from "./types";

export interface Route {
  /** Points no farther apart than a step, in the coordinates of the map. */
  xy: Float64Array;
  /** Share of the whole way flown at each point, 0 to 1. */
  share: Float64Array;
}

type Vector = [number, number, number];

function vector([lon, lat]: At): Vector {
  const [a, b] = [(lon * Math.PI) / 180, (lat * Math.PI) / 180];
  return [Math.cos(b) * Math.cos(a), Math.cos(b) * Math.sin(a), Math.sin(b)];
}

function angle(a: Vector, b: Vector): number {
  return 2 * Math.asin(Math.min(1, 0.5 * Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])));
}

/** The point a share of the way along a great circle. */
export function between(from: At, to: At, share: number): At {
  const [a, b] = [vector(from), vector(to)];
  const arc = angle(a, b);
  if (arc < 1e-9) return from;
  const [p, q] = [Math.sin((1 - share) * arc) / Math.sin(arc), Math.sin(share * arc) / Math.sin(arc)];
  const [x, y, z] = [0, 1, 2].map((k) => p * a[k] + q * b[k]);
  const lon = (Math.atan2(y, x) * 180) / Math.PI;
  // stay on the same turn as the beginning, so that a route over the date line does not jump
  const turns = Math.round((from[0] - lon) / 360);
  return [lon + 360 * turns, (Math.asin(Math.max(-1, Math.min(1, z))) * 180) / Math.PI];
}

/** A route with points every few kilometres, ready to be drawn. */
export function densified(points: At[], project: (at: At) => number[], stepRad = 0.0016): Route {
  const xy: number[] = [];
  const flown: number[] = [];
  let total = 0;
  points.forEach((to, leg) => {
    if (leg === 0) {
      xy.push(...project(to));
      flown.push(0);
      return;
    }
    const from = points[leg - 1];
    const arc = angle(vector(from), vector(to));
    const n = Math.max(1, Math.ceil(arc / stepRad));
    for (let k = 1; k <= n; k++) {
      xy.push(...project(between(from, to, k / n)));
      flown.push(total + (arc * k) / n);
    }
    total += arc;
  });
  return { xy: Float64Array.from(xy), share: Float64Array.from(flown.map((one) => (total > 0 ? one / total : 0))) };
}

/** Index of the last point that is passed at a share of the way. */
export function passed(route: Route, share: number): number {
  let [low, high] = [0, route.share.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (route.share[middle] <= share) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where on the map a share of the way is. */
export function placeAt(route: Route, share: number): [number, number] {
  const clipped = Math.max(0, Math.min(1, share));
  const i = passed(route, clipped);
  const [x, y] = [route.xy[2 * i], route.xy[2 * i + 1]];
  if (i + 1 >= route.share.length) return [x, y];
  const wide = route.share[i + 1] - route.share[i];
  const part = wide > 0 ? (clipped - route.share[i]) / wide : 0;
  return [x + part * (route.xy[2 * i + 2] - x), y + part * (route.xy[2 * i + 3] - y)];
}

/** Share of its way that a threat has flown at a moment. */
export function flownAt(threat: { start_s: number; impact_s: number }, time: number): number {
  return (time - threat.start_s) / Math.max(threat.impact_s - threat.start_s, 1e-9);
}
