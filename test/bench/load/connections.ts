import { dial, sendBack, serve } from "./stream-ends.ts";
import type { Load, LoadOptions } from "./load-options.ts";

/** Connect, one message there and back, close; so many at a time. */
export async function startConnections(options: LoadOptions): Promise<Load> {
  const { connections, size, upstream } = options;
  const message = Buffer.alloc(size, "c");
  let units = 0;
  let errors = 0;
  await serve(upstream, sendBack);
  const next = (): void => {
    let got = 0;
    const socket = dial(
      options,
      (bytes, from) => {
        got += bytes;
        if (got < size) return;
        units += 1;
        from.destroy();
      },
      (opened) => opened.write(message),
    );
    socket.on("error", () => (errors += 1));
    socket.on("close", next);
  };
  for (let index = 0; index < connections; index += 1) next();
  return { units: () => units, errors: () => errors, lost: () => 0, ready: Promise.resolve() };
}
