// The words of the page: one file of messages for each language.

import en from "./texts/en.json";
import nl from "./texts/nl.json";

export const LANGUAGES = { en: "English", nl: "Nederlands" } as const;
export type Language = keyof typeof LANGUAGES;
export type Message = keyof typeof en;
export const MESSAGES: Record<Language, Record<string, string>> = { en, nl };

let language: Language = "en";

export function setLanguage(given: string): void {
  language = given in LANGUAGES ? (given as Language) : "en";
  document.documentElement.lang = language;
}

export function languageNow(): Language {
  return language;
}

/** A message with its gaps filled in; the key itself where there is none. */
export function t(key: string, gaps: Record<string, string | number> = {}): string {
  const text = MESSAGES[language][key] ?? MESSAGES.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in gaps ? String(gaps[name]) : whole));
}

/** A number for reading: three digits that count, whole from a thousand on. */
export function number(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const options: Intl.NumberFormatOptions =
    Math.abs(value) >= 1e6 ? { notation: "compact", maximumSignificantDigits: digits }
      : Math.abs(value) >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: digits };
  return new Intl.NumberFormat(language, options).format(Math.abs(value) < 1e-9 ? 0 : value);
}

/** A number with its sign. */
export function signed(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined) return "–";
  const text = number(Math.abs(value), digits);
  if (Math.abs(value) < 1e-9) return "0";
  return (value > 0 ? "+" : "\u2212") + text;
}

export function percent(share: number): string {
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: share > 0 && share < 0.1 ? 1 : 0 }).format(share);
}

/** The raid clock: hours, minutes and seconds after its zero. */
export function clock(time: number): string {
  const whole = Math.floor(Math.abs(time));
  const two = (value: number) => String(value).padStart(2, "0");
  return `${time < 0 ? "\u2212" : ""}${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
