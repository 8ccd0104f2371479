// Elements, times and numbers. Text is always text: nothing here takes HTML.

/** An element; children are elements, texts or numbers, and null ones are left out. */
export function h(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "class") element.className = value;
    else if (key === "style") Object.assign(element.style, value);
    else if (key in element && typeof value !== "string") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  append(element, children);
  return element;
}

/** The same for pictures. */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

let pressed = null; // what a pointer is down on
const waiting = new Map(); // by element, what is drawn in it when the pointer is up

addEventListener("pointerdown", (event) => { pressed = event.target; }, true);
addEventListener("pointermove", (event) => { if (!event.buttons) letGo(); }, true); // it may have come up elsewhere
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(letGo), true); // behind the click

function letGo() {
  if (pressed === null) return;
  pressed = null;
  const drawings = [...waiting];
  waiting.clear();
  for (const [element, children] of drawings) redraw(element, ...children);
}

/**
 * Draws an element's inside anew. Who has come to something in it by keyboard is on the same thing afterwards; while a
 * pointer is down in it nothing is drawn, or what was pressed would be gone when it comes up, and there would be no click.
 */
export function redraw(element, ...children) {
  if (pressed !== null && element.contains(pressed)) {
    waiting.set(element, children);
    return;
  }
  const focused = document.activeElement;
  const key = element !== focused && element.contains(focused) ? keyOf(focused) : null;
  element.replaceChildren(...children);
  if (key === null) return;
  [...element.querySelectorAll("a, button, summary, [tabindex]")].find((each) => keyOf(each) === key)?.focus({ preventScroll: true });
}

/** What an element is, whenever it is drawn: where a link leads to; of others a name, in their row of a table. */
function keyOf(element) {
  const href = element.getAttribute("href");
  if (href !== null) return href;
  const name = element.dataset.key ?? element.getAttribute("aria-label") ?? element.textContent;
  return [element.closest("tr")?.cells[0].textContent ?? "", element.tagName, name].join("\n");
}

export const number = (value) => value.toLocaleString("en");

export function duration(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

export function time(ms) {
  if (ms === null || ms === undefined) return "–";
  const date = new Date(ms);
  const text = date.toDateString() === new Date().toDateString() ? date.toLocaleTimeString() : date.toLocaleString();
  return h("time", { datetime: date.toISOString(), title: date.toLocaleString() }, text);
}

export function state(job) {
  const text = job.state.replaceAll("_", " ") + (job.paused ? ", paused" : "");
  return h(`span.state.${job.state}`, {}, text);
}

/**
 * A table: `heads` are names, or [name, "number"] or [name, "short"]; `rows` have a cell for each of them.
 * On a phone a row becomes a card, whose cells say their names.
 */
export function table(heads, rows) {
  const named = heads.map((head) => (Array.isArray(head) ? head : [head, ""]));
  const tag = (name, kind) => (kind ? `${name}.${kind}` : name);
  return h("table", {},
    h("thead", {}, h("tr", {}, named.map(([name, kind]) => h(tag("th", kind), { scope: "col" }, name || h("span.unseen", {}, "Actions"))))),
    h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, place) => {
      const [name, kind] = named[place];
      return h(tag("td", place ? kind : "name"), { "data-name": place ? name : null }, cell);
    })))));
}

/** What tells jobs of one type apart. */
export function brief(payload) {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return text.length > 90 ? `${text.slice(0, 89)}…` : text;
}

/** What a job took, or has taken until now. */
export function took(job) {
  if (!job.started_at) return "–";
  return duration(Math.max(0, (job.finished_at ?? Date.now()) - job.started_at) / 1000);
}

export const ended = (name) => ["completed", "completed_with_failures", "failed", "cancelled"].includes(name);

/** Says something for some seconds, to eyes and to screen readers. */
export function notice(text, bad = false) {
  const shown = h(bad ? "div.notice.bad" : "div.notice", {}, text);
  document.getElementById("notices").append(shown);
  setTimeout(() => shown.remove(), bad ? 12000 : 5000);
}
