import { once } from "node:events";
import { dial, sendBack, serve } from "./stream-ends.ts";
import type { StartLoad } from "./load-options.ts";

/** The connections take turns; one whose message is still on its way when its turn comes is passed over. */
interface Lane {
  /** When its message was due, whenever it was sent; 0: none is on its way. */
  dueAt: number;
  send(): void;
}

/**
 * Messages at a fixed rate, whether or not those before were answered. A message's time begins when it was due: a proxy that stands still makes all
 * messages late that were due meanwhile.
 */
export const startPacedMessages: StartLoad = async ({ connections, size, rate, tls }, { proxy, upstream }, gate) => {
  const message = Buffer.alloc(size, "m");
  const milliseconds: number[] = [];
  let units = 0;
  let errors = 0;
  await serve(upstream, sendBack);
  const lanes: Lane[] = [];
  const opened = Array.from({ length: connections }, () => {
    let got = 0;
    const lane: Lane = { dueAt: 0, send: () => void socket.write(message) };
    const received = (bytes: number): void => {
      got += bytes;
      if (got < size) return;
      got = 0;
      units += 1;
      milliseconds.push(performance.now() - lane.dueAt);
      lane.dueAt = 0;
    };
    const socket = dial({ port: proxy, tls }, received, () => socket.emit("open"));
    socket.on("error", () => (errors += 1));
    lanes.push(lane);
    return once(socket, "open");
  });
  const each = 1000 / rate;
  let dueAt = 0;
  let turn = 0;
  const go = (): void => {
    if (!gate.isOpen) {
      dueAt = 0;
      gate.pass(go);
      return;
    }
    const now = performance.now();
    if (dueAt === 0) dueAt = now;
    for (let tried = 0; dueAt <= now && tried < connections; tried += 1) {
      const lane = lanes[turn];
      turn = (turn + 1) % connections;
      if (lane === undefined || lane.dueAt !== 0) continue;
      lane.dueAt = dueAt;
      dueAt += each;
      lane.send();
    }
    setImmediate(go);
  };
  gate.pass(go);
  return { units: () => units, errors: () => errors, lost: () => 0, ready: Promise.all(opened).then(() => undefined), milliseconds };
};
