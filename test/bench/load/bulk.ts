import { dial, serve } from "./stream-ends.ts";
import type { Load, LoadOptions } from "./load-options.ts";

const bytesPerUnit = 1e9;

/** Streams from the client to the back end, as fast as they go. */
export async function startBulk(options: LoadOptions): Promise<Load> {
  const block = Buffer.alloc(256 * 1024, "b");
  let bytes = 0;
  let errors = 0;
  await serve(options.upstream, (count) => {
    bytes += count;
  });
  for (let index = 0; index < options.connections; index += 1) {
    const socket = dial(
      options,
      () => undefined,
      (opened) => {
        const more = (error?: Error | null): void => {
          if (error === undefined || error === null) opened.write(block, more);
        };
        more();
      },
    );
    socket.on("error", () => (errors += 1));
  }
  return { units: () => bytes / bytesPerUnit, errors: () => errors, lost: () => 0, ready: Promise.resolve() };
}
