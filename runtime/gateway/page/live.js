// One stream of events for the whole page. The browser reconnects by itself and says which event it saw last.

const TYPES = [
  "snapshot", "job_status_change", "parent_job_progress", "job_reopened", "job_paused", "job_resumed", "job_deleted",
  "parent_closing", "tolerance_warning", "schedule_fired", "schedule_set", "type_paused", "type_resumed",
];

const listeners = new Set();
let source = null;
let indicator = () => {};

export const whenConnection = (show) => { indicator = show; };

/** Call it with each event, (type, data), until what this returns is called. */
export function listen(act) {
  listeners.add(act);
  return () => listeners.delete(act);
}

export function connect() {
  source?.close();
  source = new EventSource("api/events?mode=latest&level=parents");
  source.onopen = () => { indicator("on", "live"); tell("connected", {}); };
  source.onerror = () => indicator("off", source.readyState === EventSource.CLOSED ? "disconnected" : "reconnecting");
  for (const type of TYPES) {
    source.addEventListener(type, (event) => {
      const value = JSON.parse(event.data);
      tell(type, type === "snapshot" ? value : value.data);
    });
  }
}

export const disconnect = () => source?.close();

function tell(type, data) {
  for (const act of [...listeners]) act(type, data);
}

/** What several events in a short time ask for is done once: now, and once more after the last of them. */
export function coalesced(act, milliseconds) {
  let waiting = null;
  let again = false;
  const run = async () => {
    waiting = setTimeout(() => {
      waiting = null;
      if (again) { again = false; run(); }
    }, milliseconds);
    await act();
  };
  return () => {
    if (waiting) again = true;
    else run();
  };
}
