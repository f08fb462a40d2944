// What the server tells, as src/koepel/app/ writes it.

export type At = [number, number]; // longitude, latitude

export interface Figure { mean: number | null; mean_low: number | null; mean_high: number | null; low: number | null; high: number | null }
export interface Three { start: Figure; now: Figure; difference: Figure }
export interface AreaAnswer {
  impacts: number; half: number | null; change: number; change_half: number | null;
  stopped: Record<string, number>; aimed: number;
}
export interface Answer {
  runs: number; seed: number; changed: boolean; threats: Figure;
  measures: Record<string, Three>; areas: AreaAnswer[]; rounds: Record<string, number>;
  nights: { typical: number; bad: number };
}
export interface Magazine {
  effector: string;
  given: { ready: number | null; reserve: number | null };
  typical: { ready: number; reserve: number };
}
export interface Unit {
  kind: "fire_unit" | "sensor"; name: string; type: string; label: string; at: At; range_m: number;
  layer?: string; magazines?: Magazine[];
}
export interface DoctrineRow { effector: string; threat: string; salvo: number; looks: number; share: number }
export interface Defence { units: Unit[]; sensors: Unit[]; rule: string; doctrine: DoctrineRow[] }
export interface State { defence: Defence; answer: Answer; undo: number; redo: number }
export interface Settlement { name: string; at: At; people: number; area: number }
export interface Area { name: string; rings: At[][] }
export interface TypeName { name: string; label: string; effectors?: string[] }
export interface Flown { name: string; label: string; class: string; low_m: number; high_m: number }
export interface Scene extends State {
  ready: true; name: string; about: string; notional: string; coordinates: boolean; grid_deg: number | null; source: string;
  settlements: Settlement[]; areas: { cell_km: number | null; list: Area[] };
  land: At[][];
  types: { fire_units: TypeName[]; sensors: TypeName[]; effectors: TypeName[] };
  kinds: string[]; classes: string[]; rules: string[]; flown: Flown[]; supply: boolean;
}
export interface Opening { ready: false; opening: Job | null }
export interface Job {
  number: number; kind: string; title: string; state: "waiting" | "running" | "done" | "cancelled" | "failed";
  done: number; asked: number; error: { subject: string; faults: { found: string; mend: string }[] } | null; result?: any;
}
export interface ReplayThreat {
  name: string; type: string; label: string; class: string; decoy: boolean; route: At[];
  start_s: number; impact_s: number; end_s: number; tracked_s: number | null; told_apart_s: number | null;
  track_ends_s: number; fate: string; by: string | null; aim: string | null;
}
export interface ReplayEvent { time_s: number; event: string; threat: number; fire_unit: string; effector: string; rounds: number }
export interface Shot {
  threat: number; fire_unit: string; effector: string; rounds: number; from_s: number; to_s: number; what: string;
}
export interface Night {
  run: number; seed: number; begin_s: number; end_s: number; threats: ReplayThreat[]; events: ReplayEvent[]; shots: Shot[];
  counts: { time_s: number[]; airborne: number[]; engaged: number[]; leaked: number[] };
}
export interface Coverage { cells: { ring: At[]; units: number; seen: boolean }[]; most: number }
export interface Order {
  name: string; what: string; rounds: [number, number]; fire_units: number; from: string; by: string;
  price: [number, number]; currency: string; cost_usd: [number, number] | null; day: string; first: [string, string];
  last: string; status: string; chance: [number, number]; slip_days: [number, number]; gates: string[];
}
export interface Purchases {
  begins: string | null; orders: Order[]; stocks: { effector: string; rounds: [number, number]; usable: [number, number] }[];
  lines: { name: string; effector: string; rates: { day: string; per_month: [number, number] }[]; others: string[] }[];
  donors: { name: string; effectors: string[] }[];
  funders: { name: string; budget: [number, number]; per_month: [number, number]; currency: string; opens: string | null; closes: string | null }[];
}
export interface Season {
  scenario: string; begins: string; days: string[]; runs: number; seed: number; threats: number[]; leaked: number[];
  leaked_range: [number[], number[]]; fan: number[]; stocks: Record<string, number[][]>; dry: Record<string, number[]>;
  first_dry: Record<string, number>; months: { month: string; threats: Figure; leaked: Figure; exposed: Figure; spent_usd: Figure }[];
  orders: Record<string, { agreed: Figure; arrived: Figure; chance_whole: number; day_whole: { median: number | null; low: number | null; high: number | null } | null }>;
  spent_usd: Record<string, Figure>; purchases: Purchases;
}
export interface Proposal {
  key: number; value: number; bound: number; gap: number; optimal: boolean; today: number; fresh: number; moves: string[]; n_moves: number;
  n_units: number; n_sites: number; seconds: number;
  simulated: { runs: number; seed: number; differences: Record<string, Figure> } | null;
}
export interface Side { scene: Scene; defence: Defence; areas: AreaAnswer[] }
export interface Comparison { a: Side; b: Side; answer: Answer }
