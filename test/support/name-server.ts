import { decode, encode, RECURSION_AVAILABLE, RECURSION_DESIRED, type Answer, type DecodedPacket } from "dns-packet";
import { bindUdp } from "./with-echo-server.ts";
import { eventually } from "./eventually.ts";
import { bounded, eventOf } from "./bounded.ts";

/** What a name server says to one question. */
export interface Reply {
  /** @default 0, no error */
  readonly rcode?: number;
  readonly answers?: readonly Answer[];
  readonly authorities?: readonly Answer[];
}

export const NXDOMAIN = 3;
export const SERVFAIL = 2;
export const REFUSED = 5;

export interface NameServer {
  /** `127.0.0.1:<port>` */
  readonly endpoint: string;
  /** Every question that came, as `A www.example.test`. */
  readonly questions: readonly string[];
  /** From now on, what it says; undefined: it keeps silent. */
  says: (question: string) => Reply | undefined;
}

/** One address record. */
export function address(name: string, data: string, ttl: number): Answer {
  return { type: "A", name, ttl, data };
}

/** What a negative answer carries. */
export function soa(ttl: number, minimum: number): Answer {
  const data = { mname: "ns.test", rname: "root.test", serial: 1, refresh: 1, retry: 1, expire: 1, minimum };
  return { type: "SOA", name: "test", ttl, data };
}

/** Runs a test against a name server on loopback that counts what it is asked. */
export async function withNameServer<T>(says: NameServer["says"], run: (server: NameServer) => Promise<T>): Promise<T> {
  const socket = await bindUdp();
  const questions: string[] = [];
  const server = { endpoint: `127.0.0.1:${socket.address().port}`, questions, says };
  socket.on("message", (datagram, from) => {
    const { id = 0, questions: asked = [] } = decode(datagram);
    const [question] = asked;
    if (question === undefined) return;
    const text = `${question.type} ${question.name}`;
    questions.push(text);
    const reply = server.says(text);
    if (reply === undefined) return;
    const { rcode = 0, answers = [], authorities = [] } = reply;
    const flags = RECURSION_DESIRED | RECURSION_AVAILABLE | rcode;
    const message = encode({ type: "response", id, flags, questions: [question], answers: [...answers], authorities: [...authorities] });
    socket.send(message, from.port, from.address);
  });
  try {
    return await run(server);
  } finally {
    const closed = eventOf(socket, "close");
    socket.close();
    await closed;
  }
}

/** How long a server that has just been started is given for one answer, before it is asked again: what came too early, it never saw. */
const impatient = 500;

/** One client of a DNS listener: a socket of its own. */
export interface DnsClient {
  ask(id: number, name: string, type?: "A" | "AAAA"): Promise<DecodedPacket>;
  /** Asks again and again, until a server that is being started has its first answer. */
  untilAnswered(name: string): Promise<void>;
  close(): void;
}

/** Opens a client of the name server, or proxy, on a loopback port. */
export async function dnsClient(port: number): Promise<DnsClient> {
  const socket = await bindUdp();
  const waiting = new Map<number, (packet: DecodedPacket) => void>();
  socket.on("message", (datagram) => {
    const packet = decode(datagram);
    waiting.get(packet.id ?? -1)?.(packet);
  });
  const send = async (id: number, name: string, type: "A" | "AAAA", within?: number): Promise<DecodedPacket> => {
    const answered = new Promise<DecodedPacket>((resolve) => void waiting.set(id, resolve));
    socket.send(encode({ type: "query", id, flags: RECURSION_DESIRED, questions: [{ type, name }] }), port, "127.0.0.1");
    return bounded(answered, `the answer to query ${id} for ${name}`, within);
  };
  return {
    ask: (id, name, type = "A") => send(id, name, type),
    untilAnswered: (name) =>
      eventually(async () => {
        if ((await send(1, name, "A", impatient)).answers?.length !== 1) throw new Error(`no answer for ${name}`);
      }),
    close: () => socket.close(),
  };
}
