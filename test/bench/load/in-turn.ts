import type { Gate } from "./gate.ts";
import { connectClient, openDatagrams, openBackend } from "./datagrams.ts";
import type { Load, LoadOptions, StartLoad } from "./load-options.ts";
import { openMany } from "./open-many.ts";
import { Rotation } from "./rotation.ts";
import { dial, sendBack, serve } from "./stream-ends.ts";

/** So many clients have something on its way, however many there are: what is under way must not grow with them. */
const atOnce = 10;

/** Opens a client. Ends, once its first message has been answered, with what sends another; `onAnswer` is told of the answers to those. */
type OpenClient = (onAnswer: () => void) => Promise<() => void>;

async function inTurn({ connections }: LoadOptions, gate: Gate, open: OpenClient): Promise<Load> {
  const rotation = new Rotation(connections, Math.min(atOnce, connections));
  const sends: (() => void)[] = [];
  let units = 0;
  const next = (client: number): void => {
    const send = sends[client];
    if (send !== undefined) gate.pass(send);
  };
  await openMany(connections, async (client) => {
    sends[client] = await open(() => {
      units += 1;
      next(rotation.after(client));
    });
  });
  for (let client = 0; client < rotation.atOnce; client += 1) next(client);
  return { units: () => units, errors: () => 0, lost: () => 0, ready: Promise.resolve() };
}

/** Ping-pong on many open connections, some of them at a time. */
export const startMessagesInTurn: StartLoad = async (options, { proxy, upstream }, gate) => {
  const { size, tls } = options;
  const message = Buffer.alloc(size, "m");
  await serve(upstream, sendBack);
  const open: OpenClient = (onAnswer) =>
    new Promise((resolve, reject) => {
      let got = 0;
      let isOpen = false;
      const send = (): void => void socket.write(message);
      const socket = dial(
        { port: proxy, tls },
        (bytes) => {
          got += bytes;
          if (got < size) return;
          got = 0;
          if (isOpen) return onAnswer();
          isOpen = true;
          resolve(send);
        },
        send,
      );
      socket.on("error", reject);
    });
  return inTurn(options, gate, open);
};

/** Request and response by datagrams of many clients, some of them at a time. */
export const startDatagramsInTurn: StartLoad = async (options, { proxy, upstream }, gate) => {
  const datagram = Buffer.alloc(options.size, "d");
  await openBackend(upstream);
  const open: OpenClient = async (onAnswer) => {
    const client = openDatagrams();
    await connectClient(client, proxy);
    const send = (): void => client.send(datagram);
    await new Promise<void>((resolve) => {
      client.once("message", () => resolve());
      send();
    });
    client.on("message", onAnswer);
    return send;
  };
  return inTurn(options, gate, open);
};

/** Loopback addresses that clients come from, in turn: so that a port that is used again is another client. */
const sources = 200;

/** New UDP clients, one after the other: one datagram there and back. As many as `connections` have been before the first that counts. */
export const startFlows: StartLoad = async ({ connections, size }, { proxy, upstream }, gate) => {
  const datagram = Buffer.alloc(size, "f");
  let begun = 0;
  let units = 0;
  await openBackend(upstream);
  const exchange = async (): Promise<void> => {
    const client = openDatagrams();
    begun += 1;
    await new Promise<void>((resolve) => void client.bind(0, `127.0.1.${(begun % sources) + 1}`, resolve));
    await connectClient(client, proxy);
    await new Promise<void>((resolve) => {
      client.once("message", () => resolve());
      client.send(datagram);
    });
    client.close();
    units += 1;
  };
  await openMany(connections, exchange);
  const next = async (): Promise<void> => {
    await exchange();
    gate.pass(() => void next());
  };
  for (let index = 0; index < atOnce; index += 1) gate.pass(() => void next());
  return { units: () => units, errors: () => 0, lost: () => 0, ready: Promise.resolve() };
};
