import type { FlowTap, Session, TappedFlow, TappedWire, WireTap } from "sluice";
import { Conversation, type LegWriter, type PacketNote, type Sender, type WritePacket } from "./conversation.ts";
import { clientEnds, upstreamEnds } from "./ends.ts";
import { PayloadIds } from "./payload-ids.ts";
import type { PacketFacts } from "./pcapng.ts";
import { WireCapture } from "./wire-capture.ts";

/** Where packets and the secrets of TLS go. */
export interface CaptureSink {
  packet(packet: Buffer, facts: Omit<PacketFacts, "at">): void;
  secret(line: Buffer): void;
}

interface Legs {
  readonly client: LegWriter;
  readonly upstream: LegWriter;
}

const CLIENT_LEG = 0;
const UPSTREAM_LEG = 1;

/** Both legs of one session, in a file: each as TLS where its wire is watched, else as what the session's plugins see. */
export class SessionCapture {
  /** What its flows write to; undefined before they begin. */
  #flows: Legs | undefined;
  #clientWire: WireCapture | undefined;
  /** Of the last attempt. */
  #upstreamWire: WireCapture | undefined;
  #attempts = 0;

  constructor(
    private readonly session: Session,
    private readonly sink: CaptureSink,
  ) {}

  /** The tap for one direction. */
  tap({ direction, plugins }: TappedFlow): FlowTap {
    const { client, upstream } = (this.#flows ??= this.#begin());
    const outwards = direction === "fromClient";
    const [source, sink] = outwards ? [client, upstream] : [upstream, client];
    const from: Sender = outwards ? 0 : 1;
    const ids = new PayloadIds();
    const changed = `generation ${this.session.generation}: changed by ${plugins.length === 1 ? "" : "one of "}${plugins.join(", ")}`;
    const arriving = (payload: Buffer): PacketNote => ({ id: ids.of(payload) });
    const leaving = (payload: Buffer): PacketNote => {
      const known = ids.again(payload);
      return known === undefined ? { id: ids.fresh(), comment: plugins.length === 0 ? undefined : changed } : { id: known };
    };
    return {
      received: (chunk) => source.data(from, chunk, arriving),
      sent: (chunk) => sink.data(from, chunk, leaving),
      ended: () => source.finish(from),
      finished: () => sink.finish(from),
    };
  }

  /** What the connection below the TLS of a leg is watched with: it stands in the file for that leg. */
  wire({ leg, endpoint }: TappedWire): WireTap {
    const { sink } = this;
    if (leg === "client") {
      const conversation = this.#ofClient(", TLS");
      this.#clientWire = new WireCapture(conversation, { proxy: 1, sink });
      return this.#clientWire;
    }
    this.#upstreamWire = new WireCapture(this.#ofUpstream(endpoint, ", TLS"), { proxy: 0, sink });
    return this.#upstreamWire;
  }

  /** The session is over. */
  end(): void {
    this.#flows?.client.end();
    this.#flows?.upstream.end();
  }

  #begin(): Legs {
    // The client's leg comes first in the file.
    const client = this.#clientWire ?? this.#ofClient();
    // An attempt that failed is not what the session goes on with.
    const upstream = this.#upstreamWire?.isOpen === true ? this.#upstreamWire : this.#ofUpstream(this.session.upstream);
    return { client, upstream };
  }

  // Of the client's leg the proxy is who took it, of the upstream's who opened it.

  #ofClient(how = ""): Conversation {
    const { session } = this;
    const conversation = new Conversation(clientEnds(session), session.datagrams, 1, this.#writeTo(CLIENT_LEG));
    conversation.open(`${this.#about()}: client ${String(session.client)}${how}`);
    return conversation;
  }

  #ofUpstream(endpoint = "", how = ""): Conversation {
    const { session } = this;
    const ends = upstreamEnds(session, endpoint, this.#attempts);
    this.#attempts += 1;
    const conversation = new Conversation(ends, session.datagrams, 0, this.#writeTo(UPSTREAM_LEG));
    conversation.open(`${this.#about()}: upstream ${endpoint}${how}`);
    return conversation;
  }

  #about(): string {
    const { id, listener, generation } = this.session;
    return `session ${id} of listener ${listener}, generation ${generation}`;
  }

  #writeTo(point: number): WritePacket {
    return (packet, outbound, { id, comment }) => {
      this.sink.packet(packet, { point, outbound, id, comment });
    };
  }
}
