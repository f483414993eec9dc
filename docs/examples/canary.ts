import { createHash } from "node:crypto";
import { definePlugin } from "sluice";
import { z } from "zod";

const schema = z.object({
  /** Where the new version is. */
  upstream: z.string(),
  /** The part of the clients that get it: from 0 to 1. */
  share: z.number().min(0).max(1),
});

/** A number from 0 to 1 that is the same for a client each time, so that nobody is sent to and fro. */
function lotOf(client: string): number {
  return createHash("sha256").update(client).digest().readUInt32BE() / 2 ** 32;
}

/** Sends a part of the clients to a new version. Who asks for one with `x-version` gets it. */
export const canary = definePlugin(
  "canary",
  ({ upstream, share }) => ({
    exchange: (attempt, request) => {
      const asked = request.headers["x-version"];
      const isNew = asked === undefined ? lotOf(request.session.client.address) < share : asked === "new";
      if (isNew) request.upstream = upstream;
      return attempt;
    },
  }),
  schema,
);
