// One stream of events for the whole page. The browser reconnects by itself and says which event it saw last.

import { api } from "./api.js";
import { notice } from "./dom.js";

const TYPES = [
  "snapshot", "job_status_change", "parent_job_progress", "job_reopened", "job_paused", "job_resumed", "job_deleted",
  "parent_closing", "tolerance_warning", "schedule_fired", "schedule_set", "type_paused", "type_resumed",
  "webhook_set", "webhook_enabled", "webhook_disabled", "webhook_removed", "webhook_missed",
];

const listeners = new Set();
const AGAIN_MS = 2000;
let source = null;
let again = null;
let indicator = () => {};

export const whenConnection = (show) => { indicator = show; };

/** Call it with each event, (type, data), until what this returns is called. */
export function listen(act) {
  listeners.add(act);
  return () => listeners.delete(act);
}

export function connect() {
  disconnect();
  indicator("connecting", "connecting");
  source = new EventSource("api/events?mode=latest&level=parents");
  source.onopen = () => { indicator("on", "live"); tell("connected", {}); };
  source.onerror = () => {
    indicator("off", "reconnecting");
    if (source.readyState === EventSource.CLOSED) again = setTimeout(comeBack, AGAIN_MS);
  };
  for (const type of TYPES) {
    source.addEventListener(type, (event) => {
      const value = JSON.parse(event.data);
      tell(type, type === "snapshot" ? value : value.data);
    });
  }
}

export function disconnect() {
  clearTimeout(again);
  source?.close();
  indicator("off", "disconnected");
}

/** The browser gives up when it is answered anything but a stream, as by a proxy while the server behind it starts. */
async function comeBack() {
  try {
    await api.version();
    connect();
  } catch (error) {
    if (error.status !== 401) again = setTimeout(comeBack, AGAIN_MS); // a token is asked for by itself
  }
}

function tell(type, data) {
  for (const act of [...listeners]) act(type, data);
}

/** What several events in a short time ask for is done once: now, and once more after the last of them. */
export function coalesced(act, milliseconds) {
  let busy = false;
  let again = false;
  const run = async () => {
    busy = true;
    const rest = new Promise((resolve) => setTimeout(resolve, milliseconds));
    try {
      await act();
    } catch (error) {
      // What is gone or can not be shown says so when it is asked for; a token is asked for by itself.
      if (![400, 401, 404].includes(error.status)) notice(error.message, true);
    }
    await rest;
    busy = false;
    if (again) { again = false; run(); }
  };
  return () => {
    if (busy) again = true;
    else run();
  };
}

/** One load of a view at a time: an older answer that comes late would overwrite a newer one. Who asks meanwhile gets the next. */
export function inTurn(load) {
  let current = null;
  let next = null;
  const begin = () => {
    next = null;
    current = load().finally(() => { current = null; });
    return current;
  };
  return () => {
    if (next) return next;
    if (!current) return begin();
    next = current.catch(() => {}).then(begin);
    return next;
  };
}

/** Load for the first time; a view that can not be shown listens no more. */
export async function orLeave(load, leave) {
  try {
    await load();
  } catch (error) {
    leave();
    throw error;
  }
}
