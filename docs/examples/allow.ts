import { definePlugin } from "sluice";
import { filter } from "rxjs";
import { z } from "zod";

const schema = z.object({
  /** IP addresses that may come in. */
  clients: z.array(z.string()).min(1),
});

/** Turns away clients that are not on the list, before a byte is read. */
export const allow = definePlugin(
  "allow",
  ({ clients }) => ({
    admit: (arrival, session) => arrival.pipe(filter(() => clients.includes(session.client.address))),
  }),
  schema,
);
