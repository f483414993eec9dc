import { z } from "zod";
import { reloadPolicy } from "./reload-schemas.ts";
import { anything, bytes, count, milliseconds } from "./scalars.ts";

const queue = z.strictObject({ max: count, timeout: milliseconds });

const timeouts = z.strictObject({
  connect: milliseconds,
  handshake: milliseconds,
  idle: milliseconds,
  halfClosed: milliseconds.optional(),
  udpIdle: milliseconds,
  drain: milliseconds,
  setup: milliseconds,
});

const socket = z.strictObject({
  keepAlive: milliseconds.optional(),
  mode: z.int().optional(),
  group: z.union([z.string(), z.int()]).optional(),
  receiveBuffer: bytes.optional(),
  sendBuffer: bytes.optional(),
});

const listener = z.strictObject({
  listen: z.string(),
  upstream: anything.optional(),
  plugins: z.array(
    z.strictObject({ name: z.string(), id: z.string(), enabled: z.boolean(), onError: z.enum(["close", "bypass"]), options: z.unknown() }),
  ),
  reload: reloadPolicy,
  socket: socket.optional().describe("Only what was given."),
  limits: z.strictObject({ sessions: count.optional(), queue: queue.optional() }).optional().describe("Only what was given."),
  timeouts: timeouts.omit({ setup: true }).partial().optional().describe("Only what was given."),
});

/** A config with its defaults. */
export const config = z.strictObject({
  file: z.string().optional(),
  listeners: z.record(z.string(), listener),
  dns: z.strictObject({ servers: z.array(z.string()), hosts: z.record(z.string(), z.array(z.string())) }),
  limits: z.strictObject({
    sessions: count,
    sessionsPerClient: count,
    udpSessions: count,
    bufferPerFlow: bytes,
    swapTimeout: milliseconds,
  }),
  timeouts,
  shutdown: z.strictObject({ delay: milliseconds, quiet: milliseconds }),
  log: z.strictObject({ level: z.string(), format: z.enum(["auto", "line", "json"]), file: z.string().optional() }),
  workers: count,
  admin: z.union([
    z.literal(false),
    z.strictObject({
      listen: z.string(),
      token: z.string().optional(),
      hosts: z.array(z.string()),
      metrics: z.enum(["token", "open"]),
      folder: z.string(),
    }),
  ]),
  warnings: z.array(z.string()),
});
