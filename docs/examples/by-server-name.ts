import { definePlugin } from "sluice";
import { tap } from "rxjs";
import { z } from "zod";

const schema = z.object({
  /** The upstream of each server name. A name that is not here goes to the listener's own upstream. */
  routes: z.record(z.string(), z.string()),
});

/** Sends TLS sessions where their SNI says, without decrypting them: the ClientHello has been read, nothing else. */
export const byServerName = definePlugin(
  "by-server-name",
  ({ routes }) => ({
    admit: (arrival) =>
      arrival.pipe(
        tap((session) => {
          const upstream = routes[session.tls?.serverName ?? ""];
          if (upstream !== undefined) session.retarget(upstream);
        }),
      ),
  }),
  schema,
);
