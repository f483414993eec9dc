import {
  closingError,
  SluiceError,
  socketAddress,
  type Limits,
  type EarlyUpstream,
  type Session,
  type SessionTls,
  type SluiceError as Failure,
  type SocketAddress,
  type Traffic,
  type Transport,
  type UpstreamConfig,
} from "../../contract/index.ts";
import type { FlowOwner } from "../../flow/pump/flow-owner.ts";
import { hasDatagrams } from "../values/transport-form.ts";

const NOTHING: Traffic = { bytes: 0, chunks: 0 };
const limits: Limits = {
  sessions: 1_000,
  sessionsPerClient: 1_000,
  udpSessions: 1_000,
  bufferPerFlow: 4 * 1024 * 1024,
  swapTimeout: 5_000,
};

let lastId = 0;

/** A session without a socket, as plugins see it, and the owner of its flows. Each has its own client, with an address for benchmarks (RFC 2544). */
export class BenchSession implements Session, FlowOwner {
  readonly id = ++lastId;
  readonly listener = "main";
  /** Frozen: a plugin that writes into it would change what the log and other plugins see. */
  client: SocketAddress = Object.freeze(socketAddress(`198.18.${(this.id >> 8) & 255}.${this.id & 255}`, 50_000, "IPv4"));
  readonly peer = this.client;
  readonly local = Object.freeze(socketAddress("127.0.0.1", 8_080, "IPv4"));
  readonly datagrams: boolean;
  generation = 1;
  upstream: string | undefined = "192.0.2.9:80";
  tls: SessionTls | undefined;
  fromClient = NOTHING;
  fromUpstream = NOTHING;
  readonly notes = new Map<string, unknown>();
  readonly limits = limits;
  /** The error with which it failed. */
  error: Failure | undefined;
  /** The first fault of a plugin, also if it did not end the session. */
  fault: Failure | undefined;
  /** The warnings of its flows. */
  readonly warnings: string[] = [];
  /** The last argument of `retarget`. */
  retargeted: UpstreamConfig | undefined;
  #ending: AbortController | undefined;
  #over = false;

  constructor(
    readonly transport: Transport,
    readonly startedAt: number,
    /** Stopped when the session fails: its flows. An object, because a function in a field grows old, and with it the whole run (docs/performance.md). */
    private readonly flows?: { stop(): void },
  ) {
    this.datagrams = hasDatagrams(transport);
  }

  get session(): Session {
    return this;
  }

  get signal(): AbortSignal {
    this.#ending ??= new AbortController();
    if (this.#over) this.#ending.abort();
    return this.#ending.signal;
  }

  setClient(client: SocketAddress): void {
    this.client = client;
  }

  retarget(upstream: UpstreamConfig): void {
    this.retargeted = upstream;
  }

  /** Does nothing: the bytes of the bench count as decrypted. */
  startTls(): Promise<SessionTls> {
    this.tls = { serverName: "localhost", alpn: [], versions: ["TLSv1.3"], version: "TLSv1.3" };
    return Promise.resolve(this.tls);
  }

  /** Rejects: this client sends nothing before the byte hooks run. */
  readFirst<T>(): Promise<T> {
    return Promise.reject(
      new SluiceError("SLUICE_CLIENT_TIMEOUT", "in this test without sockets, the client sends nothing before the byte hooks run"),
    );
  }

  openUpstream(): Promise<EarlyUpstream> {
    return Promise.reject(
      new SluiceError("SLUICE_TEST_INVALID", "openUpstream() has no upstream here: test it in a proxy, with startProxy()"),
    );
  }

  reply(): void {
    // Replies are not checked.
  }

  close(error?: Failure): void {
    this.fail(closingError(error));
  }

  fail(error: Failure): void {
    if (this.#over) return;
    this.error = error;
    this.flows?.stop();
    this.end();
  }

  /** Ends the session. */
  end(): void {
    this.#over = true;
    this.#ending?.abort();
  }

  flowSwapped(): void {
    // Nobody waits for it.
  }

  flowFault(_plugin: string, error: Failure): void {
    // `fail` follows, or the plugin is bypassed, or the session goes on with what it had.
    this.fault ??= error;
  }

  flowWarning(message: string): void {
    this.warnings.push(message);
  }

  flowDropped(chunks: number): void {
    this.warnings.push(`${chunks} chunks were dropped`);
  }
}
