import { SluiceError, type FirstBytesEnd, type Leg, type SessionTls } from "../../../contract/index.ts";
import { readFirst, type FirstSide, type FirstSource } from "../../first-reading.ts";
import { ClientHelloParser, HANDSHAKE_RECORD } from "./client-hello.ts";
import { isPlainHttp, tlsExpected } from "./plain-http.ts";

export interface HelloOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly allowsPlain: boolean;
  /** Answers a client that begins with HTTP. */
  readonly leg: Pick<Leg, "write">;
}

const codes: FirstSide["codes"] = ["SLUICE_CLIENT_TLS", "SLUICE_CLIENT_TIMEOUT", "SLUICE_CLIENT_RESET"];

/**
 * Reads a client's ClientHello and puts it back, so that the next reader (TLS termination or a flow that passes TLS through) sees every byte.
 *
 * @returns undefined if plain clients are allowed and the first byte is not one of TLS
 * @throws SLUICE_CLIENT_TLS, SLUICE_CLIENT_TIMEOUT, SLUICE_CLIENT_RESET
 */
export function peekClientHello(
  source: FirstSource,
  client: FirstSide["name"],
  { timeout, allowsPlain, leg }: HelloOptions,
): Promise<SessionTls | undefined> {
  const parser = new ClientHelloParser();
  const refusal = (code: (typeof codes)[number], reason: string): SluiceError => new SluiceError(code, `${String(client)}: ${reason}`);
  const unfinished = (end: FirstBytesEnd, length: number): SluiceError =>
    end === "time"
      ? refusal("SLUICE_CLIENT_TIMEOUT", `no complete ClientHello within ${timeout} ms`)
      : refusal(length === 0 ? "SLUICE_CLIENT_RESET" : "SLUICE_CLIENT_TLS", "finished before its ClientHello");
  let parsed = 0;
  return readFirst(
    source,
    (bytes, end) => {
      const verdict = parser.push(bytes.subarray(parsed));
      parsed = bytes.length;
      if (verdict === "more") {
        if (end !== undefined) throw unfinished(end, bytes.length);
        return undefined;
      }
      if (verdict !== "invalid") return { taken: 0, value: verdict };
      if (allowsPlain && bytes[0] !== HANDSHAKE_RECORD) return { taken: 0, value: undefined };
      if (!isPlainHttp(bytes)) throw refusal("SLUICE_CLIENT_TLS", "the first bytes are no TLS ClientHello");
      leg.write(tlsExpected);
      throw refusal("SLUICE_CLIENT_TLS", "it sent HTTP without TLS");
    },
    { timeout },
    { name: client, codes },
  );
}
