// Webhooks: where events are sent, how that goes, and one of them with its deliveries. No secret is ever shown.

import { api, may } from "../api.js";
import { h, notice, number, redraw, state, table, time } from "../dom.js";
import { coalesced, inTurn, listen, orLeave } from "../live.js";

const STATES = ["", "pending", "running", "scheduled", "completed", "failed", "cancelled"];
const LEVELS = { runs: "runs", parents: "runs and steps", all: "runs, steps and jobs" };

export async function show(root, { id, values, address }) {
  return id ? one(root, id, values, address) : all(root);
}

async function all(root) {
  const list = h("div.panel.scroll");
  root.append(h("h1", {}, "Webhooks"), list);

  const load = inTurn(async () => {
    const webhooks = await api.webhooks();
    redraw(list, webhooks.length ? tableOf(webhooks) : h("p.faint", {}, "No webhook yet: one sends events to an address of yours, signed, each until it is accepted."));
  });
  if (may.operate) root.append(...adding(load));
  const leave = listen(coalesced(load, 1000));
  await orLeave(load, leave);
  return leave;
}

function tableOf(webhooks) {
  return table(["Webhook", "State", ["Delivered", "number"], ["Waiting", "number"], ["Failed", "number"], ["Last delivery", "short"]], webhooks.map((each) => [
    [h("a", { href: `#/webhook/${each.name}` }, each.name), h("div.faint", {}, each.url), h("div.faint", {}, wishOf(each))],
    h("div", {}, stateOf(each), each.last_failure ? h("div.faint", {}, "last failure: ", h("a", { href: `#/job/${each.last_failure.job_id}` }, each.last_failure.error || "see the delivery")) : ""),
    number(each.deliveries.completed), number(waiting(each)), number(each.deliveries.failed), time(each.last_delivered_at)]));
}

const waiting = ({ deliveries }) => deliveries.pending + deliveries.running + deliveries.scheduled;

/** Which events it wants, in words. */
function wishOf(webhook) {
  const parts = [webhook.events.length ? webhook.events.join(", ") : "all events", `of ${LEVELS[webhook.level] ?? webhook.level}`];
  if (webhook.definitions.length) parts.push(`of ${webhook.definitions.join(", ")}`);
  if (webhook.runs.length) parts.push(`of ${webhook.runs.length === 1 ? "run" : "runs"} ${webhook.runs.join(", ")}`);
  return parts.join(" ");
}

function stateOf(webhook) {
  if (!webhook.enabled) return [h("span.state.cancelled", {}, "disabled"), webhook.reason ? h("div.faint", {}, webhook.reason) : ""];
  const behind = webhook.events_behind > 1000 ? h("div.faint", {}, `${number(webhook.events_behind)} events behind`) : "";
  return [h("span.state.completed", {}, "enabled"), behind];
}

/** The form that adds one. */
function adding(reload) {
  const field = (words, attributes) => {
    const box = h("input", { type: "text", spellcheck: "false", autocomplete: "off", ...attributes });
    return [box, h("label.field", {}, h("span", {}, words), box)];
  };
  const [name, nameField] = field("Name", { required: true, pattern: "[A-Za-z0-9_\\-]{1,64}", title: "letters, digits, - and _" });
  const [url, urlField] = field("Address", { type: "url", required: true, placeholder: "https://example.com/hooks" });
  const [events, eventsField] = field("Types of events", { placeholder: "job_status_change, …; none = all" });
  const [definitions, definitionsField] = field("Definitions", { placeholder: "ids, with commas; none = all" });
  const level = h("select", {}, Object.entries(LEVELS).map(([value, words]) => h("option", { value }, words)));
  const inside = h("input", { type: "checkbox" });
  const made = h("div", { role: "status", "aria-live": "polite" });
  const words = (box) => box.value.split(",").map((each) => each.trim()).filter(Boolean);
  const add = async (event) => {
    event.preventDefault();
    made.replaceChildren();
    try {
      if ((await api.webhooks()).some((each) => each.name === name.value)) throw new Error(`There is a webhook ${name.value} already: take another name, or remove it first.`);
      const answer = await api.setWebhook(name.value, {
        url: url.value, events: words(events), definitions: words(definitions), level: level.value, allow_private_addresses: inside.checked,
      });
      made.replaceChildren(secretOf(answer, `Webhook ${answer.name} was added.`));
      event.target.reset();
      await reload();
    } catch (error) {
      made.replaceChildren(h("p.failed", { role: "alert" }, error.message));
    }
  };
  return [h("h2", {}, "Add one"), h("form.panel.fields", { onsubmit: add },
    nameField, urlField, h("label.field", {}, h("span", {}, "Events of"), level), eventsField, definitionsField,
    h("label.check", {}, inside, " It is on this machine or in a private network"),
    h("div.actions", {}, h("button", { type: "submit" }, "Add"))), made];
}

/** A secret goes to the clipboard, once, and is not put on the page. */
function secretOf({ secret, name }, said) {
  if (!secret) return h("p", {}, said);
  const hint = h("span.faint", {}, ` Its receiver verifies with this secret, which is not shown here or told again; “New secret” or quaero webhook rotate ${name} makes another.`);
  const copy = h("button", {
    type: "button",
    onclick: async () => {
      try {
        await navigator.clipboard.writeText(secret);
        notice("The secret was copied");
      } catch {
        notice(`The browser does not let it be copied here: quaero webhook rotate ${name} prints a new one`, true);
      }
    },
  }, "Copy the secret");
  return h("section.panel", { "aria-label": "Secret" }, h("p", {}, said, hint), copy);
}

async function one(root, name, values, address) {
  const head = h("div");
  const made = h("div", { role: "status", "aria-live": "polite" });
  const facts = h("div");
  const list = h("div.panel.scroll");
  const filters = h("div.filters", { role: "group", "aria-label": "Filter by state" });
  const chosen = values.state ?? "";
  root.append(head, made, facts, h("h2", {}, "Deliveries"), filters, list);

  const load = inTurn(async () => {
    const webhook = (await api.webhooks()).find((each) => each.name === name);
    if (!webhook) throw Object.assign(new Error(`there is no webhook ${name}`), { status: 404 });
    const page = await api.deliveries(name, { state: chosen, after: values.after, limit: 50 });
    redraw(head, headOf(webhook, made, load));
    redraw(facts, factsOf(webhook));
    redraw(filters, ...STATES.map((each) => h("a", { href: address({ state: each, after: "" }), "aria-current": each === chosen ? "true" : null },
      each ? `${each} ${number(webhook.deliveries[each])}` : `all ${number(webhook.deliveries.total)}`)));
    redraw(list, deliveriesOf(page.jobs), page.next_cursor ? h("p", {}, h("a", { href: address({ after: page.next_cursor }) }, "Older ones")) : "");
  });
  const leave = listen(coalesced(load, 1000));
  await orLeave(load, leave);
  return leave;
}

function headOf(webhook, made, reload) {
  const act = (words, ask, done, bad) => h(bad ? "button.danger" : "button", {
    type: "button",
    onclick: async (event) => {
      event.target.disabled = true;
      try {
        const answer = await ask();
        if (answer !== null) await done(answer);
      } catch (error) {
        notice(error.message, true);
      } finally {
        event.target.disabled = false;
      }
    },
  }, words);
  const verb = (name) => () => api.webhook(webhook.name, name);
  const tested = (answer) => notice(answer.accepted ? `It answered ${answer.status} after ${answer.elapsed_ms} ms.` : `It answered ${answer.status}: ${answer.answer}`, !answer.accepted);
  const rotated = (answer) => made.replaceChildren(secretOf(answer, "The new secret signs from now on, the one before besides for 24 hours."));
  const remove = () => (confirm(`Remove webhook “${webhook.name}”? What waits for it is cancelled.`) ? api.removeWebhook(webhook.name) : null);
  return h("div", {},
    h("p.faint", {}, h("a", { href: "#/webhooks" }, "Webhooks")),
    h("h1", {}, webhook.name),
    h("div", {}, stateOf(webhook)),
    may.operate ? h("div.actions", {},
      webhook.enabled ? act("Disable", verb("disable"), reload) : act("Enable", verb("enable"), reload),
      act("Send a test", verb("test"), tested),
      webhook.configuration ? null : act("New secret", verb("rotate"), rotated),
      act("Remove", remove, () => { location.hash = "#/webhooks"; }, true)) : null);
}

function factsOf(webhook) {
  const fact = (name, value) => (value === null || value === "" ? null : [h("dt", {}, name), h("dd", {}, value)]);
  return h("section.panel", { "aria-label": "Facts" }, h("dl", {},
    fact("Address", webhook.url),
    fact("Sends", wishOf(webhook)),
    fact("Set", time(webhook.updated_at)),
    fact("By", webhook.configuration),
    fact("Last delivery", time(webhook.last_delivered_at)),
    fact("Last failure", webhook.last_failure ? h("a", { href: `#/job/${webhook.last_failure.job_id}` }, webhook.last_failure.error || "see the delivery") : null),
    fact("Waits for an answer", `${webhook.timeout_seconds} s, ${webhook.concurrency} at once`)));
}

function deliveriesOf(jobs) {
  if (!jobs.length) return h("p.faint", {}, "There is none.");
  return table(["Delivery", "State", ["Attempts", "short"], "Last answer", ["Next or end", "short"]], jobs.map((job) => [
    h("a", { href: `#/job/${job.id}` }, job.name), state(job), `${number(job.attempt)} of ${number(job.max_attempts)}`,
    job.result ? `${job.result.status} after ${job.result.elapsed_ms} ms` : job.error ?? job.errors?.at(-1)?.message ?? "–",
    time(job.finished_at ?? job.not_before)]));
}
