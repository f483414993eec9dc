import { expect } from "chai";
import type { Socket } from "node:net";
import { eventData } from "../../core/admin/schemas/event-schemas.ts";
import { createCleanup } from "../support/cleanup.ts";
import { EventReader } from "../support/event-reader.ts";
import { freePort, readBytes } from "../support/sockets.ts";
import { Workers } from "../support/workers.ts";

/** `mark` fails at an exclamation mark. Both endpoints of `dead` refuse; one is put out for a moment. */
const config = (workers: number, trial: boolean, dead: number): string => `
import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo, logging } from "sluice/plugins";
const mark = definePlugin("mark", () => ({
  fromClient: (data) => data.pipe(each((chunk) => { if (${trial} && chunk.includes("!")) throw new Error("boom"); return chunk; })),
}));
export default defineConfig({
  workers: ${workers},
  admin: { listen: "tcp://127.0.0.1:0" },
  reload: { trial: ${trial ? '{ share: 1, for: "1h", faults: 1 }' : "false"} },
  listeners: {
    web: { listen: "tcp://127.0.0.1:0", plugins: [logging(), mark(${trial ? "{ name: 'other' }" : ""}), echo()] },
    dead: {
      listen: "tcp://127.0.0.1:0",
      upstream: { endpoints: ["127.0.0.1:${dead}", "[::1]:${dead}"], balance: "round-robin", ejection: { failures: 1, time: "100ms" } },
    },
  },
});
`;

describe("the events of the admin API", function () {
  this.timeout(120_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  for (const workers of [1, 2])
    it(`are all what openapi.json says of them, with ${workers} worker${workers === 1 ? "" : "s"}`, async () => {
      const dead = await freePort();
      const started = await Workers.start(cleanup, config(workers, false, dead));
      // Each of its events is compared with its schema.
      const events = cleanup.keep(await EventReader.open(started.api, "topics=sessions,rates,reloads,log,tap:web"));
      const says = async (text: string): Promise<Socket> => {
        const socket = await started.open("web");
        socket.write(text);
        return socket;
      };
      const first = await says("abc");
      await readBytes(first, 3);
      first.destroy();
      for (const type of ["session-started", "session-ended", "chunk", "rates", "log"]) await events.event(type);
      await started.open("dead");
      await events.event("endpoint-down");
      await events.event("endpoint-up");
      started.folder.write("proxy.config.ts", "export default {};");
      await events.event("refused");
      started.folder.write("proxy.config.ts", config(workers, true, dead));
      await events.event("trial");
      await says("!");
      await events.event("taken-back");
      await started.api.call("POST", "reload", { json: {} });
      await started.api.call("PATCH", "listeners/web/plugins/mark", { json: { enabled: false } });
      await events.event("reloaded");
      const stalled = cleanup.keep(await EventReader.open(started.api, "topics=tap:web"));
      const loud = await started.open("web");
      // With workers the tap begins a moment later.
      const begun = stalled.event("chunk");
      while (stalled.events.length === 0) {
        loud.write("x");
        await readBytes(loud, 1);
      }
      await begun;
      stalled.pause();
      const part = Buffer.alloc(16_384, "x");
      // Each chunk is shown where it came in and behind `echo`, in base64: several times as much as may wait for a reader.
      for (let count = 0; count < 600; count += 1) {
        loud.write(part);
        await readBytes(loud, part.length);
      }
      stalled.resume();
      await stalled.event("dropped");
      const seen = new Set([...events.events, ...stalled.events].map(({ type }) => type));
      expect([...seen].toSorted()).to.deep.equal(Object.keys(eventData).toSorted());
    });
});
