import type { Socket } from "node:net";
import type { UpstreamConfig } from "../../contract/index.ts";
import type { ReceivedData } from "./received-data.ts";
import type { TestUpstream } from "./test-upstream.ts";

/** The address of an upstream, and how to close it. */
export interface UpstreamPlace {
  readonly endpoint: string;
  /** 0 on a unix socket. */
  readonly port: number;
  /** The CA to trust, with TLS. */
  readonly ca?: string | undefined;
  /** Closes it; called once. */
  readonly shut: () => Promise<unknown>;
}

/** The connections and data that an upstream got. */
export interface UpstreamVisits {
  readonly taken: ReceivedData;
  readonly connections: () => number;
  readonly sockets: ReadonlySet<Socket>;
  readonly datagrams: boolean;
}

/** Makes the upstream that a test sees. */
export function upstreamAt(
  { endpoint, port, ca, shut }: UpstreamPlace,
  { taken, connections, sockets, datagrams }: UpstreamVisits,
): TestUpstream {
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= shut().then(() => undefined));
  return {
    address: addressOf(endpoint, ca),
    endpoint,
    port,
    get connections() {
      return connections();
    },
    sockets,
    get received() {
      return taken.whole;
    },
    get datagrams() {
      return datagrams ? [...taken.chunks] : [];
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function addressOf(endpoint: string, ca: string | undefined): UpstreamConfig {
  return ca === undefined ? endpoint : { endpoints: [endpoint], tls: { ca, serverName: "localhost" } };
}
