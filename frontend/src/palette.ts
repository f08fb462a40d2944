// Colours that those who do not see red and green apart can tell: viridis-like steps for amounts, blue to orange for
// changes, Okabe and Ito's set for kinds. Shapes say the same as colours wherever a kind matters.

export const dark = () => document.documentElement.dataset.theme === "dark";

const AMOUNTS = {
  light: ["#fde9a9", "#f3b76b", "#d97f5c", "#a84a63", "#5f2467"],
  dark: ["#3a2a4d", "#6d2f68", "#b14a63", "#e0815b", "#f7c56f"],
};
const CHANGES = {
  light: ["#2166ac", "#67a9cf", "#d1e5f0", "#fddbc7", "#ef8a62", "#b2540a"],
  dark: ["#5aa9f0", "#3577b5", "#27415c", "#573a2a", "#b0622f", "#f5984e"],
};
const COUNTS = {
  light: ["#d6e6f2", "#9ec5e0", "#5c9dcb", "#2a70a9", "#0b3f73"],
  dark: ["#16324a", "#1d4f78", "#2b76ad", "#58a4d8", "#a6d3f2"],
};
const set = () => (dark() ? "dark" : "light");

export const amounts = () => AMOUNTS[set()];
export const changes = () => CHANGES[set()];
export const counts = () => COUNTS[set()];

const CLASSES: Record<string, [string, string]> = {
  drone: ["#0072b2", "#56b4e9"],
  cruise: ["#b35900", "#ffb000"],
  ballistic: ["#9c2f7a", "#f0a0d0"],
  supersonic: ["#006d55", "#2fd0a5"],
  other: ["#555555", "#bbbbbb"],
};
export const ofClass = (name: string) => (CLASSES[name] ?? CLASSES.other)[dark() ? 1 : 0];

const FATES: Record<string, [string, string]> = {
  killed: ["#00614a", "#35d0a0"],
  lost: ["#5b4fb0", "#b9a9ff"],
  fell: ["#666666", "#c0c0c0"],
  leaked: ["#b3261e", "#ff7a6b"],
};
export const ofFate = (name: string) => (FATES[name] ?? FATES.fell)[dark() ? 1 : 0];

export const ink = () => (dark() ? "#e8e8e8" : "#1b1b1b");
export const paper = () => (dark() ? "#15181c" : "#f7f7f4");
export const land = () => (dark() ? "#22272d" : "#ffffff");
export const border = () => (dark() ? "#7b8794" : "#76716a");
export const dot = () => (dark() ? "#d9d4c7" : "#3d3a35");
export const unitColour = () => (dark() ? "#9ad0ff" : "#004a8f");
export const sensorColour = () => (dark() ? "#f2d16b" : "#7a5200");

/** Ends of steps for amounts: round numbers, at most five steps; empty where there is nothing. */
export function breaks(values: number[], steps = 5): number[] {
  const known = values.filter((one) => one > 0).sort((a, b) => a - b);
  if (!known.length) return [];
  const ends: number[] = [];
  for (let k = 1; k < steps; k++) {
    const end = nice(known[Math.min(known.length - 1, Math.floor((k * known.length) / steps))]);
    if (!ends.length || end > ends[ends.length - 1]) ends.push(end);
  }
  return ends.filter((end) => end < known[known.length - 1]);
}

/** Ends of at most five equal steps between the least and the largest of several numbers. */
export function evenBreaks(values: number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  let wide = nice((high - low) / 5);
  if (!(wide > 0)) return [];
  while ((high - low) / wide > 5) wide = nice(wide * 1.7);
  const ends: number[] = [];
  for (let end = Math.ceil(low / wide) * wide; end < high && ends.length < 4; end += wide) if (end > low) ends.push(Number(end.toPrecision(6)));
  return ends;
}

/** The nearest of 1, 2, 3, 5 times a power of ten. */
export function nice(value: number): number {
  if (!(value > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(value));
  const steps = [1, 2, 3, 5, 10];
  const best = steps.reduce((a, b) => (Math.abs(Math.log(value / (b * power))) < Math.abs(Math.log(value / (a * power))) ? b : a));
  return Number((best * power).toPrecision(3));
}

/** Step in which a value falls. */
export function step(value: number, ends: number[]): number {
  let k = 0;
  while (k < ends.length && value >= ends[k]) k++;
  return k;
}
