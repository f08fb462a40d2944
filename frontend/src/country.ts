// The map of a country: areas with their risk, coverage, settlements, fire units and sensors; dragged and chosen.

import Feature from "ol/Feature";
import OLMap from "ol/Map";
import View from "ol/View";
import type MapBrowserEvent from "ol/MapBrowserEvent";
import MousePosition from "ol/control/MousePosition";
import ScaleLine from "ol/control/ScaleLine";
import Zoom from "ol/control/Zoom";
import { buffer, createEmpty, extend, getCenter, isEmpty } from "ol/extent";
import type { Extent } from "ol/extent";
import Point from "ol/geom/Point";
import Polygon, { circular } from "ol/geom/Polygon";
import PointerInteraction from "ol/interaction/Pointer";
import type Layer from "ol/layer/Layer";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat, toLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import CircleStyle from "ol/style/Circle";
import Fill from "ol/style/Fill";
import RegularShape from "ol/style/RegularShape";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import Text from "ol/style/Text";

import * as palette from "./palette";
import { number, t } from "./texts";
import type { Area, AreaAnswer, At, Coverage, Defence, Scene, Unit } from "./types";

export type RiskMode = "impacts" | "change" | `stopped:${string}`;
export interface RiskScale { values: (number | null)[]; ends: number[]; colours: string[]; words: string[] }

/** The value that each area shows, the steps, and how to say them. */
export function riskScale(areas: AreaAnswer[], mode: RiskMode): RiskScale {
  if (mode === "change") {
    const values = areas.map((one) => (Math.abs(one.change) <= (one.change_half ?? 0) ? 0 : one.change));
    const most = Math.max(...values.map(Math.abs), 0);
    const third = palette.nice(most / 3) || 0.01;
    const ends = [-2 * third, -third, 0, third, 2 * third];
    return { values: values.map((one) => (one === 0 ? null : one)), ends, colours: palette.changes(), words: stepWords(ends, number) };
  }
  if (mode.startsWith("stopped:")) {
    const name = mode.slice(8);
    const values = areas.map((one) => (name in one.stopped ? 1 - one.stopped[name] : null));
    const ends = [0.05, 0.1, 0.2, 0.4];
    const words = ["> 95 %", "90 – 95 %", "80 – 90 %", "60 – 80 %", "< 60 %"];
    return { values, ends, colours: palette.amounts(), words };
  }
  const values = areas.map((one) => (one.impacts > 0 ? one.impacts : null));
  // steps from where one started, so that a colour means the same before and after a change
  const ends = palette.breaks(areas.map((one) => one.impacts - one.change));
  return { values, ends, colours: palette.amounts(), words: stepWords(ends, number) };
}

function stepWords(ends: number[], say: (value: number) => string): string[] {
  if (!ends.length) return [""];
  const inner = ends.slice(1).map((end, k) => `${say(ends[k])} – ${say(end)}`);
  return [`< ${say(ends[0])}`, ...inner, `≥ ${say(ends[ends.length - 1])}`];
}

/** Nearest point of the grid on which things may be put; the point itself where there is none. */
export function snapped(at: At, grid: number | null): At {
  if (!grid) return [Number(at[0].toFixed(4)), Number(at[1].toFixed(4))];
  return [Math.round(at[0] / grid) * grid, Math.round(at[1] / grid) * grid];
}

/** Where the k-th of several things at one place is drawn, in pixels beside it: a ring round the first. */
export function beside(k: number): [number, number] {
  if (k === 0) return [0, 0];
  const ring = Math.ceil((Math.sqrt(12 * k + 9) - 3) / 6);
  const first = 3 * ring * (ring - 1) + 1;
  const turn = (2 * Math.PI * (k - first)) / (6 * ring);
  return [Math.round(10 * ring * Math.cos(turn)), Math.round(10 * ring * Math.sin(turn))];
}

const townRadius = (people: number) => Math.max(1, Math.min(9, Math.sqrt(people) / 190));
const place = (at: At) => fromLonLat(at);

export class CountryMap {
  readonly map: OLMap;
  readonly view: View;
  onChoose: (unit: Unit | null) => void = () => {};
  onDrag: (unit: Unit, at: At, settled: boolean) => void = () => {};
  onPlace: ((at: At) => void) | null = null;
  private areas = new VectorSource();
  private cells = new VectorSource();
  private towns = new VectorSource();
  private things = new VectorSource();
  private rings = new VectorSource();
  private layers: Record<string, VectorLayer>;
  private scale: RiskScale | null = null;
  private chosen = "";
  private most = 1;
  private extent: Extent;
  readonly scene: Scene;

  constructor(target: HTMLElement, scene: Scene, linked?: View) {
    this.scene = scene;
    this.extent = this.drawCountry(scene.areas.list);
    this.view = linked ?? new View({
      center: getCenter(this.extent), zoom: 5, minZoom: 3, maxZoom: scene.coordinates ? 14 : 10,
      extent: buffer(this.extent, 1.2e6), constrainOnlyCenter: true, enableRotation: false,
    });
    const land = new Feature(new Polygon(scene.land.map((ring) => ring.map(place))));
    this.layers = {
      land: new VectorLayer({ source: new VectorSource({ features: scene.land.length ? [land] : [] }), style: () => this.landStyle() }),
      risk: new VectorLayer({ source: this.areas, style: (one) => this.areaStyle(one as Feature) }),
      coverage: new VectorLayer({ source: this.cells, style: (one) => this.cellStyle(one as Feature), visible: false }),
      coast: new VectorLayer({ source: new VectorSource({ features: scene.land.length ? [land] : [] }), style: () => this.coastStyle() }),
      ranges: new VectorLayer({ source: this.rings, style: () => this.ringStyle(), visible: true }),
      settlements: new VectorLayer({ source: this.towns, style: (one, r) => this.townStyle(one as Feature, r) }),
      defence: new VectorLayer({ source: this.things, style: (one) => this.thingStyle(one as Feature) }),
      names: new VectorLayer({ source: this.towns, style: (one, r) => this.nameStyle(one as Feature, r), declutter: true }),
    };
    this.map = new OLMap({
      target, view: this.view, layers: Object.values(this.layers),
      controls: [
        new Zoom({ zoomInTipLabel: t("zoom.in"), zoomOutTipLabel: t("zoom.out") }),
        new ScaleLine({ units: "metric", minWidth: 80 }),
        new MousePosition({ coordinateFormat: (at) => (at ? this.said(toLonLat(at) as At) : ""), placeholder: " " }),
      ],
    });
    this.map.addInteraction(this.dragging());
    this.map.on("singleclick", (event) => this.clicked(event));
    this.map.on("pointermove", (event) => {
      if (!event.dragging) this.cursor(event);
    });
    if (!linked) this.fit();
  }

  fit(): void {
    this.map.updateSize();
    const [width] = this.map.getSize() ?? [0];
    this.view.fit(this.extent, { padding: [30, width > 700 ? 225 : 30, 40, 30] }); // the legend stands on the right
  }

  /** Middle of what is shown, longitude and latitude. */
  middle(): At {
    return toLonLat(this.view.getCenter() ?? getCenter(this.extent)) as At;
  }

  show(layer: string, visible: boolean): void {
    this.layers[layer]?.setVisible(visible);
    if (layer === "settlements") this.layers.names.setVisible(visible);
  }

  add(layer: Layer): void {
    this.map.addLayer(layer);
  }

  setRisk(areas: AreaAnswer[], mode: RiskMode): RiskScale {
    this.scale = riskScale(areas, mode);
    this.layers.risk.changed();
    return this.scale;
  }

  setCoverage(found: Coverage): void {
    this.most = Math.max(found.most, 1);
    this.cells.clear();
    this.cells.addFeatures(found.cells.map((cell) => {
      const feature = new Feature(new Polygon([cell.ring.map(place)]));
      feature.setProperties({ units: cell.units, seen: cell.seen });
      return feature;
    }));
  }

  coverageStep(units: number): number {
    return this.most <= 5 ? units - 1 : Math.min(4, Math.floor(((units - 1) * 5) / this.most));
  }

  get coverageMost(): number {
    return this.most;
  }

  setDefence(defence: Defence): void {
    this.things.clear();
    const taken = new Map<string, number>();
    const features = [...defence.sensors, ...defence.units].map((unit) => {
      const key = unit.at.join(" ");
      const k = taken.get(key) ?? 0;
      taken.set(key, k + 1);
      const feature = new Feature(new Point(place(unit.at)));
      feature.setId(`${unit.kind}|${unit.name}`);
      feature.setProperties({ unit, shift: beside(k) });
      return feature;
    });
    this.things.addFeatures(features);
    this.choose(this.chosen);
  }

  choose(id: string): void {
    this.chosen = id;
    this.rings.clear();
    const feature = id ? (this.things.getFeatureById(id) as Feature | null) : null;
    if (feature) this.ringRound(feature);
    this.layers.defence.changed();
  }

  /** Go to a place. */
  goTo(coordinate: number[], zoom = 8): void {
    this.view.animate({ center: coordinate, zoom: Math.max(this.view.getZoom() ?? 5, Math.min(zoom, this.view.getMaxZoom())), duration: 400 });
  }

  redraw(): void {
    for (const layer of Object.values(this.layers)) layer.changed();
  }

  /** Where a fire unit or sensor is drawn, in pixels of the map. */
  pixelOf(id: string): number[] | null {
    const feature = this.things.getFeatureById(id) as Feature | null;
    if (!feature) return null;
    this.map.renderSync();
    const [x, y] = this.map.getPixelFromCoordinate((feature.getGeometry() as Point).getCoordinates());
    const [right, up] = feature.get("shift") as [number, number];
    return [x + right, y - up];
  }

  dispose(): void {
    this.map.setTarget(undefined);
    this.map.dispose();
  }

  private ringRound(feature: Feature): void {
    const unit = feature.get("unit") as Unit;
    const at = toLonLat((feature.getGeometry() as Point).getCoordinates());
    if (unit.range_m > 0) this.rings.addFeature(new Feature(circular(at, unit.range_m, 96).transform("EPSG:4326", "EPSG:3857")));
  }

  private said([lon, lat]: At): string {
    const [a, b] = this.scene.coordinates ? [lon, lat] : snapped([lon, lat], 0.5);
    const digits = this.scene.coordinates ? 2 : 1;
    return `${Math.abs(b).toFixed(digits)}° ${b < 0 ? "S" : "N"}  ${Math.abs(a).toFixed(digits)}° ${a < 0 ? "W" : "E"}`;
  }

  private drawCountry(areas: Area[]): Extent {
    const extent = createEmpty();
    areas.forEach((area, i) => {
      // outer and inner rings together: inner ones run the other way and so are left out
      const feature = new Feature(new Polygon(area.rings.map((ring) => ring.map(place))));
      feature.setProperties({ area: i, name: area.name });
      this.areas.addFeature(feature);
    });
    for (const town of this.scene.settlements) {
      const feature = new Feature(new Point(place(town.at)));
      feature.setProperties({ name: town.name, people: town.people });
      this.towns.addFeature(feature);
    }
    if (this.areas.getFeatures().length) extend(extent, this.areas.getExtent()!);
    if (this.scene.settlements.length) extend(extent, this.towns.getExtent()!);
    for (const unit of [...this.scene.defence.units, ...this.scene.defence.sensors]) {
      if (this.scene.coordinates) extend(extent, new Point(place(unit.at)).getExtent());
    }
    return isEmpty(extent) ? [-1e6, -1e6, 1e6, 1e6] : extent;
  }

  private landStyle(): Style {
    return new Style({ fill: new Fill({ color: palette.land() }) });
  }

  private coastStyle(): Style {
    return new Style({ stroke: new Stroke({ color: palette.ink(), width: 1.1 }) });
  }

  private areaStyle(feature: Feature): Style {
    const value = this.scale?.values[feature.get("area") as number] ?? null;
    const colour = value === null || !this.scale ? palette.land() : this.scale.colours[palette.step(value, this.scale.ends)];
    return new Style({ fill: new Fill({ color: colour }), stroke: new Stroke({ color: palette.border(), width: 0.8 }) });
  }

  private cellStyle(feature: Feature): Style {
    const units = feature.get("units") as number;
    const colour = units > 0 ? palette.counts()[this.coverageStep(units)] : "#8888881f";
    return new Style({ fill: new Fill({ color: units > 0 ? colour + "cc" : colour }), stroke: new Stroke({ color: palette.border() + "40", width: 0.4 }) });
  }

  private ringStyle(): Style {
    return new Style({ stroke: new Stroke({ color: palette.unitColour(), width: 1.6, lineDash: [6, 4] }), fill: new Fill({ color: palette.unitColour() + "14" }) });
  }

  private townStyle(feature: Feature, resolution: number): Style | void {
    const people = feature.get("people") as number;
    const radius = townRadius(people);
    if (radius < 1.2 && resolution > 900) return undefined;
    return new Style({ image: new CircleStyle({ radius, fill: new Fill({ color: palette.dot() + "aa" }) }), zIndex: people });
  }

  private nameStyle(feature: Feature, resolution: number): Style | void {
    const people = feature.get("people") as number;
    if (people < 140 * resolution && !(resolution < 150 && people > 2000)) return undefined;
    return new Style({
      text: new Text({
        text: feature.get("name") as string, font: "12px system-ui, sans-serif", offsetY: -townRadius(people) - 8,
        fill: new Fill({ color: palette.ink() }), stroke: new Stroke({ color: palette.paper(), width: 3.5 }),
      }),
      zIndex: people,
    });
  }

  private thingStyle(feature: Feature): Style {
    const unit = feature.get("unit") as Unit;
    const chosen = feature.getId() === this.chosen;
    const sensor = unit.kind === "sensor";
    const colour = sensor ? palette.sensorColour() : palette.unitColour();
    const wide = unit.range_m > 30_000;
    return new Style({
      image: new RegularShape({
        points: sensor ? 3 : 4, radius: (sensor ? 5.5 : wide ? 6.5 : 4.6) + (chosen ? 3 : 0), angle: sensor ? 0 : Math.PI / 4,
        fill: new Fill({ color: chosen ? "#ffd400" : colour }),
        stroke: new Stroke({ color: chosen ? "#000000" : palette.paper(), width: chosen ? 2 : 1.2 }),
        displacement: feature.get("shift") as [number, number],
      }),
      zIndex: chosen ? 10 : wide ? 2 : 1,
    });
  }

  private thingAt(pixel: number[]): Feature | null {
    if (!this.layers.defence.getVisible()) return null;
    return (this.map.forEachFeatureAtPixel(pixel, (one) => one as Feature, {
      layerFilter: (layer) => layer === this.layers.defence, hitTolerance: 5,
    }) as Feature | undefined) ?? null;
  }

  private cursor(event: MapBrowserEvent): void {
    this.map.getTargetElement()?.classList.toggle("over-thing", this.onPlace === null && this.thingAt(event.pixel) !== null);
  }

  private clicked(event: MapBrowserEvent): void {
    if (this.onPlace) {
      this.onPlace(snapped(toLonLat(event.coordinate) as At, this.scene.grid_deg));
      return;
    }
    const feature = this.thingAt(event.pixel);
    this.choose(feature ? String(feature.getId()) : "");
    this.onChoose(feature ? (feature.get("unit") as Unit) : null);
  }

  private dragging(): PointerInteraction {
    let held: Feature | null = null;
    let last: At | null = null;
    let first: At | null = null;
    return new PointerInteraction({
      handleDownEvent: (event) => {
        if (this.onPlace) return false;
        held = this.thingAt(event.pixel);
        if (held) {
          first = last = (held.get("unit") as Unit).at;
          this.choose(String(held.getId()));
          this.onChoose(held.get("unit") as Unit);
        }
        return held !== null;
      },
      handleDragEvent: (event) => {
        const at = snapped(toLonLat(event.coordinate) as At, this.scene.grid_deg);
        if (!held || !last || (at[0] === last[0] && at[1] === last[1])) return;
        last = at;
        (held.getGeometry() as Point).setCoordinates(place(at));
        this.rings.clear();
        this.ringRound(held);
        this.onDrag(held.get("unit") as Unit, at, false);
      },
      handleUpEvent: () => {
        if (held && last && first && (last[0] !== first[0] || last[1] !== first[1])) this.onDrag(held.get("unit") as Unit, last, true);
        held = null;
        return false;
      },
    });
  }
}
