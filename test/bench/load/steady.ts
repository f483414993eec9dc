// A load that asks for little and watches the clock: paced messages, and the longest that any of them waited, beside connections that are
// open and idle. node steady.js PROXY UPSTREAM IDLE
//
// Over IPC: any message asks for the longest wait in milliseconds since the last, which it answers and forgets.
import { dial, sendBack, serve } from "./stream-ends.ts";

const [proxy = 0, upstream = 0, idle = 0] = process.argv.slice(2).map(Number);
const connections = 16;
const size = 64;
/** Each connection sends its next message so long after the last reply. */
const pauseMs = 2;

const message = Buffer.alloc(size, "s");
let longest = 0;
let open = 0;
/** By connection: when the message on its way was sent; 0: none is. */
const sentAt: number[] = [];

await serve(upstream, sendBack);
for (let index = 0; index < idle; index += 1) await openIdle();
for (let index = 0; index < connections; index += 1) {
  let got = 0;
  const send = (): void => {
    sentAt[index] = performance.now();
    socket.write(message);
  };
  const socket = dial(
    { port: proxy, tls: false },
    (bytes) => {
      got += bytes;
      if (got < size) return;
      got = 0;
      longest = Math.max(longest, performance.now() - (sentAt[index] ?? 0));
      sentAt[index] = 0;
      setTimeout(send, pauseMs);
    },
    () => {
      open += 1;
      if (open === connections) process.send?.("open");
      send();
    },
  );
  socket.on("error", (error) => {
    throw error;
  });
}

/** Opens one that stays idle: so that the next does not come before it, it has had its one answer. */
function openIdle(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = dial(
      { port: proxy, tls: false },
      () => resolve(),
      () => void socket.write("i"),
    );
    socket.on("error", reject);
  });
}

process.on("message", () => {
  const now = performance.now();
  const waiting = sentAt.filter((at) => at > 0).map((at) => now - at);
  process.send?.({ longestMs: Math.max(longest, ...waiting) });
  longest = 0;
});
process.on("disconnect", () => process.exit(0));
