import { definePlugin } from "sluice";
import { each } from "sluice/flow";
import { z } from "zod";

const schema = z.object({
  /** Put before the end of every line. */
  suffix: z.string().default(""),
});

/** Answers loudly: what comes from the upstream, in capitals. */
export const shout = definePlugin(
  "shout",
  ({ suffix }) => {
    // latin1: one character per byte, so a chunk may end in any place.
    const ending = `${Buffer.from(suffix).toString("latin1")}\n`;
    const loud = (text: string): string => text.replaceAll(/[a-z]+/g, (word) => word.toUpperCase()).replaceAll("\n", () => ending);
    return {
      borrows: true,
      fromUpstream: (data) => data.pipe(each((chunk) => Buffer.from(loud(chunk.toString("latin1")), "latin1"))),
    };
  },
  schema,
);
