// All runs: counts of the store, filters in the address, a line for each run that moves by itself.

import { api } from "../api.js";
import { h, number, redraw, state, table, time, took } from "../dom.js";
import { coalesced, inTurn, listen, orLeave } from "../live.js";
import { progressOf } from "../progress.js";

const STATES = ["", "running", "pending", "completed", "completed_with_failures", "failed", "cancelled"];

export async function show(root, { values, address }) {
  const tiles = h("div.tiles", { "aria-label": "Counts of the store" });
  const list = h("div.panel.scroll");
  const chosen = values.state ?? "";
  root.append(
    h("h1", {}, "Runs"),
    tiles,
    h("div.filters", { role: "group", "aria-label": "Filter by state" }, STATES.map((name) =>
      h("a", { href: address({ state: name, after: "" }), "aria-current": name === chosen ? "true" : null }, name ? name.replaceAll("_", " ") : "all"))),
    list,
  );

  const load = inTurn(async () => {
    const [page, counts] = await Promise.all([
      api.jobs({ state: chosen, type: values.type, after: values.after, limit: 50 }),
      api.statistics(),
    ]);
    redraw(tiles, ...tilesOf(counts));
    redraw(list, page.jobs.length ? tableOf(page.jobs) : "", page.next_cursor
      ? h("p", {}, h("a", { href: address({ after: page.next_cursor }) }, "Older runs"))
      : page.jobs.length ? "" : h("p.faint", {}, chosen || values.after ? "There is no such run." : ["No run yet. ", h("a", { href: "#/definitions" }, "Start one"), " from a definition."]));
  });

  const reload = coalesced(load, 400);
  const leave = listen(reload);
  await orLeave(load, leave);
  return leave;
}

function tilesOf(counts) {
  const tile = (value, words) => h("div.tile", {}, h("b", {}, number(value)), h("span", {}, words));
  return [
    tile(counts.runs.running + counts.runs.pending, "open runs"),
    tile(counts.jobs.running, "running jobs"),
    tile(counts.jobs.pending + counts.jobs.scheduled, "waiting jobs"),
    tile(counts.jobs.completed, "completed jobs"),
    tile(counts.jobs.failed, "failed jobs"),
    tile(counts.documents, "documents"),
  ];
}

function tableOf(jobs) {
  return table(["Run", "State", "Progress", ["Made", "short"], ["Took", "short"]], jobs.map((job) => [
    [h("a", { href: `#/job/${job.id}` }, job.name), h("div.faint", {}, job.type)],
    state(job), progressOf(job), time(job.created_at), took(job)]));
}
