import {
  SluiceError,
  upstreamTarget,
  type UpstreamConfig,
  type FirstBytesBounds,
  type FirstBytesReader,
  type Limits,
  type RetargetOptions,
  type SocketAddress,
} from "../../contract/index.ts";
import type { AcceptedClient } from "../../net/accept/accepted-client.ts";
import { clientCodes, readFirst } from "../../net/first-reading.ts";
import { recount, type ClientCount, type CountedSession } from "./client-count.ts";

/** The part of a session that exists before its flows begin: its client, what is agreed with the client, and the upstream it is sent to. */
export abstract class ClientSide implements CountedSession {
  abstract countedBy: ClientCount | undefined;
  #client: SocketAddress | undefined;
  #isRead = false;
  /** The upstream that a plugin sent it to, instead of the listener's. */
  retargeted: UpstreamConfig | undefined;
  /** Decides which addresses of that upstream must not be dialled. */
  refuse: RetargetOptions["refuse"];
  /** Whether a plugin has opened the upstream in `admit`. */
  protected isOpenedEarly = false;
  /** Set while other processes are asked how many sessions its client has. The session waits for the decision. */
  counting: Promise<void> | undefined;

  constructor(protected readonly accepted: AcceptedClient) {}

  abstract readonly upstream: string | undefined;
  abstract readonly limits: Limits;
  abstract readonly owner: { readonly local: SocketAddress; readonly handshakes: { ok: number; failed: number } };
  abstract fail(error: SluiceError): void;

  get client(): SocketAddress {
    return (this.#client ??= this.accepted.address());
  }

  get peer(): SocketAddress {
    return this.accepted.address();
  }

  get local(): SocketAddress {
    return this.accepted.local() ?? this.owner.local;
  }

  /** Reads the client's address while the socket still knows it. */
  remember(): void {
    this.#client ??= this.accepted.address();
  }

  setClient(client: SocketAddress): void {
    this.remember();
    const rename = (): void => void (this.#client = client);
    this.counting = recount(this, this.limits.sessionsPerClient, rename, (error) => {
      this.fail(error);
    });
  }

  /** Does the TLS handshake with the client, and counts it. */
  protected async handshake(...how: Parameters<AcceptedClient["secure"]>): ReturnType<AcceptedClient["secure"]> {
    let result: "ok" | "failed" = "failed";
    try {
      const tls = await this.accepted.secure(...how);
      result = "ok";
      return tls;
    } finally {
      this.owner.handshakes[result] += 1;
    }
  }

  async readFirst<T>(reader: FirstBytesReader<T>, bounds: FirstBytesBounds = {}): Promise<T> {
    if (this.upstream !== undefined) throw new SluiceError("SLUICE_INTERNAL", "readFirst belongs into the admit hook");
    if (this.#isRead) throw new SluiceError("SLUICE_INTERNAL", "readFirst was called while another one reads: one comes after the other");
    this.#isRead = true;
    try {
      return await readFirst(this.accepted.first(), reader, bounds, { name: String(this.client), codes: clientCodes });
    } finally {
      this.#isRead = false;
    }
  }

  retarget(upstream: UpstreamConfig, { refuse }: RetargetOptions = {}): void {
    upstreamTarget(upstream);
    // Without the error the session would go to an upstream that the plugin has not chosen.
    if (this.isOpenedEarly)
      throw new SluiceError(
        "SLUICE_PLUGIN_FAILED",
        "the upstream was chosen after another plugin had opened it: put the plugin that chooses it in front of that one",
      );
    this.retargeted = upstream;
    this.refuse = refuse;
  }

  reply(data: Buffer): void {
    if (this.upstream === undefined) this.accepted.leg.write(data);
  }
}
