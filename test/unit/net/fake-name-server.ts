import { createSocket } from "node:dgram";
import { once } from "node:events";
import { decode, encode, RECURSION_DESIRED, type Answer, type Packet } from "dns-packet";

/** What the server says to a question, e.g. `A api.test`: answers, an error, or nothing at all. */
export type FakeZone = Readonly<Record<string, readonly Answer[] | "NXDOMAIN" | "SERVFAIL" | "NOTIMP" | "REFUSED" | "silence">>;

export interface FakeNameServer {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** The questions that came, e.g. `A api.test`. */
  readonly questions: readonly string[];
  /** Fulfilled once a question has come. */
  readonly asked: Promise<unknown>;
}

const codes = { NXDOMAIN: 3, SERVFAIL: 2, NOTIMP: 4, REFUSED: 5 } as const;

/** Runs `body` with a name server on loopback; a question that is not in the zone has no records. */
export async function withNameServer(zone: FakeZone, body: (server: FakeNameServer) => Promise<void>): Promise<void> {
  const socket = createSocket("udp4");
  const questions: string[] = [];
  const asked = once(socket, "message");
  socket.on("message", (message, client) => {
    const { id, questions: [question] = [] } = decode(message);
    if (question === undefined) return;
    const title = `${question.type} ${question.name}`;
    questions.push(title);
    const entry = zone[title] ?? [];
    if (entry === "silence") return;
    const flags = RECURSION_DESIRED | (typeof entry === "string" ? codes[entry] : 0);
    const reply: Packet = { type: "response", flags, questions: [question], answers: typeof entry === "string" ? [] : [...entry] };
    socket.send(encode(id === undefined ? reply : { ...reply, id }), client.port, client.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  try {
    await body({ address: `127.0.0.1:${socket.address().port}`, questions, asked });
  } finally {
    socket.close();
  }
}
