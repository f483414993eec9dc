// Sessions at a fixed rate, a short message there and back in each. node paced-sessions.js PROXY UPSTREAM RATE SECONDS
//
// Over IPC: any message starts them; the answer is what became of them.
import { setTimeout as sleep } from "node:timers/promises";
import { dial, sendBack, serve } from "./stream-ends.ts";

/** What became of the sessions of one run. */
export interface PacedSessions {
  readonly begun: number;
  readonly answered: number;
  /** From the connection's begin to the answer. */
  readonly milliseconds: number[];
}

const [proxy = 0, upstream = 0, rate = 0, seconds = 0] = process.argv.slice(2).map(Number);
const mostOpen = 500;
const message = Buffer.from("hello world");

async function run(): Promise<PacedSessions> {
  const milliseconds: number[] = [];
  const now = { begun: 0, open: 0 };
  const begin = (): void => {
    const at = performance.now();
    let got = 0;
    const received = (bytes: number): void => {
      got += bytes;
      if (got < message.length) return;
      milliseconds.push(performance.now() - at);
      socket.end();
    };
    const socket = dial({ port: proxy, tls: false }, received, (opened) => opened.write(message));
    socket.on("error", () => undefined).once("close", () => (now.open -= 1));
    now.begun += 1;
    now.open += 1;
  };
  const start = performance.now();
  const due = (): number => ((performance.now() - start) / 1000) * rate;
  while (due() < seconds * rate) {
    while (now.begun < due() && now.open < mostOpen) begin();
    await sleep(2);
  }
  const patience = performance.now() + 5_000;
  while (now.open > 0 && performance.now() < patience) await sleep(20);
  return { begun: now.begun, answered: milliseconds.length, milliseconds };
}

process.on("message", () => {
  void run().then((result) => process.send?.(result));
});
process.on("disconnect", () => process.exit(0));
await serve(upstream, sendBack);
process.send?.("ready");
