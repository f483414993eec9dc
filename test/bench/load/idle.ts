import { openMany } from "./open-many.ts";
import { dial, sendBack, serve } from "./stream-ends.ts";
import type { LoadOptions, StartLoad } from "./load-options.ts";

/** Opens a connection that sends one message, and then nothing. Ends when that is answered: so it is open all the way. */
export function openIdle(port: number, { size, tls }: LoadOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = dial(
      { port, tls },
      () => resolve(),
      (open) => open.write(Buffer.alloc(size, "i")),
    );
    socket.on("error", reject);
  });
}

/** Opens connections that send one message each, and then nothing. */
export const startIdle: StartLoad = async (options, { proxy, upstream }) => {
  let answered = 0;
  let errors = 0;
  await serve(upstream, sendBack);
  const ready = openMany(options.connections, async () => {
    try {
      await openIdle(proxy, options);
      answered += 1;
    } catch (error) {
      errors += 1;
      throw error;
    }
  });
  return { units: () => answered, errors: () => errors, lost: () => 0, ready };
};
