import type { LegEnds } from "./ends.ts";
import { isIPv6 } from "node:net";
import { ACK, FIN, MAX_DATAGRAM, MAX_PAYLOAD, PSH, RST, SYN, tcpPacket, udpPacket } from "./packet.ts";

/** The notes on a packet. */
export interface PacketNote {
  readonly id?: bigint | undefined;
  readonly comment?: string | undefined;
}

/** Receives the packets of a leg, in the order in which they are made. */
export type WritePacket = (packet: Buffer, outbound: boolean, note: PacketNote) => void;

/** The sender: 0 is the end that opened the leg, 1 the one that accepted it. */
export type Sender = 0 | 1;

const nothing = Buffer.alloc(0);

/** What the flows of a session write one of its legs to. */
export interface LegWriter {
  /** @param noteOf what is noted beside a part of the data */
  data(from: Sender, payload: Buffer, noteOf: (part: Buffer) => PacketNote): void;
  finish(from: Sender): void;
  end(): void;
}

/** One leg of a session as packets of TCP or UDP. TCP's handshake, numbers and end are made up so that readers can follow the stream. */
export class Conversation implements LegWriter {
  readonly #sent: [number, number] = [0, 0];
  readonly #finished: [boolean, boolean] = [false, false];
  #isOpen = false;
  /** The comment for the first packet, kept until the first datagram: datagrams have no handshake. */
  #comment: string | undefined;

  /** @param proxy which of the two ends is the proxy */
  constructor(
    private readonly ends: LegEnds,
    private readonly datagrams: boolean,
    private readonly proxy: Sender,
    private readonly write: WritePacket,
  ) {}

  /** @param comment for the first packet */
  open(comment: string): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    if (this.datagrams) {
      this.#comment = comment;
      return;
    }
    this.#segment(0, SYN, nothing, { comment });
    this.#segment(1, SYN | ACK, nothing, {});
    this.#segment(0, ACK, nothing, {});
  }

  /** @param noteOf returns the notes on a part of the data */
  data(from: Sender, payload: Buffer, noteOf: (part: Buffer) => PacketNote): void {
    if (this.datagrams) return this.#datagram(from, payload, noteOf);
    for (let at = 0; at < payload.length; at += MAX_PAYLOAD) {
      const part = payload.subarray(at, at + MAX_PAYLOAD);
      this.#segment(from, PSH | ACK, part, noteOf(part));
    }
  }

  finish(from: Sender): void {
    if (this.datagrams || !this.#isOpen || this.#finished[from]) return;
    this.#finished[from] = true;
    this.#segment(from, FIN | ACK, nothing, {});
    if (this.#finished[from === 0 ? 1 : 0]) this.#segment(from === 0 ? 1 : 0, ACK, nothing, {});
  }

  /** The session is over: a stream that not both sides had finished is ended by a reset. */
  end(): void {
    if (this.datagrams || !this.#isOpen || (this.#finished[0] && this.#finished[1])) return;
    this.#finished.fill(true);
    this.#segment(this.proxy, RST | ACK, nothing, {});
  }

  #datagram(from: Sender, payload: Buffer, noteOf: (part: Buffer) => PacketNote): void {
    const [source, target] = this.#from(from);
    const { id, comment } = noteOf(payload);
    const comments = [this.#comment, comment].filter((text) => text !== undefined);
    this.#comment = undefined;
    const whole = payload.subarray(0, MAX_DATAGRAM[isIPv6(source.address) ? 6 : 4]);
    this.write(udpPacket(source, target, whole), from === this.proxy, {
      id,
      comment: comments.length === 0 ? undefined : comments.join("; "),
    });
  }

  #from(from: Sender): [LegEnds["from"], LegEnds["to"]] {
    return from === 0 ? [this.ends.from, this.ends.to] : [this.ends.to, this.ends.from];
  }

  #segment(from: Sender, flags: number, payload: Buffer, note: Parameters<WritePacket>[2]): void {
    const [source, target] = this.#from(from);
    const acknowledged = (flags & ACK) === 0 ? 0 : this.#sent[from === 0 ? 1 : 0];
    this.write(tcpPacket(source, target, { sequence: this.#sent[from], acknowledged, flags }, payload), from === this.proxy, note);
    const taken = payload.length + ((flags & (SYN | FIN)) === 0 ? 0 : 1);
    this.#sent[from] = (this.#sent[from] + taken) >>> 0;
  }
}
