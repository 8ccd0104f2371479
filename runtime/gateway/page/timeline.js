// Who ran when: a run's steps, and below each the jobs of it that are shown.

import { brief, duration, svg } from "./dom.js";

const WIDTH = 1000;
const LEFT = 160;
const ROW = 15;

/** `rows`: {name, state, started_at, finished_at, depth}. */
export function timeline(rows) {
  const started = rows.filter((row) => row.started_at);
  if (!started.length) return null;
  const from = Math.min(...started.map((row) => row.started_at));
  const to = Math.max(...started.map((row) => row.finished_at ?? Date.now()), from + 1);
  const x = (at) => LEFT + ((WIDTH - LEFT) * (at - from)) / (to - from);
  const height = (started.length + 1) * ROW + 8;
  const words = `Timeline of ${duration((to - from) / 1000)}: ${started.length} rows`;
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, class: "timeline", role: "img", "aria-label": words });
  for (let part = 0; part <= 4; part += 1) {
    const at = from + ((to - from) * part) / 4;
    picture.append(
      svg("line", { x1: x(at), x2: x(at), y1: 0, y2: height - ROW }),
      svg("text", { x: x(at), y: height - 3, "text-anchor": part === 4 ? "end" : part ? "middle" : "start" }, duration((at - from) / 1000)),
    );
  }
  started.forEach((row, place) => {
    const end = row.finished_at ?? Date.now();
    const whole = row.kind === "job" ? brief(row.payload) : row.name; // jobs of one step have one name
    const name = whole.length > 24 ? `${whole.slice(0, 23)}…` : whole;
    const width = Math.max(x(end) - x(row.started_at), 1.5);
    picture.append(
      svg("text", { x: row.depth * 10, y: place * ROW + 11 }, name),
      svg("rect", { x: x(row.started_at), y: place * ROW + 3, width, height: ROW - 5, rx: 2, class: row.state },
        svg("title", {}, `${row.name} ${whole}: ${row.state}, ${duration((end - row.started_at) / 1000)}`)),
    );
  });
  return picture;
}
