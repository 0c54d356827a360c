/** Periods of order dates. Days are texts as in 2014-06-30, in the source's own time. */

const day = (year, month, date) => new Date(Date.UTC(year, month, date)).toISOString().slice(0, 10);
const parts = (text) => text.split("-").map(Number);

/** The day so many days later. */
export function addDays(text, days) {
  const [year, month, date] = parts(text);
  return day(year, month - 1, date + days);
}

/** The same day of another year; the last of February where there is no 29th. */
export function addYears(text, years) {
  const [year, month, date] = parts(text);
  const last = new Date(Date.UTC(year + years, month, 0)).getUTCDate();
  return day(year + years, month - 1, Math.min(date, last));
}

/** The first day of the month so many months later. */
export function addMonths(text, months) {
  const [year, month] = parts(text);
  return day(year, month - 1 + months, 1);
}

/** Whether the text is a day of the calendar. */
export function isDay(text) {
  return /^\d{4}-\d\d-\d\d$/.test(text ?? "") && addDays(text, 0) === text;
}

/**
 * The period of the address, `from` included and `to` excluded, within the data that there
 * are. The data may have ended long ago, so "last" counts from their last day.
 */
export function periodOf({ period = "12m", from, to }, { first, last }) {
  const end = addDays(last, 1);
  if (period === "custom") {
    const begins = isDay(from) ? from : first;
    const ends = isDay(to) ? addDays(to, 1) : end;
    return begins < ends ? { from: begins, to: ends } : { from: begins, to: addDays(begins, 1) };
  }
  if (period === "all") {
    return { from: first, to: end };
  }
  if (/^\d{4}$/.test(period)) {
    const next = day(Number(period) + 1, 0, 1);
    return { from: day(Number(period), 0, 1), to: next < end ? next : end };
  }
  return { from: addMonths(last, period === "3m" ? -2 : -11), to: end };
}

/** The same period, a year before. */
export function yearBefore({ from, to }) {
  // `to` is the day after the last one: after the 28th of February comes the 1st of March.
  const [year, month, date] = parts(to);
  return { from: addYears(from, -1), to: day(year - 1, month - 1, date) };
}

/** The first days of the months that a period touches. */
export function monthsOf({ from, to }) {
  const months = [];
  for (let month = addMonths(from, 0); month < to; month = addMonths(month, 1)) {
    months.push(month);
  }
  return months;
}

/** The years that the data touch, the newest first. */
export function yearsOf({ first, last }) {
  const [oldest, newest] = [parts(first)[0], parts(last)[0]];
  return Array.from({ length: newest - oldest + 1 }, (_, index) => newest - index);
}
