// The API as the page uses it. Addresses are relative: the page may be mounted anywhere.

export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `the server answered ${status}`);
    this.status = status;
    this.errors = problem.errors ?? [];
  }
}

/** What who looks at the page may do; a reader is shown no buttons that would be refused. */
export const may = { operate: true };

let onUnauthorized = () => {};
export const whenUnauthorized = (act) => { onUnauthorized = act; };

async function call(method, path, { body, type, headers } = {}) {
  const response = await fetch(path, {
    method,
    body,
    headers: { ...(type ? { "content-type": type } : {}), ...headers },
  });
  const text = await response.text();
  const value = text && /json/.test(response.headers.get("content-type") ?? "") ? JSON.parse(text) : text;
  if (response.ok) return value;
  const error = new ApiError(response.status, value && typeof value === "object" ? value : {});
  if (response.status === 401) onUnauthorized(error);
  throw error;
}

const query = (values) => {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
};

export const api = {
  version: () => call("GET", "api/version"),
  login: (token) => call("POST", "api/login", { headers: { authorization: `Bearer ${token}` } }),
  jobs: (values) => call("GET", `api/jobs${query(values)}`),
  statistics: () => call("GET", "api/jobs/stats"),
  job: (id) => call("GET", `api/jobs/${id}`),
  tree: (id, values) => call("GET", `api/jobs/${id}/tree${query(values)}`),
  explain: (id) => call("GET", `api/jobs/${id}/explain`),
  logs: (id, values) => call("GET", `api/jobs/${id}/logs${query(values)}`),
  act: (id, verb, values = {}) => call("POST", `api/jobs/${id}/${verb}${query(values)}`),
  remove: (id) => call("DELETE", `api/jobs/${id}`),
  queue: () => call("GET", "api/jobs/queue"),
  type: (name, verb) => call("POST", `api/types/${encodeURIComponent(name)}/${verb}`),
  runtime: () => call("GET", "api/runtime"),
  webhooks: () => call("GET", "api/webhooks"),
  deliveries: (name, values) => call("GET", `api/webhooks/${encodeURIComponent(name)}/deliveries${query(values)}`),
  setWebhook: (name, wanted) => call("PUT", `api/webhooks/${encodeURIComponent(name)}`, { body: JSON.stringify(wanted), type: "application/json" }),
  webhook: (name, verb) => call("POST", `api/webhooks/${encodeURIComponent(name)}/${verb}`),
  removeWebhook: (name) => call("DELETE", `api/webhooks/${encodeURIComponent(name)}`),
  definitions: () => call("GET", "api/job-definitions"),
  schedules: () => call("GET", "api/schedules"),
  schedule: (id, verb) => call("POST", `api/schedules/${encodeURIComponent(id)}${verb ? `/${verb}` : ""}`),
  execute: (id) => call("POST", `api/job-definitions/${encodeURIComponent(id)}/execute`),
  validate: (text) => call("POST", "api/job-definitions/validate", { body: text, type: "application/toml" }),
  upload: (text) => call("POST", "api/job-definitions", { body: text, type: "application/toml" }),
  definition: (id) => call("GET", `api/job-definitions/${encodeURIComponent(id)}`),
  search: (values) => call("GET", `api/search${query(values)}`),
  documents: (values) => call("GET", `api/documents${query(values)}`),
  document: (id) => call("GET", `api/documents/${id}`),
};
