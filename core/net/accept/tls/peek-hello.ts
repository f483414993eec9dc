import { SluiceError, type SessionTls } from "../../../contract/index.ts";
import type { EarlyReader } from "../../legs/early-listening.ts";
import type { StreamLeg } from "../../legs/stream-leg.ts";
import { wasReset } from "../../node/was-reset.ts";
import { ClientHelloParser } from "./client-hello.ts";

/** The first byte of TLS (RFC 8446 section 5.1): a record of the handshake. */
const HANDSHAKE = 22;
const nothing = Buffer.alloc(0);

export interface HelloOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly allowsPlain: boolean;
}

/** The hello, or undefined for a plain client that is allowed. */
type Hello = SessionTls | undefined;

/**
 * Reads a client's ClientHello and puts it back, so that the next reader (TLS termination or a flow that passes TLS through) sees every byte.
 *
 * @param leg that has no reader yet
 * @returns undefined if plain clients are allowed and the first byte is not one of TLS
 * @throws SLUICE_CLIENT_TLS, SLUICE_CLIENT_TIMEOUT, SLUICE_CLIENT_RESET
 */
export function peekClientHello(leg: StreamLeg, client: { toString(): string }, options: HelloOptions): Promise<Hello> {
  return new Promise((resolve, reject) => {
    new HelloReader(leg, client, options, { resolve, reject }).start();
  });
}

class HelloReader implements EarlyReader {
  readonly #parser = new ClientHelloParser();
  readonly #timer: NodeJS.Timeout;
  #seen: Buffer = nothing;

  constructor(
    private readonly leg: StreamLeg,
    private readonly client: { toString(): string },
    private readonly options: HelloOptions,
    private readonly promise: { resolve(hello: Hello): void; reject(error: SluiceError): void },
  ) {
    const { timeout } = options;
    this.#timer = setTimeout(() => this.#refuse("SLUICE_CLIENT_TIMEOUT", `no complete ClientHello within ${timeout} ms`), timeout);
  }

  start(): void {
    const early = this.leg.takeBack();
    if (early === undefined || this.take(early)) this.leg.readEarly(this);
  }

  take(chunk: Buffer): boolean {
    this.#seen = this.#seen.length === 0 ? chunk : Buffer.concat([this.#seen, chunk]);
    const verdict = this.#parser.push(chunk);
    if (verdict === "more") return true;
    if (verdict !== "invalid") this.#decide({ serverName: verdict.serverName, alpn: verdict.alpn });
    else if (this.options.allowsPlain && this.#seen[0] !== HANDSHAKE) this.#decide(undefined);
    else this.#refuse("SLUICE_CLIENT_TLS", "the first bytes are no TLS ClientHello");
    return false;
  }

  ended(): void {
    // If the last bytes and a reset are read together, the reset looks like an end.
    if (wasReset(this.leg.socket)) this.gone();
    else this.#refuse(this.#seen.length === 0 ? "SLUICE_CLIENT_RESET" : "SLUICE_CLIENT_TLS", "finished before its ClientHello");
  }

  gone(): void {
    this.#refuse("SLUICE_CLIENT_RESET", "closed before its ClientHello");
  }

  #decide(hello: Hello): void {
    this.#stop();
    this.promise.resolve(hello);
  }

  #refuse(code: "SLUICE_CLIENT_TIMEOUT" | "SLUICE_CLIENT_TLS" | "SLUICE_CLIENT_RESET", reason: string): void {
    this.#stop();
    this.promise.reject(new SluiceError(code, `${String(this.client)}: ${reason}`));
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.leg.stopEarly();
    this.leg.putBack(this.#seen);
  }
}
