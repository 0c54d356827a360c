/** Amounts stay the texts that the API sends: Intl formats them to the last digit. */

const money = new Intl.NumberFormat(undefined, { style: "currency", currency: "USD" });
const compact = new Intl.NumberFormat(undefined, {
  style: "currency",
  currency: "USD",
  notation: "compact",
  maximumFractionDigits: 1,
});
const whole = new Intl.NumberFormat();
const some = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat(undefined, {
  style: "percent",
  maximumFractionDigits: 1,
  signDisplay: "exceptZero",
});
const share = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });

const utc = (options) => new Intl.DateTimeFormat(undefined, { timeZone: "UTC", ...options });
const month = utc({ month: "short", year: "numeric" });
const day = utc({ day: "numeric", month: "short", year: "numeric" });
const weekday = utc({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
const moment = utc({ dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
const time = utc({ timeStyle: "medium", hourCycle: "h23" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const NONE = "–";
const or = (value, format) => (value === null || value === undefined ? NONE : format(value));

export const formatMoney = (value) => or(value, (text) => money.format(text));
export const formatCompact = (value) => or(value, (number) => compact.format(number));
export const formatCount = (value) => or(value, (number) => whole.format(number));
export const formatQuantity = (value) => or(value, (text) => some.format(text));
export const formatShare = (value) => or(value, (number) => share.format(number));
export const formatMonth = (value) => or(value, (text) => month.format(new Date(text)));
export const formatDay = (value) => or(value, (text) => day.format(new Date(text)));
export const formatWeekday = (value) => or(value, (text) => weekday.format(new Date(text)));
export const formatMoment = (value) => or(value, (text) => `${moment.format(new Date(text))} UTC`);

export const formatTime = (value) => or(value, (date) => `${time.format(date)} UTC`);

/** How far a number is from what it was; undefined where it was nothing. */
export function formatChange(now, before) {
  const was = Number(before);
  return was === 0 ? undefined : percent.format((Number(now) - was) / was);
}

export function formatBytes(value) {
  return or(value, (bytes) => {
    const step = bytes < 1000 ? 0 : bytes < 1e6 ? 1 : bytes < 1e9 ? 2 : 3;
    const unit = ["byte", "kilobyte", "megabyte", "gigabyte"][step];
    const format = new Intl.NumberFormat(undefined, {
      style: "unit",
      unit,
      unitDisplay: step === 0 ? "long" : "short",
      maximumFractionDigits: step === 0 ? 0 : 1,
    });
    return format.format(bytes / 1000 ** step);
  });
}

/** How long something took, from two moments; until now while it has no end. */
export function formatDuration(from, to) {
  return or(from, () => {
    const seconds = ((to ? new Date(to) : new Date()) - new Date(from)) / 1000;
    return seconds < 120
      ? `${some.format(seconds)} s`
      : `${whole.format(Math.round(seconds / 60))} min`;
  });
}

/** How long ago a moment is, in words. */
export function formatAgo(value) {
  return or(value, (text) => {
    const seconds = (new Date(text) - new Date()) / 1000;
    for (const [unit, size] of [
      ["day", 86400],
      ["hour", 3600],
      ["minute", 60],
    ]) {
      if (Math.abs(seconds) >= size) {
        return relative.format(Math.round(seconds / size), unit);
      }
    }
    return "just now";
  });
}

/** A constant as words: SUCCEEDED_WITH_REJECTS becomes "succeeded with rejects". */
export const words = (constant) => constant.toLowerCase().replaceAll("_", " ");
