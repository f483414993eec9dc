import { definePlugin, SluiceError } from "sluice";
import { answer } from "sluice/flow";
import { catchError, of, throwError } from "rxjs";
import { z } from "zod";

const schema = z.object({
  /** What the client gets instead of a closed connection. */
  text: z.string().default("sorry, back in a minute\n"),
});

/** Answers in place of an upstream that cannot be reached. */
export const sorry = definePlugin(
  "sorry",
  ({ text }) => ({
    connect: (attempt, session) =>
      attempt.pipe(
        catchError((error: unknown) => {
          if (!SluiceError.is(error) || error.source !== "upstream") return throwError(() => error);
          return of(answer("sorry", () => of(Buffer.from(text)), session));
        }),
      ),
  }),
  schema,
);
