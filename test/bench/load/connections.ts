import { openIdle } from "./idle.ts";
import { openMany } from "./open-many.ts";
import { dial, sendBack, serve, type TlsSessions } from "./stream-ends.ts";
import type { StartLoad } from "./load-options.ts";

/** Connect, one message there and back, close; so many at a time, beside others that are idle. */
export const startConnections: StartLoad = async (options, { proxy, upstream }, gate) => {
  const { connections, beside, size, tls, resumed } = options;
  const message = Buffer.alloc(size, "c");
  const sessions: TlsSessions | undefined = resumed ? { last: undefined } : undefined;
  let units = 0;
  let errors = 0;
  await serve(upstream, sendBack);
  await openMany(beside, () => openIdle(proxy, options));
  const next = (): void => {
    let got = 0;
    const socket = dial(
      { port: proxy, tls, sessions },
      (bytes, from) => {
        got += bytes;
        if (got < size) return;
        units += 1;
        // TLS says that it ends, as clients do: without close_notify it would be a truncation.
        if (tls) from.end();
        else from.destroy();
      },
      (opened) => opened.write(message),
    );
    socket.on("error", () => (errors += 1));
    socket.on("close", () => {
      gate.pass(next);
    });
  };
  for (let index = 0; index < connections; index += 1) gate.pass(next);
  return { units: () => units, errors: () => errors, lost: () => 0, ready: Promise.resolve() };
};
