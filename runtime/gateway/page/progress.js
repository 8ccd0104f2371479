// Progress bars, with the rate and the time that is left as the last seconds show them.

import { duration, h, number } from "./dom.js";

const seen = new Map(); // by parent: the last times and how much was done then

/** A bar of counts; `known` false: more may come. */
export function bar(counts, progress) {
  const total = Math.max(counts.total, 1);
  const part = (name, value) => h(`i.${name}`, { style: { width: `${(100 * value) / total}%` } });
  return h("div.bar", {
    role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100",
    "aria-valuenow": String(progress.percentage), "aria-label": progress.text,
  }, part("completed", counts.completed), part("failed", counts.failed), part("cancelled", counts.cancelled), part("running", counts.running));
}

/** The bar and its words. */
export function progressOf(job) {
  const { counts, progress } = job;
  if (!progress) return "";
  const done = counts.completed + counts.failed + counts.cancelled;
  const of = `${number(done)} of ${number(counts.total)}${progress.total_final ? "" : "+"}`;
  const left = eta(job.id, done, counts.total, job.finished_at);
  return h("div.progress", {}, bar(counts, progress), h("span.faint", {}, of, left ? `, ${left}` : "", counts.failed ? `, ${number(counts.failed)} failed` : ""));
}

function eta(id, done, total, finished) {
  const now = performance.now() / 1000;
  const times = (seen.get(id) ?? []).filter(([at]) => at > now - 15);
  if (!times.length || times.at(-1)[1] !== done) times.push([now, done]);
  seen.set(id, times);
  if (finished || times.length < 2) return "";
  const rate = (done - times[0][1]) / Math.max(now - times[0][0], 0.2);
  if (rate <= 0) return "";
  const shown = `${rate < 10 ? rate.toFixed(1) : number(Math.round(rate))}/s`;
  return total > done ? `${shown}, ${duration((total - done) / rate)} left` : shown;
}
