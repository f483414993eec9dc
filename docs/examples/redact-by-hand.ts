import { definePlugin } from "sluice";
import { carry } from "sluice/flow";
import { z } from "zod";

const schema = z.object({
  /** Digits in a row that are blacked out, at least so many. */
  digits: z.number().int().min(1).max(100).default(12),
});

/** What redact.ts does, by hand: blacks out long numbers in what the upstream sends, wherever its chunks are cut, and over any reload. */
export const redactByHand = definePlugin(
  "redact-by-hand",
  ({ digits }) => {
    const long = new RegExp(`\\d{${digits},}`, "g");
    const blackedOut = (text: string): string => text.replaceAll(long, (number) => "*".repeat(number.length));
    return {
      borrows: true,
      fromUpstream: (data) =>
        data.pipe(
          carry({
            start: () => ({ unfinished: "" }),
            step: (state, chunk) => {
              const text = state.unfinished + chunk.toString("latin1");
              const end = text.search(/\d*$/);
              // A long number is passed on in pieces: what is held is bounded.
              const cut = text.length - end > 64 * 1024 ? text.length : end;
              state.unfinished = text.slice(cut);
              return cut === 0 ? null : Buffer.from(blackedOut(text.slice(0, cut)), "latin1");
            },
            end: ({ unfinished }) => (unfinished === "" ? null : Buffer.from(blackedOut(unfinished), "latin1")),
          }),
        ),
    };
  },
  schema,
);
