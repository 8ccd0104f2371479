// Documents: those of a run, or what a search finds; one whole.

import { api } from "../api.js";
import { h, time } from "../dom.js";

export async function show(root, { id, values, address }) {
  if (id) {
    await one(root, id);
    return () => {};
  }
  const box = h("input", { type: "search", name: "q", value: values.q ?? "", placeholder: "words, \"a phrase\", title:word, word*", "aria-label": "Search documents" });
  const found = h("div", { role: "region", "aria-label": "Documents" });
  root.append(
    h("h1", {}, values.run_id ? "Documents of a run" : "Documents"),
    h("form.actions", { onsubmit: (event) => { event.preventDefault(); location.hash = address({ q: box.value, after: "" }).slice(1); } }, box, h("button", { type: "submit" }, "Search")),
    found,
  );
  try {
    const answer = values.q
      ? await api.search({ q: values.q, run_id: values.run_id, limit: 50 })
      : await api.documents({ run_id: values.run_id, after: values.after, limit: 50 });
    const none = values.q ? "Nothing was found." : "No document yet: crawls and other jobs save them.";
    found.replaceChildren(...(answer.documents.length ? answer.documents.map(item) : [h("p.faint", {}, none)]),
      answer.next_cursor ? h("p", {}, h("a", { href: address({ after: answer.next_cursor }) }, "More")) : "");
  } catch (error) {
    found.replaceChildren(h("p.failed", { role: "alert" }, error.message));
  }
  return () => {};
}

function item(document) {
  return h("article.panel", {},
    h("a", { href: `#/document/${document.id}` }, document.title || document.url || document.id),
    h("div.faint", {}, document.url ?? document.source_type, " · ", time(document.saved_at), document.tags?.length ? ` · ${document.tags.join(", ")}` : ""),
    document.snippet ? h("p", {}, marked(document.snippet)) : null);
}

/** What the search put in brackets is marked. */
function marked(snippet) {
  return snippet.split(/(\[[^\]]*\])/).map((part) => (part.startsWith("[") && part.endsWith("]") ? h("mark", {}, part.slice(1, -1)) : part));
}

async function one(root, id) {
  const document = await api.document(id);
  root.append(
    h("h1", {}, document.title || document.url || id),
    h("p.faint", {}, document.url ? h("a", { href: safe(document.url), rel: "noreferrer" }, document.url) : document.source_type, " · ", time(document.saved_at)),
    h("pre", {}, document.body),
    h("h2", {}, "Metadata"),
    h("pre", {}, JSON.stringify(document.metadata, null, 2)));
}

const safe = (url) => (/^https?:/i.test(url) ? url : null);
