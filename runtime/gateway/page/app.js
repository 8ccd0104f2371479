// The page: an address leads to a view, and a view lives until the next address.

import { api, may, whenUnauthorized } from "./api.js";
import { h, notice } from "./dom.js";
import { connect, disconnect, whenConnection } from "./live.js";
import * as definitions from "./views/definitions.js";
import * as job from "./views/job.js";
import * as login from "./views/login.js";
import * as queue from "./views/queue.js";
import * as runs from "./views/runs.js";
import * as search from "./views/search.js";
import * as webhooks from "./views/webhooks.js";

const PART_OF = { job: "runs", document: "search", webhook: "webhooks" };
const VIEWS = { runs, queue, definitions, search, webhooks, job, document: search, webhook: webhooks };

const main = document.getElementById("main");
const live = document.getElementById("live");
let leave = () => {};
let shown = 0;

/** "#/job/ID?state=failed" as its parts; filters are part of the address, so that it can be shared. */
function here() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, id] = path.split("/");
  const values = Object.fromEntries(new URLSearchParams(query));
  const address = (changes) => {
    const given = Object.entries({ ...values, ...changes }).filter(([, value]) => value);
    const text = new URLSearchParams(given).toString();
    return `#/${path || "runs"}${text ? `?${text}` : ""}`;
  };
  return { name: name || "runs", id, values, address };
}

async function navigate() {
  const place = here();
  const turn = ++shown;
  leave();
  leave = () => {};
  const root = h("div");
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#/${PART_OF[place.name] ?? place.name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  try {
    const view = VIEWS[place.name];
    if (!view) throw new Error(`there is no page ${place.name}`);
    const away = await view.show(root, place);
    if (turn !== shown) { away(); return; }
    leave = away;
  } catch (error) {
    if (error.status === 401 || turn !== shown) return;
    root.replaceChildren(h("div.panel", {}, h("h1", {}, "This can not be shown"), h("p", {}, error.message)));
  }
  main.replaceChildren(root);
  document.title = `${main.querySelector("h1")?.textContent ?? "Quaero"} – Quaero`;
}

whenConnection((kind, words) => {
  live.className = `live ${kind}`;
  live.textContent = words;
});
/** Look who it is, and go to what the address names. */
async function begin() {
  try {
    may.operate = (await api.version()).role === "operate";
  } catch (error) {
    if (error.status === 401) return; // a token is asked for by itself
  }
  connect();
  await navigate();
}

whenUnauthorized(() => {
  disconnect();
  login.show(main, begin);
});
window.addEventListener("hashchange", () => { main.focus(); navigate(); });
window.addEventListener("unhandledrejection", (event) => notice(event.reason?.message ?? "something went wrong", true));
begin();
