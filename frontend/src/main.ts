// The page: its head, the view that is shown, and what outlives it.

import "./main.css";
import { follow, get, post, Refused, takeToken, useToken } from "./api";
import { h, show } from "./dom";
import { LANGUAGES, languageNow, number, setLanguage, t } from "./texts";
import type { Job, Opening, Scene } from "./types";
import { campaignView, compareView, defenceView, planView, replayView } from "./views";
import type { Desk, ViewPart } from "./views";

const VIEWS = { map: defenceView, replay: replayView, compare: compareView, campaign: campaignView, plan: planView };
type ViewName = keyof typeof VIEWS;

const app = document.getElementById("app")!;
let desk: Desk | null = null;
let part: ViewPart | null = null;
let view: ViewName = (sessionStorage.getItem("koepel-view") as ViewName) in VIEWS ? (sessionStorage.getItem("koepel-view") as ViewName) : "map";

function notice(error: unknown): void {
  const words = error instanceof Refused ? error.faults.map((one) => [one.field, one.found, one.mend].filter((word) => word).join("; ")).join("  ") || error.subject
    : error instanceof TypeError ? t("lost") : String(error);
  document.querySelector(".notice")?.remove();
  const box = h("div", { class: "notice", role: "alert" }, words, h("button", { type: "button", onclick: () => box.remove() }, t("close")));
  document.body.append(box);
}

function theme(choice: string): void {
  const dark = choice === "dark" || (choice === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

function choice(key: string, label: string, options: Record<string, string>, value: string, act: (value: string) => void): HTMLElement {
  const select = h("select", { id: `choice-${key}`, onchange: () => act(select.value) }, ...Object.entries(options).map(([one, word]) => h("option", { value: one }, word)));
  select.value = value;
  return h("label", { for: `choice-${key}` }, label, select);
}

function head(): HTMLElement {
  const tabs = (Object.keys(VIEWS) as ViewName[]).map((name) => h("button", {
    type: "button", id: `view-${name}`, "aria-current": name === view ? "page" : null, onclick: () => go(name),
  }, t(`view.${name}`)));
  const names = desk ? [...desk.files.files, ...desk.files.builtin] : [];
  const here = desk?.scene.source ?? "";
  const options = Object.fromEntries([...new Set([here, ...names])].map((name) => [name, name]));
  return h("header", { class: "top" }, h("h1", {}, t("app")),
    desk ? h("nav", { "aria-label": t("views") }, ...tabs) : h("span", { class: "name" }),
    h("div", { class: "choices" },
      desk ? choice("scenario", t("scenario"), options, here, (name) => void open(name)) : null,
      choice("language", t("language"), LANGUAGES, languageNow(), (value) => { localStorage.setItem("koepel-language", value); setLanguage(value); draw(); }),
      choice("theme", t("theme"), { auto: t("theme.auto"), light: t("theme.light"), dark: t("theme.dark") }, localStorage.getItem("koepel-theme") ?? "auto",
        (value) => { localStorage.setItem("koepel-theme", value); theme(value); part?.recolour?.(); })));
}

function go(name: ViewName): void {
  view = name;
  sessionStorage.setItem("koepel-view", name);
  draw();
  document.getElementById(`view-${name}`)?.focus();
}

function draw(): void {
  if (!desk) return;
  part?.close?.();
  document.title = `${desk.scene.name} · ${t("app")}`;
  part = VIEWS[view](desk);
  show(app, head(), h("p", { class: "notional" }, [desk.scene.notional, t("notional")].filter((one) => one).join(" ")), h("main", {}, part.element));
  part.shown?.();
}

async function open(name: string): Promise<void> {
  try {
    await wait(await post<Job>("open", { name }));
    await load();
  } catch (error) {
    notice(error);
    draw();
  }
}

/** Show how far the nights are that everything else waits for. */
async function wait(job: Job): Promise<void> {
  part?.close?.();
  part = null;
  const progress = h("progress", { "aria-label": job.title });
  const said = h("p", { role: "status" }, t("opening.first"));
  show(app, h("header", { class: "top" }, h("h1", {}, t("app"))), h("main", {}, h("div", { class: "opening" }, said, progress)));
  const last = await follow(job.number, (now) => {
    if (now.asked) {
      progress.max = now.asked;
      progress.value = now.done;
      said.textContent = t("opening", { title: now.title, done: number(now.done), asked: number(now.asked) });
    }
  });
  if (last.state === "failed") throw new Refused(last.error!.subject, last.error!.faults.map((one) => ({ where: "", field: "", ...one })));
}

async function load(): Promise<void> {
  const found = await get<Scene | Opening>("scene");
  if (!found.ready) {
    if (found.opening) {
      await wait(found.opening);
      return load();
    }
    throw new Error(t("lost"));
  }
  const files = await get<Desk["files"]>("files");
  const { jobs } = await get<{ jobs: Job[] }>("jobs");
  desk = { scene: found, state: found, night: null, nightOf: null, jobs, results: new Map(), chosen: "", risk: "impacts", fail: notice, files, go };
  draw();
}

// For tests in a browser, which cannot see where on a canvas something is drawn.
Object.assign(window, {
  koepelMap: { h, pixelOf: (id: string) => part?.country?.pixelOf(id) ?? null, centre: () => part?.country?.view.getCenter() ?? null },
});

setLanguage(localStorage.getItem("koepel-language") ?? navigator.language.slice(0, 2));
theme(localStorage.getItem("koepel-theme") ?? "auto");
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  theme(localStorage.getItem("koepel-theme") ?? "auto");
  part?.recolour?.();
});
useToken(takeToken(location, history, sessionStorage));
load().catch((error) => {
  show(app, h("header", { class: "top" }, h("h1", {}, t("app"))), h("main", {}, h("div", { class: "opening" }, h("h2", {}, t("error")), h("p", {}, error instanceof Error ? error.message : String(error)))));
});
