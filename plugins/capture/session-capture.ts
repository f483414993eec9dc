import type { FlowTap, Session, TappedFlow } from "sluice";
import { Conversation, type Note, type Sender, type WritePacket } from "./conversation.ts";
import { clientEnds, upstreamEnds } from "./ends.ts";
import { PayloadIds } from "./payload-ids.ts";
import type { PacketFacts } from "./pcapng.ts";

/** Adds a packet to the file. */
type AddPacket = (packet: Buffer, facts: Omit<PacketFacts, "at">) => void;

const CLIENT_LEG = 0;
const UPSTREAM_LEG = 1;

/** Writes both legs of one session into a file. */
export class SessionCapture {
  readonly #client: Conversation;
  readonly #upstream: Conversation;

  constructor(
    private readonly session: Session,
    add: AddPacket,
  ) {
    const writeTo =
      (point: number): WritePacket =>
      (packet, outbound, { id, comment }) => {
        add(packet, { point, outbound, id, comment });
      };
    // The proxy accepted the client's leg (end 1) and opened the upstream's leg (end 0).
    this.#client = new Conversation(clientEnds(session), session.datagrams, 1, writeTo(CLIENT_LEG));
    this.#upstream = new Conversation(upstreamEnds(session), session.datagrams, 0, writeTo(UPSTREAM_LEG));
  }

  /** The tap for one direction. */
  tap({ direction, plugins }: TappedFlow): FlowTap {
    const { id, listener, generation, client, upstream = "" } = this.session;
    const about = `session ${id} of listener ${listener}, generation ${generation}`;
    this.#client.open(`${about}: client ${String(client)}`);
    this.#upstream.open(`${about}: upstream ${upstream}`);
    const outwards = direction === "fromClient";
    const [source, sink] = outwards ? [this.#client, this.#upstream] : [this.#upstream, this.#client];
    const from: Sender = outwards ? 0 : 1;
    const ids = new PayloadIds();
    const changed = `generation ${generation}: changed by ${plugins.length === 1 ? "" : "one of "}${plugins.join(", ")}`;
    const arriving = (payload: Buffer): Note => ({ id: ids.of(payload) });
    const leaving = (payload: Buffer): Note => {
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

  /** The session is over. */
  end(): void {
    this.#client.end();
    this.#upstream.end();
  }
}
