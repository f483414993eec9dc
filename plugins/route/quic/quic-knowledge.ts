import { clientHello, type ClientHello, type Session } from "sluice";
import type { ClientFacts } from "../knowledge.ts";
import type { Guess } from "../protocols.ts";
import { CryptoStream } from "./crypto-stream.ts";
import { InitialPackets } from "./initial-packet.ts";

/** The start of the record in which TLS over TCP would carry the message (RFC 8446 section 5.1). */
const RECORD = Buffer.from([22, 3, 1]);

/** The beginning of a PROXY header of version 2: `proxyProtocol()` before this plugin removes it only later. No packet of QUIC begins like this. */
const PROXY = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
const PROXY_FIXED = 16;

function withoutHeader(datagram: Buffer): Buffer {
  if (datagram.length < PROXY_FIXED || !datagram.subarray(0, PROXY.length).equals(PROXY)) return datagram;
  return datagram.subarray(PROXY_FIXED + datagram.readUInt16BE(14));
}

/** What the first datagrams tell about a client that speaks QUIC. */
export class QuicKnowledge implements ClientFacts {
  readonly client: Session["client"];
  readonly #packets = new InitialPackets();
  readonly #stream = new CryptoStream();
  /** Undefined: not known yet. */
  #isQuic: Guess;
  #hello: ClientHello | null | undefined;

  constructor({ client }: Session) {
    this.client = client;
  }

  get hello(): ClientHello | null | undefined {
    return this.#hello;
  }

  is(protocol: string): Guess {
    return protocol === "quic" ? this.#isQuic : false;
  }

  take(datagram: Buffer): this {
    const { payloads, hasEarlyData } = this.#packets.open(withoutHeader(datagram));
    // A client whose first datagram has neither an Initial packet nor 0-RTT does not speak QUIC.
    if (payloads.length > 0) this.#isQuic ??= true;
    else if (!hasEarlyData) this.#isQuic ??= false;
    for (const payload of payloads) this.#stream.take(payload);
    this.#hello ??= this.#read();
    return this;
  }

  #read(): ClientHello | null | undefined {
    if (this.#isQuic === false || this.#stream.isBroken) return null;
    const { beginning } = this.#stream;
    if (beginning.length === 0) return undefined;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(beginning.length);
    const hello = clientHello(Buffer.concat([RECORD, length, beginning]));
    if (hello === "more") return undefined;
    return hello === "invalid" ? null : hello;
  }
}
