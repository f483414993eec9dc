import type { Socket } from "node:net";
import type { UpstreamConfig } from "../../contract/index.ts";
import type { Taken } from "./taken.ts";
import type { TestUpstream } from "./test-upstream.ts";

/** The address of an upstream, and how to close it. */
export interface Place {
  readonly endpoint: string;
  /** 0 on a unix socket. */
  readonly port: number;
  /** The CA to trust, with TLS. */
  readonly ca?: string | undefined;
  /** Closes it; called once. */
  readonly shut: () => Promise<unknown>;
}

/** The connections and data that an upstream got. */
export interface Visits {
  readonly taken: Taken;
  readonly connections: () => number;
  readonly sockets: ReadonlySet<Socket>;
  readonly datagrams: boolean;
}

/** Makes the upstream that a test sees. */
export function upstreamAt({ endpoint, port, ca, shut }: Place, { taken, connections, sockets, datagrams }: Visits): TestUpstream {
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
