// The five views. Each is built when it is shown and let go when another one is.

import { follow, get, post } from "./api";
import { Asking } from "./asking";
import { calendar, fan, orderTimeline } from "./charts";
import { CountryMap } from "./country";
import type { RiskMode } from "./country";
import { h, show } from "./dom";
import { Legend, north, replayRows, riskRows, thingRows } from "./legend";
import { answerBasis, answerTable, DefencePanel, field, legendRows, percent, showFaults, clearFaults } from "./panels";
import * as palette from "./palette";
import { ReplayLayer } from "./replay";
import { clock, number, signed, t } from "./texts";
import { looped, Timeline } from "./timeline";
import type { AreaAnswer, At, Comparison, Coverage, Figure, Job, Night, Proposal, Purchases, Scene, Season, State, Unit } from "./types";

/** What outlives a view. */
export interface Desk {
  scene: Scene;
  state: State;
  night: Night | null;
  nightOf: State | null;
  jobs: Job[];
  results: Map<number, unknown>;
  chosen: string;
  risk: RiskMode;
  fail: (error: unknown) => void;
  files: { files: string[]; builtin: string[] };
  go: (view: "map") => void;
}

export interface ViewPart {
  element: HTMLElement;
  country?: CountryMap;
  shown?: () => void;
  close?: () => void;
  recolour?: () => void;
}

function mapBox(label: string): HTMLElement {
  return h("div", { class: "map", tabindex: 0, role: "application", "aria-label": label });
}

function riskChoice(desk: Desk, changed: () => void): HTMLElement {
  const modes: RiskMode[] = ["impacts", "change", ...desk.scene.classes.filter((name) =>
    desk.state.answer.areas.some((area) => name in area.stopped)).map((name) => `stopped:${name}` as RiskMode)];
  const select = h("select", { onchange: () => { desk.risk = select.value as RiskMode; changed(); } }, ...modes.map((mode) =>
    h("option", { value: mode }, riskWords(mode))));
  select.value = desk.risk;
  return field(t("risk.shows"), "risk", select);
}

function riskWords(mode: RiskMode): string {
  return mode.startsWith("stopped:") ? t("risk.stopped", { class: t(`class.${mode.slice(8)}`) }) : t(`risk.${mode}`);
}

/** What an area without colour says. */
function noRisk(mode: RiskMode): string {
  return t(mode.startsWith("stopped:") ? "legend.nobody" : mode === "change" ? "unsure" : "legend.none");
}

function riskTitle(scene: Scene, mode: RiskMode): string {
  const by = scene.areas.cell_km ? t("risk.cells", { km: number(scene.areas.cell_km) }) : t("risk.regions");
  return `${riskWords(mode)}. ${by}`;
}

// ---------------------------------------------------------------- defence

export function defenceView(desk: Desk): ViewPart {
  const box = mapBox(t("map.label", { name: desk.scene.name }));
  const country = new CountryMap(box, desk.scene);
  const legend = new Legend();
  const busy = h("p", { class: "busy", role: "status" });
  const numbers = h("div", {});
  let covering = false;

  const risk = () => {
    const scale = country.setRisk(desk.state.answer.areas, desk.risk);
    if (!covering) legend.show(riskTitle(desk.scene, desk.risk), riskRows(scale, noRisk(desk.risk)), thingRows());
  };
  const drawAnswer = () => {
    show(numbers, answerTable(desk.state.answer), h("p", { class: "basis" }, answerBasis(desk.state.answer)));
    risk();
  };

  const asking = new Asking();
  const answered = (state: State, ms: number, keepThings: boolean) => {
    desk.state = state;
    desk.scene.defence = state.defence;
    if (!keepThings) country.setDefence(state.defence);
    panel.update(state);
    drawAnswer();
    busy.textContent = t("answer.took", { ms: number(Math.round(ms)) });
    if (covering) void cover();
  };
  const timed = async (work: () => Promise<State>, keepThings = false) => {
    busy.textContent = t("answer.busy");
    const begun = performance.now();
    try {
      answered(await work(), performance.now() - begun, keepThings);
    } catch (error) {
      busy.textContent = "";
      country.setDefence(desk.state.defence);
      throw error;
    }
  };
  const edit = (edits: object[]) => asking.ask(() => timed(() => post<State>("change", { edits, settled: true })));
  const choose = (id: string) => {
    desk.chosen = id;
    country.choose(id);
    panel.choose(id);
  };
  let placing: { kind: string; type: string } | null = null;
  const place = (at: At) => {
    if (!placing) return;
    const what = placing;
    panel.stopPlacing();
    edit([{ op: "add", ...what, at: [at[1], at[0]] }]).catch(desk.fail);
  };
  const panel = new DefencePanel(desk.scene, desk.state, {
    edit, choose,
    go: (path) => asking.ask(() => timed(() => post<State>(path))).catch(desk.fail),
    save: async (name, overwrite) => {
      const { saved } = await post<{ saved: string }>("save", { name, overwrite });
      desk.files = await get("files");
      return saved;
    },
    placing: (what) => {
      placing = what;
      box.classList.toggle("placing", what !== null);
      country.onPlace = what ? place : null;
    },
    placeInMiddle: () => place(country.middle()),
  });
  country.onChoose = (unit: Unit | null) => choose(unit ? `${unit.kind}|${unit.name}` : "");
  country.onDrag = (unit, at, settled) => {
    const edits = [{ op: "move", kind: unit.kind, name: unit.name, at: [at[1], at[0]] }];
    asking.ask(() => timed(() => post<State>("change", { edits, settled }), !settled), settled).catch(desk.fail);
  };

  const threat = h("select", { onchange: () => { height.value = String(flown().low_m); void cover(); } },
    ...desk.scene.flown.map((one) => h("option", { value: one.name }, one.label)));
  const flown = () => desk.scene.flown.find((one) => one.name === threat.value) ?? desk.scene.flown[0];
  const height = h("input", { type: "text", inputmode: "numeric", value: String(desk.scene.flown[0]?.low_m ?? 500), onchange: () => void cover() });
  const coverForm = h("div", { class: "cover", hidden: true }, h("div", { class: "pairs" }, field(t("coverage.threat"), "threat", threat), field(t("coverage.height"), "height_m", height)),
    h("p", { class: "hint" }, t("coverage.about")), h("p", { class: "form-fault", role: "alert" }));
  const cover = async () => {
    clearFaults(coverForm);
    try {
      country.setCoverage(await get<Coverage>("coverage", { threat: threat.value, height_m: height.value }));
      const most = country.coverageMost;
      const bounds = [0, 1, 2, 3, 4].filter((k) => most > 5 || k < most);
      const words = bounds.map((k) => (most <= 5 ? String(k + 1) : `${Math.ceil((k * most) / 5) + 1} – ${Math.max(Math.ceil((k * most) / 5) + 1, Math.ceil(((k + 1) * most) / 5))}`));
      legend.show(`${t("layer.coverage")}: ${flown().label}, ${number(Number(height.value))} m. ${t("coverage.units")}:`,
        [...legendRows(palette.counts(), words, null), h("li", {}, greySwatch(), t("coverage.seen"))], thingRows());
    } catch (error) {
      showFaults(coverForm, error);
    }
  };
  const toggle = (name: string, on: boolean, act?: (on: boolean) => void) => {
    const input = h("input", { type: "checkbox", checked: on, onchange: () => { country.show(name, input.checked); act?.(input.checked); } });
    country.show(name, on);
    return h("label", { class: "check" }, input, t(`layer.${name}`));
  };
  const coverage = (on: boolean) => {
    covering = on;
    coverForm.hidden = !on;
    country.show("risk", true);
    if (on) { country.setRisk([], "impacts"); void cover(); } else risk();
  };
  const layers = h("section", { "aria-label": t("layers") }, h("h2", {}, t("layers")),
    h("div", { class: "layers" }, toggle("risk", true), toggle("coverage", false, coverage), toggle("settlements", true), toggle("defence", true)),
    riskChoice(desk, risk), coverForm);

  const escape = (event: KeyboardEvent) => { if (event.key === "Escape" && placing) panel.stopPlacing(); };
  document.addEventListener("keydown", escape);
  country.setDefence(desk.state.defence);
  drawAnswer();
  if (desk.chosen) choose(desk.chosen);
  box.append(north(), legend.element);
  const element = h("div", { class: "view" },
    h("div", { class: "stage" }, box),
    h("aside", { class: "panel", "aria-label": t("view.map"), tabindex: 0 },
      h("section", { "aria-label": t("answer") }, h("h2", {}, t("answer")), numbers, busy), panel.element, layers));
  return {
    element, country,
    shown: () => country.fit(),
    close: () => { document.removeEventListener("keydown", escape); country.dispose(); },
    recolour: () => { country.redraw(); if (covering) void cover(); else risk(); },
  };
}

function greySwatch(): HTMLElement {
  const element = h("span", { class: "swatch" });
  element.style.background = "#8888881f";
  return element;
}

// ---------------------------------------------------------------- replay

const SHOWN_EVENTS = 120;
const ENDS = ["is killed", "is lost", "fell", "leaked", "kills"];
const SHOTS = ["fires", "kills", "misses", "wastes"];

export function replayView(desk: Desk): ViewPart {
  const box = mapBox(t("map.label", { name: desk.scene.name }));
  const country = new CountryMap(box, desk.scene);
  country.setRisk([], "impacts");
  country.show("risk", !desk.scene.areas.cell_km); // cells are of use for risk alone
  country.setDefence(desk.state.defence);
  const legend = new Legend();
  const player = h("div", { class: "player" });
  const side = h("div", { class: "side" });
  const run = h("input", { type: "text", inputmode: "numeric", value: String(desk.night?.run ?? 0) });
  const typical = (name: "typical" | "bad") => h("button", {
    type: "button", id: `night-${name}`, onclick: () => { run.value = String(desk.state.answer.nights[name]); loadForm.requestSubmit(); },
  }, t(`replay.${name}`));
  const loadForm = h("form", {
    class: "row", novalidate: true, onsubmit: (event: Event) => {
      event.preventDefault();
      clearFaults(loadForm);
      get<Night>("night", { run: run.value }).then((night) => {
        desk.night = night;
        desk.nightOf = desk.state;
        play(night);
      }).catch((error) => showFaults(loadForm, error));
    },
  }, field(t("replay.run"), "run", run), h("button", { type: "submit", id: "load-night" }, t("replay.load")), typical("typical"), typical("bad"), h("p", { class: "form-fault", role: "alert" }));

  let layer: ReplayLayer | null = null;
  let frame = 0;
  let playing = false;
  let stop = () => {};

  const play = (night: Night) => {
    stop();
    if (layer) country.map.removeLayer(layer.layer);
    layer = new ReplayLayer(night, desk.state.defence.units);
    country.add(layer.layer);
    const classes = [...new Set(night.threats.map((one) => one.class))];
    legend.show("", replayRows(classes), thingRows());
    const speed = h("select", { "aria-label": t("replay.speed") }, ...[10, 30, 60, 120, 300, 900].map((one) => h("option", { value: one }, `${one}×`)));
    speed.value = "120";
    const button = h("button", { type: "button", class: "primary", id: "play", onclick: () => setPlaying(!playing) }, t("replay.play"));
    const timeline = new Timeline(night, (time) => at(time));
    const log = eventLog(night, (event) => {
      setPlaying(false);
      at(event.time_s);
      if (event.threat >= 0) country.goTo(layer!.placeOf(event.threat, event.time_s));
    });
    let last = 0;
    const at = (time: number) => {
      layer!.time = time;
      layer!.layer.changed();
      timeline.show(time);
      log.show(time);
    };
    const tick = (now: number) => {
      if (!playing) return;
      if (last) at(looped(layer!.time + ((now - last) / 1000) * Number(speed.value), timeline.span));
      last = now;
      frame = requestAnimationFrame(tick);
    };
    const setPlaying = (on: boolean) => {
      playing = on;
      last = 0;
      button.textContent = t(on ? "replay.pause" : "replay.play");
      button.setAttribute("aria-pressed", String(on));
      cancelAnimationFrame(frame);
      if (on) frame = requestAnimationFrame(tick);
    };
    const keys = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement || event.target instanceof HTMLButtonElement;
      if (event.key === "Escape") timeline.whole();
      if (event.key === " " && !typing) { event.preventDefault(); setPlaying(!playing); }
    };
    document.addEventListener("keydown", keys);
    stop = () => { setPlaying(false); document.removeEventListener("keydown", keys); };
    show(player, h("div", { class: "controls" }, h("div", {}, button), h("div", {}, h("span", { class: "hint" }, t("replay.speed")), speed)), timeline.element);
    show(side, desk.nightOf === desk.state ? null : h("p", { class: "hint" }, t("replay.changed")), log.element, h("p", { class: "hint" }, t("replay.truth")), h("p", { class: "hint" }, t("replay.tracks")));
    at(night.begin_s);
  };
  legend.show(t("replay.none"), thingRows());
  box.append(north(), legend.element);
  if (desk.night) play(desk.night);
  else show(player, h("p", { class: "hint" }, t("replay.none")));
  return {
    country,
    element: h("div", { class: "view" }, h("div", { class: "stage" }, box, player),
      h("aside", { class: "panel", "aria-label": t("view.replay"), tabindex: 0 }, h("section", {}, loadForm), side)),
    shown: () => country.fit(),
    close: () => { stop(); country.dispose(); },
    recolour: () => { country.redraw(); layer?.layer.changed(); },
  };
}

function eventLog(night: Night, go: (event: Night["events"][number]) => void): { element: HTMLElement; show: (time: number) => void } {
  const filter = h("select", { "aria-label": t("replay.log"), onchange: () => { first = -1; draw(now); } },
    h("option", { value: "ends" }, t("replay.log.ends")), h("option", { value: "shots" }, t("replay.log.shots")), h("option", { value: "all" }, t("replay.log.all")));
  const list = h("ol", { class: "log", tabindex: 0, "aria-label": t("replay.log") });
  const words = (event: Night["events"][number]) => t(`event.${event.event}`, {
    unit: event.fire_unit, effector: event.effector, rounds: event.rounds, threat: event.threat >= 0 ? night.threats[event.threat].name : "",
  });
  let first = -1;
  let now = night.begin_s;
  const draw = (time: number) => {
    now = time;
    const kept = filter.value === "all" ? night.events : night.events.filter((one) => (filter.value === "ends" ? ENDS : SHOTS).includes(one.event));
    let next = kept.findIndex((one) => one.time_s > time);
    if (next < 0) next = kept.length;
    const from = Math.max(0, next - SHOWN_EVENTS);
    if (next === first) return;
    first = next;
    const rows = kept.slice(from, next).reverse();
    show(list, ...rows.map((one) => h("li", { class: one === rows[0] ? "next" : "" }, h("button", { type: "button", class: one.event, onclick: () => go(one) },
      h("span", { class: "when" }, clock(one.time_s)), words(one)))));
  };
  return {
    element: h("section", { "aria-label": t("replay.log") }, h("h2", {}, t("replay.log")), filter, list),
    show: draw,
  };
}

// ---------------------------------------------------------------- long work

/** A form that begins long work, what is under way of its kind, and its last result. */
function workBox(desk: Desk, kind: string, draw: (result: any) => void): { element: HTMLElement; begin: (path: string, body: object) => Promise<void> } {
  const element = h("div", { "aria-live": "polite" });
  const watch = async (job: Job) => {
    const told = (now: Job) => {
      const at = desk.jobs.findIndex((one) => one.number === now.number);
      if (at >= 0) desk.jobs[at] = now; else desk.jobs.push(now);
      show(element, now.state === "done" ? null : h("div", { class: "work" }, h("span", {}, now.title),
        now.state === "running" || now.state === "waiting" ? h("progress", now.asked ? { max: now.asked, value: now.done, "aria-label": now.title } : { "aria-label": now.title }) : null,
        h("span", {}, t(`work.state.${now.state}`, { done: number(now.done), asked: number(now.asked) })),
        now.state === "running" || now.state === "waiting"
          ? h("button", { type: "button", onclick: () => void post("cancel", { number: now.number }).catch(desk.fail) }, t("cancel"))
          : now.error ? h("span", { class: "form-fault" }, now.error.faults.map((one) => `${one.found}; ${one.mend}`).join(" ")) : null));
    };
    told(job);
    try {
      const last = await follow(job.number, told);
      if (last.state !== "done") return;
      const whole = await get<Job>("job", { number: job.number });
      desk.results.set(job.number, whole.result);
      draw(whole.result);
    } catch (error) {
      desk.fail(error);
    }
  };
  const mine = desk.jobs.filter((one) => one.kind === kind);
  const last = mine[mine.length - 1];
  if (last && desk.results.has(last.number)) draw(desk.results.get(last.number));
  else if (last) void watch(last);
  return { element, begin: async (path, body) => watch(await post<Job>(path, body)) };
}

// ---------------------------------------------------------------- compare

export function compareView(desk: Desk): ViewPart {
  const stage = h("div", { class: "stage" }, h("p", { class: "opening hint" }, t("compare.none")));
  const numbers = h("div", {});
  let maps: CountryMap[] = [];
  let again = () => {};
  const draw = (found: Comparison) => {
    maps.forEach((one) => one.dispose());
    const boxes = [mapBox(t("map.label", { name: found.a.scene.name })), mapBox(t("map.label.b"))];
    const first = new CountryMap(boxes[0], { ...found.a.scene, defence: found.a.defence });
    const second = new CountryMap(boxes[1], { ...found.b.scene, defence: found.b.defence }, first.view);
    maps = [first, second];
    const legends = [new Legend(), new Legend()];
    again = () => {
      // one scale for both sides, or else the colours could not be compared
      const both = [...found.a.areas, ...found.b.areas] as AreaAnswer[];
      const n = found.a.areas.length;
      maps.forEach((map, k) => {
        const scale = map.setRisk(both, desk.risk === "change" ? "impacts" : desk.risk);
        scale.values = k ? scale.values.slice(n) : scale.values.slice(0, n);
        if (k && desk.risk === "change") {
          const change = map.setRisk(found.b.areas, "change");
          legends[k].show(riskTitle(found.a.scene, "change"), riskRows(change, noRisk("change")));
        } else legends[k].show(riskTitle(found.a.scene, desk.risk === "change" ? "impacts" : desk.risk), riskRows(scale, noRisk(desk.risk)));
      });
    };
    maps[0].setDefence(found.a.defence);
    maps[1].setDefence(found.b.defence);
    boxes.forEach((box, k) => box.append(north(), legends[k].element));
    show(stage, h("div", { class: "maps" }, h("div", {}, h("h2", {}, t("compare.a", { name: found.a.scene.name })), boxes[0]),
      h("div", {}, h("h2", {}, t("compare.b", { name: `${found.b.scene.name} (${t("bench")})` })), boxes[1])));
    show(numbers, riskChoice(desk, again), answerTable(found.answer, "A", "B", t("compare.less")), h("p", { class: "basis" }, answerBasis(found.answer)));
    again();
    requestAnimationFrame(() => { maps.forEach((one) => one.map.updateSize()); first.fit(); });
  };
  const work = workBox(desk, "compare", draw);
  const other = h("select", {}, h("option", { value: "start" }, t("compare.start")),
    ...[...desk.files.files, ...desk.files.builtin].map((one) => h("option", { value: one }, one)));
  const runs = h("input", { type: "text", inputmode: "numeric", value: "400" });
  const begin = h("form", {
    novalidate: true, onsubmit: (event: Event) => {
      event.preventDefault();
      clearFaults(begin);
      work.begin("compare", { with: other.value, runs: whole(runs) }).catch((error) => showFaults(begin, error));
    },
  }, field(t("compare.with"), "with", other), field(t("compare.runs"), "runs", runs), h("button", { type: "submit" }, t("compare.begin")), h("p", { class: "form-fault", role: "alert" }));
  return {
    element: h("div", { class: "view compare" }, stage, h("aside", { class: "panel", "aria-label": t("view.compare"), tabindex: 0 }, h("section", {}, begin), work.element, numbers)),
    close: () => maps.forEach((one) => one.dispose()),
    recolour: () => { maps.forEach((one) => one.redraw()); again(); },
  };
}

const whole = (input: HTMLInputElement) => (/^\d+$/.test(input.value.trim()) ? Number(input.value) : input.value);

// ---------------------------------------------------------------- campaign

export function campaignView(desk: Desk): ViewPart {
  const result = h("div", { class: "sheet-part" });
  let again = () => {};
  const draw = (season: Season) => {
    again = () => draw(season);
    const chosen = h("select", { onchange: () => show(picture, fan(season, chosen.value), h("p", { class: "hint" }, t("campaign.dry", { share: percent(season.first_dry[chosen.value]) }))) },
      ...Object.keys(season.stocks).map((one) => h("option", { value: one }, one)));
    const picture = h("div", {});
    const fans = Object.keys(season.stocks);
    if (fans.length) show(picture, fan(season, fans[0]), h("p", { class: "hint" }, t("campaign.dry", { share: percent(season.first_dry[fans[0]]) })));
    const until = season.days[season.days.length - 1];
    show(result,
      h("p", { class: "basis" }, t("campaign.basis", { scenario: season.scenario, days: number(season.days.length), begins: season.begins, runs: number(season.runs), seed: season.seed })),
      h("section", {}, h("h2", {}, t("campaign.calendar")), h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": t("campaign.calendar") }, calendar(season))),
      h("div", { class: "two" },
        fans.length ? h("section", {}, h("h2", {}, t("campaign.stocks")), field(t("campaign.stock"), "stock", chosen), picture) : null,
        h("section", {}, h("h2", {}, t("campaign.months")), h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": t("campaign.months") }, months(season)))),
      h("section", {}, h("h2", {}, t("campaign.deliveries")), orderTimeline(season.purchases.orders.filter((one) => one.day <= until), season.begins)));
  };
  const work = workBox(desk, "campaign", draw);
  const days = h("input", { type: "text", inputmode: "numeric", value: "90" });
  const runs = h("input", { type: "text", inputmode: "numeric", value: "64" });
  const begin = h("form", {
    class: "row", novalidate: true, onsubmit: (event: Event) => {
      event.preventDefault();
      clearFaults(begin);
      work.begin("campaign", { days: whole(days), runs: whole(runs) }).catch((error) => showFaults(begin, error));
    },
  }, field(t("campaign.days"), "days", days), field(t("campaign.runs"), "runs", runs), h("button", { type: "submit" }, t("campaign.begin")), h("p", { class: "form-fault", role: "alert" }));
  const hasSupply = desk.scene.supply;
  if (!result.childNodes.length) show(result, h("p", { class: "hint" }, t(hasSupply ? "campaign.none" : "campaign.nosupply")));
  return {
    element: h("div", { class: "view sheet-view" }, h("div", { class: "sheet", tabindex: 0, role: "region", "aria-label": t("view.campaign") }, h("section", {}, hasSupply ? begin : null, work.element), result)),
    recolour: () => again(),
  };
}

function months(season: Season): HTMLElement {
  const cell = (one: Figure, scale = 1) => h("td", {}, number(one.mean === null ? null : one.mean / scale),
    one.mean_low === null ? null : h("span", { class: "hint" }, ` (${t("interval", { low: number(one.mean_low / scale), high: number(one.mean_high! / scale) })})`));
  return h("table", { class: "plain" },
    h("thead", {}, h("tr", {}, ...["month", "threats", "measure.leaked", "measure.exposed", "spent"].map((one) => h("th", { scope: "col" }, t(one))))),
    h("tbody", {}, ...season.months.map((row) => h("tr", {}, h("th", { scope: "row" }, row.month), cell(row.threats), cell(row.leaked), cell(row.exposed), cell(row.spent_usd, 1e6)))));
}

// ---------------------------------------------------------------- purchases

export function planView(desk: Desk): ViewPart {
  const sheet = h("div", { class: "sheet", tabindex: 0, role: "region", "aria-label": t("view.plan") });
  const placement = placementPart(desk);
  show(sheet, placement);
  get<Purchases>("purchases").then((found) => show(sheet, placement, ...purchaseParts(found))).catch(desk.fail);
  return { element: h("div", { class: "view sheet-view" }, sheet) };
}

/** A placement: computed as long work, told in shares and differences, and put on the bench as one step. */
function placementPart(desk: Desk): HTMLElement {
  const result = h("div", {});
  const draw = (found: Proposal) => {
    const row = (label: string, value: string) => h("tr", {}, h("th", { scope: "row" }, label), h("td", {}, value));
    const change = (name: string, one: Figure) => row(t(`measure.${name}`), `${signed(one.mean)} (${t("interval", { low: signed(one.mean_low, 2), high: signed(one.mean_high, 2) })})`);
    const fought = found.simulated ? Object.entries(found.simulated.differences).filter(([name]) => name === "leaked" || name === "exposed") : [];
    const adopt = h("button", {
      type: "button", id: "adopt", class: "primary", onclick: () => {
        post<State>("adopt", { key: found.key }).then((state) => {
          desk.state = state;
          desk.scene.defence = state.defence;
          desk.go("map");
        }).catch(desk.fail);
      },
    }, t("place.adopt"));
    show(result, h("table", { class: "plain narrow" }, h("caption", {}, t("place.averted")), h("tbody", {},
      row(t("place.today"), percent(found.today)), row(t("place.plan"), percent(found.value)), row(t("place.bound"), percent(found.bound)),
      row(t("place.fresh"), percent(found.fresh)))),
    found.n_moves ? h("p", {}, `${t("place.units")}: ${found.moves.join(", ") || `${number(found.n_moves)}. ${t("place.real")}`}`) : h("p", {}, t("place.none")),
    fought.length ? h("table", { class: "plain narrow" }, h("caption", {}, t("place.fought")), h("tbody", {}, ...fought.map(([name, one]) => change(name, one)))) : null,
    found.moves.length ? adopt : null);
  };
  const work = workBox(desk, "place", draw);
  const moves = h("input", { type: "text", inputmode: "numeric", value: "3" });
  const seconds = h("input", { type: "text", inputmode: "numeric", value: "30" });
  const begin = h("form", {
    class: "row", novalidate: true, onsubmit: (event: Event) => {
      event.preventDefault();
      clearFaults(begin);
      work.begin("place", { moves: whole(moves), seconds: whole(seconds) }).catch((error) => showFaults(begin, error));
    },
  }, field(t("place.moves"), "moves", moves), field(t("place.seconds"), "seconds", seconds), h("button", { type: "submit", id: "place" }, t("place.begin")), h("p", { class: "form-fault", role: "alert" }));
  return h("section", {}, h("h2", {}, t("place")), h("p", { class: "hint" }, t("place.about", { deg: number(desk.scene.grid_deg ?? 0.25) })), begin, work.element, result);
}

const range = ([low, high]: [number, number], scale = 1) => (low === high ? number(low / scale) : `${number(low / scale)} – ${number(high / scale)}`);

/** Purchases as tables and a time line; whatever plan they come from. */
export function purchaseParts(found: Purchases): HTMLElement[] {
  if (!found.begins) return [h("section", {}, h("p", {}, t("plan.none")))];
  const table = (label: string, heads: string[], rows: (string | number)[][], texts: number) => h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": label },
    h("table", { class: "plain" }, h("thead", {}, h("tr", {}, ...heads.map((one, k) => h("th", { scope: "col", class: k < texts ? "text" : "" }, one)))),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell, k) => (k === 0 ? h("th", { scope: "row" }, cell) : h("td", { class: k < texts ? "text" : "" }, cell))))))));
  const orders = found.orders.map((one) => [
    one.name, one.fire_units ? t("plan.units", { n: one.fire_units }) : one.what, one.from || "–", one.by || "–", t(`status.${one.status}`),
    one.fire_units ? number(one.fire_units) : range(one.rounds), one.cost_usd ? range(one.cost_usd, 1e6) : t("plan.gift"), one.day, one.first[0] === one.first[1] ? one.first[0] : `${one.first[0]} – ${one.first[1]}`,
    `${percent(one.chance[0])} – ${percent(one.chance[1])}`, range(one.slip_days),
  ]);
  const heads = ["scenario", "plan.what", "plan.from", "plan.by", "plan.status", "plan.rounds", "plan.cost", "plan.day", "plan.first", "plan.chance", "plan.slip"];
  return [
    h("section", {}, h("h2", {}, t("plan.orders")), h("p", { class: "hint" }, t("plan.basis", { begins: found.begins })), table(t("plan.orders"), ["", ...heads.slice(1).map((one) => t(one))], orders, 5)),
    h("section", {}, h("h2", {}, t("plan.timeline")), orderTimeline(found.orders, found.begins)),
    h("div", { class: "two" },
      h("section", {}, h("h2", {}, t("plan.funders")), table(t("plan.funders"), ["plan.funder", "plan.budget", "plan.monthly"].map((one) => t(one)),
        found.funders.map((one) => [one.name, `${range(one.budget, 1e6)} ${one.currency}`, range(one.per_month, 1e6)]), 1)),
      h("section", {}, h("h2", {}, t("plan.lines")), table(t("plan.lines"), ["plan.line", "plan.what", "plan.others", "plan.rate"].map((one) => t(one)),
        found.lines.map((one) => [one.name, one.effector, one.others.join(", ") || "–", one.rates.map((rate) => range(rate.per_month)).join(" → ")]), 3))),
  ];
}
