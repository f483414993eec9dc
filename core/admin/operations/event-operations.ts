import { z } from "zod";
import { EventStream } from "../events/event-stream.ts";
import { topicsOf } from "../events/topics.ts";
import { following } from "./operation.ts";

/** Operations that answer with a stream of events. */
export const eventOperations = [
  following({
    name: "events",
    summary:
      "What happens, as it happens, as server-sent events. `topics`: some of `sessions,rates,reloads,log`, and `tap:12`, `tap:web` or `tap:*` for the chunks of a session, of a listener's sessions, of all.",
    method: "GET",
    path: "events",
    input: z.strictObject({
      topics: z.string().optional(),
      lastEventId: z.coerce.number().int().min(0).optional(),
    }),
    answer: "stream",
    handle: ({ feed }, { topics, lastEventId }) => new EventStream(feed, topicsOf(topics), lastEventId),
  }),
];
