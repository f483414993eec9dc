import { dial, sendBack, serve } from "./stream-ends.ts";
import type { StartLoad } from "./load-options.ts";

/** Ping-pong: each connection has one message on its way. */
export const startMessages: StartLoad = async ({ connections, size, tls }, { proxy, upstream }, gate) => {
  const message = Buffer.alloc(size, "m");
  let units = 0;
  let errors = 0;
  let open = 0;
  let allOpen = (): void => undefined;
  const ready = new Promise<void>((resolve) => (allOpen = resolve));
  await serve(upstream, sendBack);
  for (let index = 0; index < connections; index += 1) {
    let got = 0;
    const send = (): void => void socket.write(message);
    const socket = dial(
      { port: proxy, tls },
      (bytes) => {
        got += bytes;
        if (got < size) return;
        got = 0;
        units += 1;
        gate.pass(send);
      },
      () => {
        open += 1;
        if (open === connections) allOpen();
        gate.pass(send);
      },
    );
    socket.on("error", () => (errors += 1));
  }
  return { units: () => units, errors: () => errors, lost: () => 0, ready };
};
