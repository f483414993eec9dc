import { definePlugin } from "sluice";
import { concatMap } from "rxjs";
import { z } from "zod";

const schema = z.object({
  /** The certificate, PEM text. */
  cert: z.string(),
  /** Its key, PEM text. */
  key: z.string(),
});

/** Terminates the client's TLS with one certificate: `tlsTermination` of `sluice/plugins` in small. */
export const secure = definePlugin(
  "secure",
  // The same object for every session: TLS contexts are kept per object.
  (options) => ({
    admit: (arrival, session) =>
      arrival.pipe(
        concatMap(async () => {
          await session.startTls(options);
          return session;
        }),
      ),
  }),
  schema,
);
