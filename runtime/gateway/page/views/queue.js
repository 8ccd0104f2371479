// What waits and runs of each job type, the slots here, and how the runtime's own actors are doing.

import { api } from "../api.js";
import { h, notice, number } from "../dom.js";
import { coalesced, listen } from "../live.js";

export async function show(root) {
  const types = h("div.panel.scroll");
  const actors = h("div.panel.scroll");
  const facts = h("p.faint");
  root.append(h("h1", {}, "Queue"), types, h("h2", {}, "Actors of this runtime"), facts, actors);

  async function load() {
    const [queues, runtime] = await Promise.all([api.queue(), api.runtime()]);
    types.replaceChildren(typesOf(queues, load));
    actors.replaceChildren(actorsOf(runtime));
    const restarts = Object.entries(runtime.restarts).map(([name, times]) => `${name} ${times}`).join(", ") || "none";
    facts.textContent = `Core thread behind by ${runtime.core_lag_ms} ms (worst ${runtime.worst_core_lag_ms} ms); ${runtime.io_threads} threads for blocking workers, ${runtime.abandoned_threads} given up; restarts: ${restarts}.`;
  }

  const leave = listen(coalesced(load, 1000));
  const timer = setInterval(load, 5000); // mailboxes move without events
  await load();
  return () => { leave(); clearInterval(timer); };
}

const head = (...names) => h("thead", {}, h("tr", {}, names.map(([name, kind]) => h(kind ? "th.number" : "th", { scope: "col" }, name))));

function typesOf(queues, reload) {
  return h("table", {},
    head(["Job type"], ["Waiting", 1], ["Running", 1], ["Slots", 1], ["Later", 1], [""]),
    h("tbody", {}, queues.map((queue) => h("tr", {},
      h("td.name", {}, queue.type, queue.slots === null ? h("div.faint", {}, "no worker of this type here") : ""),
      h("td.number", {}, number(queue.pending)),
      h("td.number", {}, number(queue.running)),
      h("td.number", {}, queue.slots === null ? "–" : number(queue.slots)),
      h("td.number", {}, number(queue.scheduled)),
      h("td", {}, h("button", {
        type: "button",
        onclick: async () => {
          try {
            await api.type(queue.type, queue.paused ? "resume" : "pause");
            await reload();
          } catch (error) {
            notice(error.message, true);
          }
        },
      }, queue.paused ? "Resume" : "Pause"))))));
}

function actorsOf(runtime) {
  return h("table", {},
    head(["Actor"], ["Living", 1], ["In mailboxes", 1], ["Handled", 1], ["Failed", 1], ["Wait, ms", 1], ["Handling, ms", 1]),
    h("tbody", {}, runtime.actors.map((actor) => h("tr", {},
      h("td.name", {}, actor.actor, " ", h("span.faint", {}, actor.dispatcher)),
      h("td.number", {}, number(actor.living)),
      h("td.number", {}, number(actor.waiting_messages)),
      h("td.number", {}, number(actor.handled_messages)),
      h("td.number", {}, number(actor.failed_messages)),
      h("td.number", {}, actor.mailbox_ms),
      h("td.number", {}, actor.handling_ms)))));
}
