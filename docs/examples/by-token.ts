import { definePlugin, SluiceError } from "sluice";
import { concatMap } from "rxjs";
import { z } from "zod";

const schema = z.object({
  /** What the first line must be. */
  token: z.string().min(1),
});

/** Admits clients whose first line is a secret, whatever protocol follows it. */
export const byToken = definePlugin(
  "by-token",
  ({ token }) => ({
    // A line with a secret comes first, whatever protocol follows it.
    admit: (arrival, session) =>
      arrival.pipe(
        concatMap(async () => {
          const line = await session.readFirst(
            (bytes) => {
              const end = bytes.indexOf("\n");
              return end < 0 ? undefined : { taken: end + 1, value: bytes.toString("latin1", 0, end) };
            },
            { max: 256, timeout: 2_000 },
          );
          if (line !== token) throw new SluiceError("SLUICE_CLIENT_REJECTED", `${String(session.client)} does not know the token`);
          session.reply(Buffer.from("welcome\n"));
          return session;
        }),
      ),
  }),
  schema,
);
