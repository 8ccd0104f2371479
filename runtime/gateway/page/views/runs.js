// All runs: counts of the store, filters in the address, a line for each run that moves by itself.

import { api } from "../api.js";
import { h, number, state, time, took } from "../dom.js";
import { coalesced, listen } from "../live.js";
import { progressOf } from "../progress.js";

const STATES = ["", "running", "pending", "completed", "completed_with_failures", "failed", "cancelled"];

export async function show(root, { values, address }) {
  const tiles = h("div.tiles", { "aria-label": "Counts of the store" });
  const table = h("div.panel.scroll");
  const chosen = values.state ?? "";
  root.append(
    h("h1", {}, "Runs"),
    tiles,
    h("div.filters", { role: "group", "aria-label": "Filter by state" }, STATES.map((name) =>
      h("a", { href: address({ state: name, after: "" }), "aria-current": name === chosen ? "true" : null }, name ? name.replaceAll("_", " ") : "all"))),
    table,
  );

  async function load() {
    const [page, counts] = await Promise.all([
      api.jobs({ state: chosen, type: values.type, after: values.after, limit: 50 }),
      api.statistics(),
    ]);
    tiles.replaceChildren(...tilesOf(counts));
    table.replaceChildren(tableOf(page.jobs), page.next_cursor
      ? h("p", {}, h("a", { href: address({ after: page.next_cursor }) }, "Older runs"))
      : h("p.faint", {}, page.jobs.length ? "These were all." : "There is no such run."));
  }

  const reload = coalesced(load, 400);
  const leave = listen((type) => { if (type !== "snapshot") reload(); });
  await load();
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
  return h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Run"), h("th", { scope: "col" }, "State"), h("th", { scope: "col" }, "Progress"),
      h("th.wide", { scope: "col" }, "Made"), h("th.wide", { scope: "col" }, "Took"))),
    h("tbody", {}, jobs.map((job) => h("tr", {},
      h("td.name", {}, h("a", { href: `#/job/${job.id}` }, job.name), h("div.faint", {}, job.type)),
      h("td", {}, state(job)),
      h("td", {}, progressOf(job)),
      h("td.wide", {}, time(job.created_at)),
      h("td.wide", {}, took(job))))));
}
