import { clientHello, type ClientHello, type Session } from "sluice";
import type { ClientFacts } from "./knowledge.ts";
import { protocols, type Guess, type Protocol } from "./protocols.ts";

/** What the first bytes of a stream tell. */
export class StreamKnowledge implements ClientFacts {
  readonly client: Session["client"];
  readonly #hello: ClientHello | undefined;
  readonly #isEncrypted: boolean;

  /** @param bytes the bytes so far; decrypted if TLS was terminated */
  constructor(
    { client, tls }: Session,
    private readonly bytes: Buffer,
  ) {
    this.client = client;
    this.#hello = tls;
    // The version is known only after TLS was terminated.
    this.#isEncrypted = tls !== undefined && tls.version === undefined;
  }

  get hello(): ClientHello | null | undefined {
    if (this.#hello !== undefined) return this.#hello;
    const hello = clientHello(this.bytes);
    if (hello === "invalid") return null;
    return hello === "more" ? undefined : hello;
  }

  is(protocol: Protocol | "quic"): Guess {
    if (protocol === "quic") return false;
    if (this.#isEncrypted) return protocol === "tls";
    return protocols[protocol](this.bytes);
  }
}
