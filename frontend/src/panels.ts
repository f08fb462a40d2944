// The panels beside the map: the answer, the layers, the defence and its forms.

import { Refused } from "./api";
import { h, show } from "./dom";
import type { Child } from "./dom";
import { number, percent, signed, t } from "./texts";
import type { Answer, Figure, Scene, State, Three, Unit } from "./types";

let serial = 0;

/** A field of a form with its label, and a place for its fault. */
export function field(label: string, name: string, input: HTMLElement, hint = ""): HTMLElement {
  const id = `f${++serial}`;
  input.id = id;
  input.setAttribute("name", name);
  input.setAttribute("aria-describedby", `${id}-fault`);
  return h("div", { class: "field", "data-field": name },
    h("label", { for: id }, label), input, hint ? h("span", { class: "hint" }, hint) : null,
    h("span", { class: "fault", id: `${id}-fault`, role: "alert" }));
}

/** Show each fault at its field; what belongs to no field stands at the foot of the form. */
export function showFaults(form: HTMLElement, error: unknown): void {
  clearFaults(form);
  const faults = error instanceof Refused ? error.faults : [{ field: "", found: String(error), mend: "", where: "" }];
  const foot: string[] = [];
  for (const fault of faults) {
    const said = [fault.found, fault.mend].filter((one) => one).join("; ");
    const home = [...form.querySelectorAll<HTMLElement>("[data-field]")].find((one) => belongs(fault.field, one.dataset.field ?? ""));
    if (!home) {
      foot.push(fault.field ? `${fault.field}: ${said}` : said);
      continue;
    }
    home.classList.add("wrong");
    home.querySelector("input, select")?.setAttribute("aria-invalid", "true");
    home.querySelector(".fault")!.textContent = said;
  }
  const rest = form.querySelector(".form-fault");
  if (rest) rest.textContent = foot.join("  ");
  form.querySelector<HTMLElement>("[aria-invalid]")?.focus();
}

/** Whether a fault's field is that of a form: the same, or its last parts. */
export function belongs(fault: string, own: string): boolean {
  return own !== "" && (fault === own || fault.endsWith(`.${own}`));
}

export function clearFaults(form: HTMLElement): void {
  form.querySelectorAll(".wrong").forEach((one) => one.classList.remove("wrong"));
  form.querySelectorAll("[aria-invalid]").forEach((one) => one.removeAttribute("aria-invalid"));
  form.querySelectorAll(".fault, .form-fault").forEach((one) => (one.textContent = ""));
}

/** A number from a field: null where it is empty, the text itself where it is none, so that the server says what is wrong. */
export function numberIn(input: HTMLInputElement): number | string | null {
  const text = input.value.trim();
  if (text === "") return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}

const figure = (one: Figure) => number(one.mean);
const short = (value: number | null) => signed(value, 2);
const interval = (one: Figure, say: (value: number | null) => string = (value) => number(value)) => (one.mean_low === null ? "" : t("interval", { low: say(one.mean_low), high: say(one.mean_high) }));

/** Whether a difference is told apart from none. */
export function sure(one: Figure): boolean {
  return one.mean_low !== null && one.mean_high !== null && (one.mean_low > 0 || one.mean_high < 0);
}

/** The table of the answer; with ``first`` and ``second`` the columns are named otherwise. */
export function answerTable(answer: Answer, first = t("start"), second = t("now"), difference = t("difference")): HTMLElement {
  const row = ([name, one]: [string, Three]) => {
    const change = one.difference;
    const way = sure(change) ? (change.mean! > 0 ? "worse" : "better") : "none";
    return h("tr", { "data-measure": name },
      h("th", { scope: "row" }, t(`measure.${name}`)),
      h("td", { title: interval(one.start) }, figure(one.start)),
      h("td", { class: "now" }, figure(one.now), one.now.mean_low === null ? null : h("span", { class: "interval" }, interval(one.now))),
      h("td", { class: `change ${name === "defender_usd" ? "" : way}` },
        h("span", { class: "mean" }, answer.changed ? signed(change.mean) : "–"),
        answer.changed && change.mean_low !== null
          ? h("span", { class: "interval" }, interval(change, short)) : null));
  };
  const table = (rows: [string, Three][]) => h("table", { class: "answer" },
    h("thead", {}, h("tr", {}, h("td", {}), h("th", { scope: "col" }, first), h("th", { scope: "col" }, second), h("th", { scope: "col" }, difference))),
    h("tbody", {}, ...rows.map(row)));
  const every = Object.entries(answer.measures);
  const byClass = h("details", { open: classesOpen, ontoggle: () => (classesOpen = byClass.open) },
    h("summary", {}, t("answer.classes")), table(every.filter(([name]) => name.startsWith("leaked: "))));
  return h("div", {}, table(every.filter(([name]) => !name.startsWith("leaked: "))), byClass);
}

let classesOpen = false;

export function answerBasis(answer: Answer): string {
  return t("answer.basis", { runs: number(answer.runs), seed: answer.seed, threats: number(answer.threats.mean) });
}

export interface Acts {
  edit: (edits: object[]) => Promise<void>;
  go: (path: "undo" | "redo") => Promise<void>;
  save: (name: string, overwrite: boolean) => Promise<string>;
  choose: (id: string) => void;
  placing: (what: { kind: string; type: string } | null) => void;
  placeInMiddle: () => void;
}

/** A form whose faults are shown at their fields. */
function form(act: () => Promise<void>, ...children: Child[]): HTMLFormElement {
  const element = h("form", {
    novalidate: true,
    onsubmit: (event: Event) => {
      event.preventDefault();
      clearFaults(element);
      act().catch((error) => showFaults(element, error));
    },
  }, ...children, h("p", { class: "form-fault", role: "alert" }));
  return element;
}

export class DefencePanel {
  readonly element = h("div", { class: "defence-panel" });
  private chosen = "";
  private placing: { kind: string; type: string } | null = null;
  private saved = "";

  constructor(private scene: Scene, private state: State, private acts: Acts) {
    this.draw();
  }

  update(state: State): void {
    this.state = state;
    this.draw();
  }

  choose(id: string): void {
    if (id === this.chosen) return;
    this.chosen = id;
    this.draw();
  }

  stopPlacing(): void {
    this.placing = null;
    this.acts.placing(null);
    this.draw();
  }

  private draw(): void {
    const held = document.activeElement instanceof HTMLElement && this.element.contains(document.activeElement)
      ? document.activeElement.dataset.key : undefined;
    show(this.element, this.steps(), this.adding(), this.choosing(), this.doctrine(), this.saving());
    if (held) this.element.querySelector<HTMLElement>(`[data-key="${CSS.escape(held)}"]`)?.focus();
  }

  private steps(): HTMLElement {
    const button = (path: "undo" | "redo", n: number) =>
      h("button", { type: "button", "data-key": path, disabled: n === 0, onclick: () => void this.acts.go(path) }, `${t(path)}${n ? ` (${n})` : ""}`);
    return h("div", { class: "buttons" }, button("undo", this.state.undo), button("redo", this.state.redo));
  }

  private adding(): HTMLElement {
    const options = (kind: "fire_unit" | "sensor") =>
      h("optgroup", { label: t(`add.${kind}`) }, ...this.scene.types[kind === "sensor" ? "sensors" : "fire_units"].map((one) =>
        h("option", { value: `${kind}|${one.name}` }, one.label)));
    const select = h("select", { "data-key": "add" }, options("fire_unit"), options("sensor"));
    if (this.placing) select.value = `${this.placing.kind}|${this.placing.type}`;
    const begin = form(async () => {
      const [kind, type] = select.value.split("|");
      this.placing = { kind, type };
      this.acts.placing(this.placing);
      this.draw();
    }, field(t("add.what"), "type", select), h("button", { type: "submit", "data-key": "add-begin" }, t("add")));
    begin.classList.add("row");
    const hint = this.placing ? h("div", { class: "placing", role: "status" }, h("p", {}, t("add.hint", { type: this.placing.type })),
      h("button", { type: "button", onclick: () => this.acts.placeInMiddle() }, t("add.here"))) : null;
    return h("section", { "aria-label": t("add") }, begin, hint);
  }

  private unit(): Unit | null {
    return [...this.state.defence.units, ...this.state.defence.sensors].find((one) => `${one.kind}|${one.name}` === this.chosen) ?? null;
  }

  private choosing(): HTMLElement {
    const list = (label: string, units: Unit[]) => h("optgroup", { label }, ...units.map((one) =>
      h("option", { value: `${one.kind}|${one.name}` }, `${one.name} (${one.label})`)));
    const select = h("select", { "data-key": "select", onchange: () => this.acts.choose(select.value) },
      h("option", { value: "" }, "–"), list(t("add.fire_unit"), this.state.defence.units), list(t("add.sensor"), this.state.defence.sensors));
    select.value = this.chosen;
    const unit = this.unit();
    return h("section", { "aria-label": t("select") }, field(t("select"), "select", select, unit ? "" : t("select.none")), unit ? this.unitForms(unit) : null);
  }

  private unitForms(unit: Unit): HTMLElement {
    const step = this.scene.grid_deg ?? 0.05;
    const move = (east: number, north: number) => () => this.acts.edit([
      { op: "move", kind: unit.kind, name: unit.name, at: [unit.at[1] + north * step, unit.at[0] + east * step] }]).catch((error) => showFaults(box, error));
    const go = (word: string, east: number, north: number, sign: string) =>
      h("button", { type: "button", "data-key": `move-${word}`, "aria-label": t(`move.${word}`), onclick: move(east, north) }, sign);
    const box = h("div", { class: "unit" },
      h("h3", {}, unit.name),
      h("p", { class: "hint" }, unit.label, this.scene.coordinates ? ` · ${unit.at[1].toFixed(2)}°, ${unit.at[0].toFixed(2)}°` : ""),
      h("div", { class: "buttons moves" }, h("span", {}, t("move")), go("north", 0, 1, "↑"), go("south", 0, -1, "↓"), go("west", -1, 0, "←"), go("east", 1, 0, "→"),
        h("button", { type: "button", class: "remove", "data-key": "remove", onclick: () => {
          this.acts.edit([{ op: "remove", kind: unit.kind, name: unit.name }]).then(() => this.acts.choose("")).catch((error) => showFaults(box, error));
        } }, t("remove"))),
      h("p", { class: "hint" }, this.scene.grid_deg ? t("move.grid", { deg: number(this.scene.grid_deg) }) : t("move.hint")),
      h("p", { class: "form-fault", role: "alert" }));
    if (unit.magazines?.length) box.append(this.roundsForm(unit));
    return box;
  }

  private roundsForm(unit: Unit): HTMLElement {
    const inputs = unit.magazines!.map((one) => {
      const input = (key: "ready" | "reserve") => h("input", {
        type: "text", inputmode: "numeric", "data-key": `${one.effector}.${key}`, value: one.given[key] === null ? "" : String(one.given[key]),
        placeholder: number(one.typical[key]),
      });
      return { effector: one.effector, typical: one.typical, ready: input("ready"), reserve: input("reserve") };
    });
    const fields = inputs.flatMap((one) => (["ready", "reserve"] as const).map((key) =>
      field(t(`rounds.${key}`, { effector: one.effector }), `${one.effector}.${key}`, one[key], t("rounds.typical", { number: number(one.typical[key]) }))));
    return form(async () => {
      const magazines = Object.fromEntries(inputs.map((one) => {
        const given = { ready: numberIn(one.ready), reserve: numberIn(one.reserve) };
        return [one.effector, Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))];
      }));
      await this.acts.edit([{ op: "rounds", name: unit.name, magazines }]);
    }, h("h4", {}, t("rounds")), h("div", { class: "pairs" }, ...fields), h("button", { type: "submit", "data-key": "rounds-apply" }, t("apply")));
  }

  private doctrine(): HTMLElement {
    const rule = h("select", { "data-key": "rule", onchange: () => void this.acts.edit([{ op: "rule", rule: rule.value }]) },
      ...this.scene.rules.map((one) => h("option", { value: one }, t(`rule.${one}`))));
    rule.value = this.state.defence.rule;
    const rows = this.state.defence.doctrine;
    const effector = h("select", { "data-key": "effector" }, ...[...new Set(rows.map((one) => one.effector))].map((one) => h("option", { value: one }, one)));
    const threat = h("select", { "data-key": "against" });
    const [salvo, looks, share] = ["salvo", "looks", "share"].map((key) => h("input", { type: "text", inputmode: "decimal", "data-key": key }));
    const fill = () => {
      const row = rows.find((one) => one.effector === effector.value && one.threat === threat.value);
      [salvo.value, looks.value, share.value] = row ? [row.salvo, row.looks, row.share].map(String) : ["", "", ""];
    };
    const kinds = () => {
      const before = threat.value || DefencePanel.against;
      show(threat, ...rows.filter((one) => one.effector === effector.value).map((one) => h("option", { value: one.threat }, t(`kind.${one.threat}`))));
      if ([...threat.options].some((one) => one.value === before)) threat.value = before;
      fill();
    };
    if (DefencePanel.effector) effector.value = DefencePanel.effector;
    effector.onchange = kinds;
    threat.onchange = fill;
    kinds();
    const change = form(async () => {
      [DefencePanel.effector, DefencePanel.against] = [effector.value, threat.value];
      const of = { effector: effector.value, threat: threat.value };
      await this.acts.edit([
        { op: "doctrine", ...of, salvo: numberIn(salvo), looks: numberIn(looks) },
        { op: "policy", ...of, share: numberIn(share) ?? 0 },
      ]);
    }, h("div", { class: "pairs" }, field(t("doctrine.effector"), "effector", effector), field(t("doctrine.threat"), "threat", threat)),
    h("div", { class: "triples" }, field(t("doctrine.salvo"), "salvo", salvo), field(t("doctrine.looks"), "looks", looks), field(t("doctrine.share"), "share", share)),
    h("button", { type: "submit", "data-key": "doctrine-apply" }, t("apply")));
    return h("details", { class: "doctrine", open: DefencePanel.open, ontoggle: (event: Event) => (DefencePanel.open = (event.target as HTMLDetailsElement).open) },
      h("summary", {}, t("doctrine")), field(t("rule"), "rule", rule), change);
  }

  private static open = false;
  private static effector = "";
  private static against = "";

  private saving(): HTMLElement {
    const name = h("input", { type: "text", "data-key": "save-name", value: "changed.yaml" });
    const overwrite = h("input", { type: "checkbox", id: "overwrite", "data-key": "overwrite" });
    const said = h("p", { class: "hint", role: "status" }, this.saved);
    const save = form(async () => {
      said.textContent = "";
      this.saved = t("saved", { name: await this.acts.save(name.value, overwrite.checked) });
      said.textContent = this.saved;
    }, field(t("save.name"), "name", name), h("label", { class: "check", for: "overwrite" }, overwrite, t("save.overwrite")),
    h("button", { type: "submit", "data-key": "save" }, t("save")), said);
    return h("section", { "aria-label": t("save") }, save);
  }
}

/** The steps of a colour scale in words. */
export function legendRows(colours: string[], words: string[], none: string | null): HTMLElement[] {
  const swatch = (colour: string) => {
    const element = h("span", { class: "swatch" });
    element.style.background = colour;
    return element;
  };
  const rows = words.map((word, k) => h("li", {}, swatch(colours[k]), word));
  return none === null ? rows : [h("li", {}, swatch("var(--land)"), none), ...rows];
}

export { percent };
