import type { ProxyEvent, ProxyStatus, SluiceConfig, UpstreamOptions } from "sluice";
import type { Cleanup } from "./cleanup.ts";
import { startHttpUpstream } from "./http-upstream.ts";
import type { TestProxy } from "./with-proxy.ts";

/** Options of health checks whose verdict comes soon. */
export const quick = { interval: "20ms", timeout: "1s", rise: 2, fall: 2 } as const;

/** A config with one listener, named `web`. */
export const web = (upstream: UpstreamOptions, plugins: SluiceConfig["plugins"] = [], scheme = "tcp"): SluiceConfig => ({
  listeners: { web: { listen: `${scheme}://127.0.0.1:0`, upstream, plugins } },
});

type HealthEvent<T extends string> = Extract<ProxyEvent, { type: T }>;

export const stateOf = ({ proxy }: TestProxy, endpoint: string): ProxyStatus["upstreams"][number] | undefined =>
  proxy.status().upstreams.find((each) => each.endpoint === endpoint);
export const down = (started: TestProxy, endpoint: string): Promise<HealthEvent<"endpoint-down">> =>
  started.event("endpoint-down", (event) => event.endpoint === endpoint);
export const up = (started: TestProxy, endpoint: string): Promise<HealthEvent<"endpoint-up">> =>
  started.event("endpoint-up", (event) => event.endpoint === endpoint);

export interface StatusServer {
  readonly endpoint: string;
  /** The status of its answers. */
  status: number;
  /** What it was asked: `GET /path host`. */
  readonly asked: string[];
}

/** An HTTP server that answers with a status only. */
export async function serveStatus(cleanup: Cleanup): Promise<StatusServer> {
  const found = { status: 204, asked: [] as string[] };
  const { endpoint } = await startHttpUpstream(cleanup, (request, response) => {
    found.asked.push(`${request.method} ${request.url} ${request.headers.host}`);
    response.writeHead(found.status).end();
  });
  return Object.assign(found, { endpoint });
}
