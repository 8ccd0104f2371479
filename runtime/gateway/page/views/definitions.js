// The definitions: run one, set its schedule, check a text and keep it.

import { api, may } from "../api.js";
import { h, notice, redraw, table, time } from "../dom.js";
import { coalesced, inTurn, listen, orLeave } from "../live.js";

const EXAMPLE = `id = "docs"
name = "Crawl the docs"

[step.crawl]
action = "crawl"
start_urls = ["https://docs.example.com/"]
max_depth = 2
max_pages = 50
`;

export async function show(root) {
  const list = h("div.panel.scroll");
  const found = h("div", { role: "status", "aria-live": "polite" });
  const text = h("textarea", { spellcheck: "false", "aria-label": "A definition in TOML" });
  text.value = EXAMPLE;
  const act = (words, ask, done) => h("button", {
    type: "button",
    onclick: async () => {
      try {
        done(await ask(text.value));
      } catch (error) {
        found.replaceChildren(findings(error.errors.length ? error.errors : [{ message: error.message }]));
      }
    },
  }, words);
  root.append(h("h1", {}, "Definitions"), list);
  if (may.operate) root.append(
    h("h2", {}, "Check or add one"), text,
    h("div.actions", {},
      act("Check", api.validate, (answer) => found.replaceChildren(
        h("p", {}, answer.valid ? (answer.runnable ? "This is a definition that runs here." : "This is a definition; it can not run here.") : "This is no definition."),
        findings(answer.findings) ?? "")),
      act("Add", api.upload, (answer) => { notice(`“${answer.name}” was added`); found.replaceChildren(findings(answer.findings) ?? ""); load(); })),
    found,
  );

  const load = inTurn(async () => {
    const [definitions, schedules] = await Promise.all([api.definitions(), api.schedules()]);
    redraw(list, tableOf(definitions, new Map(schedules.map((each) => [each.id, each])), load));
  });
  const reload = coalesced(load, 1000);
  const leave = listen((type) => { if (type.startsWith("schedule") || type === "connected" || type === "snapshot") reload(); });
  await orLeave(load, leave);
  return leave;
}

function findings(list) {
  return list.length === 0 ? null : h("ul.findings", {}, list.map((each) => h("li", { class: each.severity === "warning" ? "pending" : "failed" },
    each.line ? `line ${each.line}: ` : "", each.message, each.hint ? h("span.faint", {}, ` – ${each.hint}`) : "")));
}

function tableOf(definitions, schedules, reload) {
  if (!definitions.length) return h("p.faint", {}, "There are none: set directory under [definitions] in quaero.toml.");
  return table(["Definition", "Steps", "Schedule", ["", "act"]], definitions.map((each) => [
    [each.name, h("div.faint", {}, [each.id, each.source].filter(Boolean).join(" · ")), findings(each.findings)],
    each.steps.join(" → "), scheduleOf(each, schedules.get(each.id), reload), each.id && may.operate ? runButton(each) : ""]));
}

function scheduleOf(definition, schedule, reload) {
  const act = (words, verb) => may.operate && h("button", {
    type: "button",
    onclick: async () => {
      try {
        await api.schedule(definition.id, verb);
        await reload();
      } catch (error) {
        notice(error.message, true);
      }
    },
  }, words);
  if (schedule) {
    return h("div", {}, schedule.schedule, h("div.faint", {}, schedule.paused ? "paused" : ["next ", time(schedule.next_at)]),
      schedule.paused ? act("Resume", "resume") : act("Pause", "pause"));
  }
  if (!definition.schedule) return "–";
  return h("div", {}, definition.schedule, h("div.faint", {}, "not set"), definition.enabled && act("Set", ""));
}

function runButton(definition) {
  const why = !definition.enabled ? "It is disabled." : definition.findings.some((each) => each.severity !== "warning") ? "It can not run here: see what was found." : "";
  return h("button", {
    type: "button",
    disabled: Boolean(why),
    title: why || null,
    onclick: async () => {
      try {
        const made = await api.execute(definition.id);
        location.hash = `#/job/${made.job_id}`;
      } catch (error) {
        notice(error.message, true);
      }
    },
  }, "Run");
}
