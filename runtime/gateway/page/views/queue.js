// What waits and runs of each job type, the slots here, and how the runtime's own actors are doing.

import { api, may } from "../api.js";
import { h, notice, number, redraw, table } from "../dom.js";
import { coalesced, inTurn, listen, orLeave } from "../live.js";

export async function show(root) {
  const types = h("div.panel.scroll");
  const actors = h("div.panel.scroll");
  const facts = h("p.faint");
  const rate = h("p.faint");
  root.append(h("h1", {}, "Queue"), rate, types, h("h2", {}, "Actors of this runtime"), facts, actors);

  const load = inTurn(async () => {
    const [queues, runtime] = await Promise.all([api.queue(), api.runtime()]);
    redraw(types, typesOf(queues, load));
    redraw(actors, actorsOf(runtime));
    const others = Object.entries(runtime.restarts).filter(([name]) => !runtime.actors.some((actor) => actor.actor === name));
    rate.textContent = rateOf(queues);
    facts.textContent = `Core thread behind by ${runtime.core_lag_ms.toFixed(1)} ms (worst ${runtime.worst_core_lag_ms.toFixed(1)} ms); ${runtime.io_threads} threads for blocking workers, ${runtime.abandoned_threads} given up.`
      + (others.length ? ` Restarted: ${others.map(([name, times]) => `${name} ${times}`).join(", ")}.` : "");
  });

  const leave = listen(coalesced(load, 1000));
  await orLeave(load, leave);
  const timer = setInterval(() => load().catch(() => {}), 5000); // mailboxes move without events
  return () => { leave(); clearInterval(timer); };
}

function typesOf(queues, reload) {
  return table(["Job type", ["Waiting", "number"], ["Running", "number"], ["Slots", "number"], ["Later", "number"], ["Done/s", "number"], ["Failed/s", "number"], ["", "act"]], queues.map((queue) => [
    [queue.type, queue.slots === null ? h("div.faint", {}, "no worker of this type here") : ""],
    number(queue.pending), number(queue.running), queue.slots === null ? "–" : number(queue.slots), number(queue.scheduled),
    perSecond(queue.ended.completed, queue.ended), perSecond(queue.ended.failed, queue.ended),
    may.operate && h("button", {
      type: "button",
      onclick: async () => {
        try {
          await api.type(queue.type, queue.paused ? "resume" : "pause");
          await reload();
        } catch (error) {
          notice(error.message, true);
        }
      },
    }, queue.paused ? "Resume" : "Pause")]));
}

function actorsOf(runtime) {
  const names = ["Actor", ["Living", "number"], ["In mailboxes", "number"], ["Handled", "number"], ["Failed", "number"], ["Wait, ms", "number"], ["Handling, ms", "number"], ["Restarts", "number"]];
  return table(names, runtime.actors.map((actor) => [
    [actor.actor, " ", h("span.faint", {}, actor.dispatcher)],
    number(actor.living), number(actor.waiting_messages), number(actor.handled_messages), number(actor.failed_messages),
    actor.mailbox_ms.toFixed(2), actor.handling_ms.toFixed(2), number(runtime.restarts[actor.actor] ?? 0)]));
}

/** So many in the seconds of which that tells. */
function perSecond(value, { seconds }) {
  const rate = value / seconds;
  return rate === 0 ? "0" : rate < 100 ? rate.toFixed(1) : number(Math.round(rate));
}

/** Jobs of all types that ended a second, completed or not. */
function rateOf(queues) {
  if (!queues.length) return "";
  const all = queues.reduce((sum, { ended }) => sum + ended.completed + ended.failed + ended.cancelled, 0);
  return `In the last ${Math.round(queues[0].ended.seconds)} s ${perSecond(all, queues[0].ended)} jobs a second have ended.`;
}
