import type { UpstreamTarget } from "./upstream.ts";

/** An option of an upstream that makes no sense over UDP. */
export interface DatagramProblem {
  /** Undefined: the endpoints. */
  readonly option: string | undefined;
  readonly message: string;
}

/** The options of an upstream that need a stream. @param transport the listener's */
export function datagramProblems(
  { endpoints, tls, health, proxyProtocol, keepAlive }: UpstreamTarget,
  transport: string,
): readonly DatagramProblem[] {
  const asks = health === undefined || (typeof health.check === "object" && "expect" in health.check && health.check.send !== undefined);
  const wrong: readonly (DatagramProblem | undefined)[] = [
    tls === undefined ? undefined : { option: "tls", message: `expected false on a ${transport} listener: TLS needs a stream, got TLS` },
    asks
      ? undefined
      : {
          option: "health.check",
          message: `expected { send, expect } on a ${transport} listener: other checks need a stream, and no datagram comes unasked`,
        },
    proxyProtocol === "v1"
      ? { option: "proxyProtocol", message: `expected "v2" on a ${transport} listener: version 1 knows no datagrams, got "v1"` }
      : undefined,
    keepAlive === undefined ? undefined : { option: "keepAlive", message: `expected nothing on a ${transport} listener: only TCP has it` },
    ...endpoints
      .filter(({ path }) => path !== undefined)
      .map(({ text }) => ({ option: undefined, message: `expected "host:port" on a ${transport} listener, got ${JSON.stringify(text)}` })),
  ];
  return wrong.filter((problem) => problem !== undefined);
}
