import { clientHello, type ClientHello, type Session } from "sluice";
import type { Knowledge } from "./choose.ts";
import { protocols, type Guess, type Protocol } from "./protocols.ts";

/** What the first bytes of a stream tell. Each protocol is asked once for what has come. */
export class StreamKnowledge implements Knowledge {
  readonly client: Session["client"];
  readonly #hello: ClientHello | undefined;
  readonly #isEncrypted: boolean;

  /**
   * @param bytes that have come so far; what TLS carries, where it was terminated
   * @param isOver no more will come: what is open then is not
   */
  constructor(
    { client, tls }: Session,
    private readonly bytes: Buffer,
    private readonly isOver: boolean,
  ) {
    this.client = client;
    this.#hello = tls;
    // Its version is known once it was terminated.
    this.#isEncrypted = tls !== undefined && tls.version === undefined;
  }

  get hello(): ClientHello | null | undefined {
    if (this.#hello !== undefined) return this.#hello;
    const hello = clientHello(this.bytes);
    if (hello === "invalid") return null;
    return hello === "more" ? this.#open() : hello;
  }

  is(protocol: Protocol | "quic"): Guess {
    if (protocol === "quic") return false;
    if (this.#isEncrypted) return protocol === "tls";
    return protocols[protocol](this.bytes) ?? (this.isOver ? false : undefined);
  }

  #open(): null | undefined {
    return this.isOver ? null : undefined;
  }
}
