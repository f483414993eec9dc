import { dial, sendBack, serve } from "./stream-ends.ts";
import type { StartLoad } from "./load-options.ts";

/** Connections under way at a time while they are being opened. */
const atOnce = 200;

/** Opens connections that send one message each, and then nothing. */
export const startIdle: StartLoad = async ({ connections, size, tls }, { proxy, upstream }) => {
  const message = Buffer.alloc(size, "i");
  let opened = 0;
  let answered = 0;
  let errors = 0;
  await serve(upstream, sendBack);
  const ready = new Promise<void>((resolve, reject) => {
    const next = (): void => {
      if (opened >= connections) return;
      opened += 1;
      const socket = dial(
        { port: proxy, tls },
        () => {
          answered += 1;
          if (answered === connections) resolve();
          else next();
        },
        (open) => open.write(message),
      );
      socket.on("error", (error) => {
        errors += 1;
        reject(error);
      });
    };
    for (let index = 0; index < atOnce; index += 1) next();
  });
  return { units: () => answered, errors: () => errors, lost: () => 0, ready };
};
