// One run, step or job: how far it is, what may be done with it, what is below it, who ran when, its log.

import { api, may } from "../api.js";
import { brief, ended, h, notice, number, redraw, state, table, time, took } from "../dom.js";
import { coalesced, inTurn, listen, orLeave } from "../live.js";
import { progressOf } from "../progress.js";
import { timeline } from "../timeline.js";

const CHILDREN = 50;
const IN_TIMELINE = 40;
const IN_TREE = 25;
const LINES = 500;

export async function show(root, { id, values, address }) {
  const parts = Object.fromEntries(["head", "facts", "why", "below", "documents", "tree", "times"].map((name) => [name, h("div")]));
  const log = followed(id);
  root.append(...Object.values(parts), h("h2", {}, "Log"), log.element);

  let job = null;
  const load = inTurn(async () => {
    job = await api.job(id);
    redraw(parts.head, headOf(job, () => load()));
    redraw(parts.facts, factsOf(job));
    await Promise.all([loadBelow(job, parts, values, address), loadWhy(job, parts.why), loadTree(job, parts.tree), loadDocuments(job, parts.documents), log.more()]);
  });

  const reload = coalesced(load, 500);
  const leave = listen((type, data) => {
    if (type === "connected" || type === "snapshot" || data.run_id === job?.root_id || data.job_id === id) reload();
  });
  await orLeave(load, leave);
  return leave;
}

function headOf(job, reload) {
  const act = (words, verb, values, bad) => h(bad ? "button.danger" : "button", {
    type: "button",
    onclick: async (event) => {
      event.target.disabled = true;
      try {
        const answer = await api.act(job.id, verb, values);
        notice(answer.message);
        if (answer.new_job_id) location.hash = `#/job/${answer.new_job_id}`;
        else await reload();
      } catch (error) {
        notice(error.message, true);
      } finally {
        event.target.disabled = false;
      }
    },
  }, words);
  const remove = h("button.danger", {
    type: "button",
    onclick: async () => {
      if (!confirm(`Delete “${job.name}” with all below it?`)) return;
      try {
        notice((await api.remove(job.id)).message);
        location.hash = "#/runs";
      } catch (error) {
        notice(error.message, true);
      }
    },
  }, "Delete");
  const over = ended(job.state);
  const failures = (job.counts?.failed ?? 0) + (job.state === "failed" ? 1 : 0);
  return h("div", {},
    job.parent_id ? h("p.faint", {}, h("a", { href: `#/job/${job.root_id}` }, "Run"), job.parent_id === job.root_id ? "" : [" › ", h("a", { href: `#/job/${job.parent_id}` }, "Step")]) : null,
    h("h1", {}, job.name),
    h("p", {}, state(job), " ", h("span.faint", {}, `${job.kind} ${job.id}`)),
    job.counts ? progressOf(job) : null,
    may.operate ? h("div.actions", {},
      over ? null : act("Cancel", "cancel", {}, true),
      over ? null : job.paused ? act("Resume", "resume") : act("Pause", "pause"),
      over && failures ? act("Retry failed", "retry", { failed_only: true }) : null,
      act("Run again", "rerun"),
      over && job.kind === "run" ? remove : null) : null);
}

function factsOf(job) {
  const fact = (name, value) => (value === undefined || value === null || value === "" ? null : [h("dt", {}, name), h("dd", {}, value)]);
  const json = (value) => h("pre", {}, typeof value === "string" ? value : JSON.stringify(value, null, 2));
  return h("section.panel", { "aria-label": "Facts" }, h("dl", {},
    fact(job.kind === "job" ? "Type" : job.kind === "step" ? "Action" : "Definition", job.type),
    fact("Made", time(job.created_at)),
    fact("Started", time(job.started_at)),
    fact("Ended", job.finished_at ? time(job.finished_at) : null),
    fact("Took", took(job)),
    job.kind === "job" ? fact("Attempt", `${job.attempt} of ${job.max_attempts}`) : null,
    fact("Not before", job.not_before ? time(job.not_before) : null),
    fact("Lost", job.lost ? `${job.lost} times with its runtime` : null),
    fact("Error", job.error),
    job.kind === "job" ? fact("Payload", json(job.payload)) : null,
    job.result !== undefined ? fact("Result", json(job.result)) : null,
    job.errors ? fact("Attempts that failed", job.errors.map((error) => h("details", {},
      h("summary", {}, `${error.attempt ? `Attempt ${error.attempt}: ` : ""}${error.type}: ${error.message}`),
      error.traceback ? h("pre", {}, error.traceback) : "no traceback"))) : null,
    job.kind === "run" ? fact("Documents", h("a", { href: `#/search?run_id=${job.id}` }, "saved by this run")) : null));
}

async function loadBelow(job, parts, values, address) {
  if (job.kind === "job") return;
  const chosen = values.state ?? "";
  const page = job.kind === "run"
    ? await api.jobs({ run_id: job.id, kind: "step", limit: 1000, order: "asc" })
    : await api.jobs({ parent_id: job.id, state: chosen, after: values.after, limit: CHILDREN, order: "asc" });
  const filters = job.kind === "run" ? null : h("div.filters", { role: "group", "aria-label": "Filter by state" },
    ["", "running", "pending", "scheduled", "completed", "failed", "cancelled"].map((name) =>
      h("a", { href: address({ state: name, after: "" }), "aria-current": name === chosen ? "true" : null },
        name ? `${name} ${number(job.counts[name] ?? 0)}` : `all ${number(job.counts.total)}`)));
  redraw(parts.below,
    h("h2", {}, job.kind === "run" ? "Steps" : "Jobs"), filters ?? "",
    h("div.panel.scroll", {}, tableOf(page.jobs),
      page.next_cursor ? h("p", {}, h("a", { href: address({ after: page.next_cursor }) }, "More")) : ""));
  const picture = timeline(await timesOf(job, page.jobs));
  redraw(parts.times, ...(picture ? [h("h2", {}, "Timeline"), h("div.panel.scroll", { tabindex: "0", role: "region", "aria-label": "Timeline" }, picture)] : []));
}

function tableOf(jobs) {
  if (!jobs.length) return h("p.faint", {}, "There are none.");
  return table(["Name", "State", "Progress or error", ["Took", "short"]], jobs.map((job) => [
    [h("a", { href: `#/job/${job.id}` }, job.name), job.kind === "job" ? h("div.faint", {}, brief(job.payload)) : ""],
    state(job), [job.counts ? progressOf(job) : "", job.error ? h("div.faint", {}, job.error) : ""], took(job)]));
}

/** The run with all below it, as far as it is shown: folded but for what is not done. */
function treeOf(node) {
  const below = [...(node.children ?? []), ...(node.spawned ?? [])];
  const link = (words) => h("a", { href: `#/job/${node.id}` }, words);
  const rest = [" ", state(node), " ", h("span.faint", {}, node.progress?.text ?? brief(node.payload))];
  if (!below.length) return h("li", {}, link(node.name), rest);
  const more = node.children_not_shown ? h("li.faint", {}, `and ${number(node.children_not_shown)} more: `, link("all of them")) : null;
  return h("li", {}, h("details", { open: open.get(node.id) ?? node.kind === "run", ontoggle: (event) => open.set(node.id, event.target.open) },
    h("summary", { "data-key": node.id }, node.name, rest),
    h("ul.tree", {}, below.map(treeOf), more)));
}

const open = new Map(); // what was folded and unfolded by hand stays so when the tree is drawn again

async function loadTree(job, element) {
  if (job.kind !== "run") return;
  redraw(element, h("h2", {}, "Tree"), h("div.panel", {}, h("ul.tree", {}, treeOf(await api.tree(job.id, { limit: IN_TREE })))));
}

async function loadDocuments(job, element) {
  if (job.kind !== "job") return;
  const { documents } = await api.documents({ job_id: job.id, limit: 50 });
  redraw(element, ...(documents.length ? [h("h2", {}, "Documents"), h("div.panel", {}, documents.map((each) =>
    h("p", {}, h("a", { href: `#/document/${each.id}` }, each.title || each.url || each.id), " ", h("span.faint", {}, each.url ?? each.source_type))))] : []));
}

/** The rows of the picture: the steps and the first jobs of each, or the jobs that are shown. */
async function timesOf(job, shown) {
  const row = (each, depth) => ({ ...each, depth });
  if (job.kind === "step") return shown.slice(0, IN_TIMELINE).map((each) => row(each, 0));
  const some = Math.max(2, Math.floor(IN_TIMELINE / Math.max(shown.length, 1)) - 1);
  const pages = await Promise.all(shown.slice(0, 12).map((step) => api.jobs({ parent_id: step.id, limit: some, order: "asc" })));
  return shown.flatMap((step, place) => [row(step, 0), ...(pages[place]?.jobs ?? []).map((each) => row(each, 1))]);
}

async function loadWhy(job, element) {
  const reasons = ended(job.state) || job.state === "running" && !job.paused ? [] : (await api.explain(job.id)).reasons;
  redraw(element, ...(reasons.length ? [h("section.panel", { "aria-label": "Why it does not move" },
    h("b", {}, "Why it does not move"), h("ul", {}, reasons.map((reason) => h("li", {}, reason.text ?? reason.message ?? JSON.stringify(reason), reason.hint ? h("span.faint", {}, ` – ${reason.hint}`) : ""))))] : []));
}

/** Log lines as they come; the newest stays in sight while one looks at the end. */
function followed(id) {
  const element = h("div.log", { role: "log", tabindex: "0", "aria-label": "Log" });
  const none = h("div.faint", {}, "No lines yet.");
  element.append(none);
  let cursor = 0;
  let reading = false;
  let following = true;
  element.addEventListener("scroll", () => {
    following = element.scrollTop + element.clientHeight >= element.scrollHeight - 20;
  });
  async function more() {
    if (reading) return;
    reading = true;
    try {
      for (;;) {
        const page = await api.logs(id, { after: cursor, limit: LINES });
        if (page.logs.length) none.remove();
        for (const line of page.logs) {
          cursor = line.number;
          element.append(h(`div.${line.level}`, {}, `${new Date(line.time).toLocaleTimeString()} ${line.level.padEnd(7)} ${line.text}`));
        }
        while (element.childElementCount > 2000) element.firstElementChild.remove();
        if (following) requestAnimationFrame(() => { element.scrollTop = element.scrollHeight; });
        if (!page.next_cursor) return;
      }
    } finally {
      reading = false;
    }
  }
  return { element, more };
}
