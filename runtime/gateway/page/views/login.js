// Presenting a token. It goes to the server once, and comes back as a cookie that no script can read.

import { api } from "../api.js";
import { h, notice } from "../dom.js";

export function show(root, done) {
  const box = h("input", { type: "password", autocomplete: "current-password", required: true, "aria-label": "Token" });
  root.replaceChildren(h("div.panel", {},
    h("h1", {}, "A token is needed"),
    h("p.faint", {}, "Somebody who runs this gateway makes one with ", h("code", {}, "quaero token"), "."),
    h("form.actions", {
      onsubmit: async (event) => {
        event.preventDefault();
        try {
          await api.login(box.value);
          done();
        } catch (error) {
          notice(error.message, true);
        }
      },
    }, box, h("button", { type: "submit" }, "Go on"))));
  box.focus();
}
