import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { once } from "node:events";
import { eventually } from "../support/eventually.ts";
import { StreamClient, type Target } from "./stream-client.ts";
import type { Tally } from "./tally.ts";
import { headOf, resetAfter, type Behaviour, type Received, type Upstreams } from "./upstreams.ts";

/** What short sessions work with. */
export interface StreamWork {
  readonly target: Target;
  readonly upstreams: Upstreams;
  readonly tally: Tally;
}

type Session = (work: StreamWork) => Promise<void>;

let connections = 0;
const upTo = (most: number): number => 1 + Math.floor(Math.random() * most);
const oneOf = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

async function begin({ target }: StreamWork, behaviour: Behaviour): Promise<{ client: StreamClient; number: number }> {
  const number = ++connections;
  const client = await StreamClient.open(target);
  client.socket.write(headOf(behaviour, number));
  return { client, number };
}

async function sendSome(client: StreamClient, pieces: number, largest: number): Promise<void> {
  for (let piece = 0; piece < pieces && client.broken === undefined; piece += 1) {
    await client.send(upTo(largest));
    if (piece % 4 === 3) await pause(upTo(10));
  }
}

function judge({ target, tally }: StreamWork, kind: string, fault: string | undefined): void {
  if (fault === undefined) tally.count(`${target.name} ${kind}`);
  else tally.error(`${target.name} ${kind}: ${fault}`);
}

/** Sends, half-closes, and gets everything back. */
const echo: Session = async (work) => {
  const { client, number } = await begin(work, oneOf(["E", "S"]));
  await sendSome(client, upTo(12), 32 * 1024);
  client.socket.end();
  await client.closed();
  judge(work, "echo", client.fault());
  work.upstreams.forget(number);
};

/** Stops reading for a while with the answer under way. */
const stall: Session = async (work) => {
  const { client, number } = await begin(work, "E");
  client.socket.pause();
  const sending = sendSome(client, 16, 64 * 1024).then(() => client.socket.end());
  await pause(300);
  client.socket.resume();
  await sending;
  await client.closed();
  judge(work, "stall", client.fault());
  work.upstreams.forget(number);
};

/** Goes away with a reset: the upstream must see one too, and nothing that was not sent. */
const reset: Session = async (work) => {
  const { client, number } = await begin(work, "E");
  await sendSome(client, upTo(4), 16 * 1024);
  if (Math.random() < 0.5) await client.echoed();
  const fault = client.intact ? undefined : client.fault();
  client.reset();
  await client.closed();
  judge(work, "reset", fault);
  work.upstreams.forget(number);
};

/** The upstream resets: the client must not take it for the end. */
const upstreamReset: Session = async (work) => {
  const { client, number } = await begin(work, "R");
  await sendSome(client, upTo(4), 32 * 1024);
  await client.send(resetAfter);
  await client.finished();
  const fault = client.intact ? `ended like a complete answer after ${client.received} bytes` : "bytes changed";
  judge(work, "upstream reset", client.intact && client.broken !== undefined ? undefined : fault);
  client.socket.destroy();
  work.upstreams.forget(number);
};

/** The upstream finishes first and reads on. */
const upstreamFirst: Session = async (work) => {
  const { client, number } = await begin(work, "F");
  await sendSome(client, upTo(8), 32 * 1024);
  client.socket.end();
  await client.closed();
  const arrived = (): Received => {
    const received = work.upstreams.received(number);
    if (received?.ended !== true) throw new Error(`${received?.bytes ?? 0} of ${client.sent} bytes came, no FIN`);
    return received;
  };
  const { bytes, intact } = await eventually(arrived, { within: 60_000, what: "the upstream's end" });
  const good = bytes === client.sent && intact && client.broken === undefined;
  judge(
    work,
    "upstream first",
    good ? undefined : `${bytes} of ${client.sent} bytes reached the upstream, ${client.broken ?? "not broken"}`,
  );
  work.upstreams.forget(number);
};

/** Connects and says nothing, or nonsense, and leaves. */
const abort: Session = async ({ target, tally }) => {
  const socket = connect({ port: target.port, host: "127.0.0.1" });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  if (target.ca !== undefined)
    socket.write(oneOf([Buffer.from([22, 3, 1, 2, 0, 1]), Buffer.alloc(64, 0xff), Buffer.from("GET / HTTP/1.1\r\n\r\n")]));
  await pause(upTo(30));
  if (Math.random() < 0.5) socket.resetAndDestroy();
  else socket.destroy();
  if (!socket.closed) await once(socket, "close");
  tally.count(`${target.name} abort`);
};

const kinds: readonly Session[] = [echo, echo, echo, stall, reset, upstreamReset, upstreamFirst, abort];

/** One session after the other until the signal. */
export async function runSessions(work: StreamWork, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await oneOf(kinds)(work);
    } catch (error) {
      work.tally.error(`${work.target.name}: ${String(error)}`);
    }
    await pause(upTo(60));
  }
}

/** One session for the whole time, in order and unbroken over every reload. */
export async function runLongLived(work: StreamWork, signal: AbortSignal): Promise<void> {
  const { client, number } = await begin(work, "E");
  while (!signal.aborted && client.broken === undefined && !client.ended) {
    await client.send(upTo(4096));
    if (Math.random() < 0.5) await client.echoed();
    await pause(upTo(100));
  }
  client.socket.end();
  await client.closed();
  judge(work, "long-lived", client.fault());
  work.upstreams.forget(number);
}
