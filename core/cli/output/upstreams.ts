import type { ProxyStatus } from "../../runtime/proxy/proxy-status.ts";
import { table, type Cell } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { durationText } from "./units.ts";

type Endpoint = ProxyStatus["upstreams"][number];

/** The endpoints of upstreams, with the reasons why some get no sessions. */
export function upstreamLines(upstreams: readonly Endpoint[], colors: Terminal["colors"]): string[] {
  const heading = ["listener", "endpoint", "state", "sessions", "failures", "why"].map((text): Cell => ({ text, paint: colors.dim }));
  return table([heading, ...upstreams.map((each) => row(each, colors))]);
}

function row({ listener, endpoint, state, sessions, failures, until, ...outage }: Endpoint, colors: Terminal["colors"]): Cell[] {
  return [
    { text: listener, paint: colors.bold },
    { text: endpoint },
    {
      text: until === undefined ? state : `${state} for ${durationText(until - Date.now())}`,
      paint: state === "up" ? colors.green : colors.red,
    },
    { text: String(sessions) },
    { text: String(failures) },
    { text: whyText(outage) },
  ];
}

function whyText({ why, since, code, detail }: Pick<Endpoint, "why" | "since" | "code" | "detail">): string {
  if (since === undefined) return "";
  return `${why}: ${code}${detail === undefined ? "" : ` (${detail})`}, since ${new Date(since).toISOString()}`;
}
