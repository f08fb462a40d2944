// Where a threat is at a moment, and how it stands to its track.
import { describe, expect, it } from "vitest";
import { between, densified, flownAt, passed, placeAt } from "../src/route";
import { shotsAt, standing } from "../src/replay";
import type { At, ReplayThreat } from "../src/types";

const plain = (at: At) => at;

describe("a route", () => {
  it("follows the great circle, not the straight line of degrees", () => {
    // from 60N 0E to 60N 60E the middle lies at tan(lat) = tan(60) / cos(30): 63.43 degrees
    const [lon, lat] = between([0, 60], [60, 60], 0.5);
    expect(lon).toBeCloseTo(30, 6);
    expect(lat).toBeCloseTo((Math.atan(Math.tan(Math.PI / 3) / Math.cos(Math.PI / 6)) * 180) / Math.PI, 6);
  });

  it("does not jump over the date line", () => {
    const [lon] = between([179, 0], [181, 0], 0.9);
    expect(lon).toBeCloseTo(180.8, 6);
  });

  it("is flown at one speed over legs of unequal length", () => {
    const route = densified([[0, 0], [1, 0], [4, 0]], plain);
    expect(placeAt(route, 0.25)[0]).toBeCloseTo(1, 6);
    expect(placeAt(route, 0.5)[0]).toBeCloseTo(2, 3);
    expect(placeAt(route, 2)[0]).toBeCloseTo(4, 6);
    expect(placeAt(route, -1)[0]).toBeCloseTo(0, 6);
  });

  it("knows the last point passed", () => {
    const route = densified([[0, 0], [1, 0]], plain, 1);
    expect(passed(route, 0)).toBe(0);
    expect(passed(route, 0.99)).toBe(0);
    expect(passed(route, 1)).toBe(1);
  });

  it("takes a share of the way from the clock", () => {
    expect(flownAt({ start_s: 100, impact_s: 300 }, 150)).toBeCloseTo(0.25);
  });
});

describe("a track against the truth", () => {
  const threat: ReplayThreat = {
    name: "x 1", type: "gerbera", label: "x", class: "drone", decoy: true, route: [[0, 0], [1, 0]], start_s: 0, impact_s: 1000, end_s: 800,
    tracked_s: 200, told_apart_s: 500, track_ends_s: 830, fate: "killed", by: null, aim: null,
  };
  it("begins hollow, is mistaken, is told apart, and outlives its threat", () => {
    const seen = [-1, 100, 300, 600, 810, 840].map((time) => standing(threat, time));
    expect(seen).toEqual(["none", "truth", "mistaken", "tracked", "ghost", "none"]);
  });
  it("never is a ghost of what was not tracked", () => {
    expect(standing({ ...threat, tracked_s: null }, 810)).toBe("none");
  });
  it("shows a shot while it flies", () => {
    const shot = { threat: 0, fire_unit: "u", effector: "e", rounds: 1, from_s: 10, to_s: 20, what: "killed" };
    expect([5, 15, 22, 30].map((time) => shotsAt([shot], time).length)).toEqual([0, 1, 1, 0]);
  });
});
