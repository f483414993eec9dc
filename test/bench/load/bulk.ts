import { dial, serve } from "./stream-ends.ts";
import type { StartLoad } from "./load-options.ts";

const bytesPerUnit = 1e9;

/** Streams from the client to the back end, as fast as they go. */
export const startBulk: StartLoad = async ({ connections, tls }, { proxy, upstream }, gate) => {
  const block = Buffer.alloc(256 * 1024, "b");
  let bytes = 0;
  let errors = 0;
  await serve(upstream, (count) => {
    bytes += count;
  });
  for (let index = 0; index < connections; index += 1) {
    const send = (): void => void socket.write(block, sent);
    const sent = (error?: Error | null): void => {
      if (error === undefined || error === null) gate.pass(send);
    };
    const socket = dial(
      { port: proxy, tls },
      () => undefined,
      () => {
        gate.pass(send);
      },
    );
    socket.on("error", () => (errors += 1));
  }
  return { units: () => bytes / bytesPerUnit, errors: () => errors, lost: () => 0, ready: Promise.resolve() };
};
