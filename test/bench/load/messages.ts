import { dial, sendBack, serve } from "./stream-ends.ts";
import type { Load, LoadOptions } from "./load-options.ts";

/** Ping-pong: each connection has one message on its way. */
export async function startMessages(options: LoadOptions): Promise<Load> {
  const { connections, size, upstream } = options;
  const message = Buffer.alloc(size, "m");
  let units = 0;
  let errors = 0;
  let open = 0;
  let allOpen = (): void => undefined;
  const ready = new Promise<void>((resolve) => (allOpen = resolve));
  await serve(upstream, sendBack);
  for (let index = 0; index < connections; index += 1) {
    let got = 0;
    const socket = dial(
      options,
      (bytes, from) => {
        got += bytes;
        if (got < size) return;
        got = 0;
        units += 1;
        from.write(message);
      },
      (opened) => {
        open += 1;
        if (open === connections) allOpen();
        opened.write(message);
      },
    );
    socket.on("error", () => (errors += 1));
  }
  return { units: () => units, errors: () => errors, lost: () => 0, ready };
}
