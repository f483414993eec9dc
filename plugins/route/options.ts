import { duration, networks, upstream, type UpstreamConfig } from "sluice";
import { z } from "zod";
import { protocolNames } from "./protocols.ts";
import { serverName as asciiName } from "./server-names.ts";

/** A schema of one value or a list. */
function listOf<T, I>(one: z.ZodType<T, I>): z.ZodType<readonly T[], I | readonly I[]> {
  return z.union([one.transform((value) => [value]), z.array(one).min(1)]);
}

/** The upstream as it was written, since sessions are retargeted to that. */
const target = z.unknown().transform((given, context): UpstreamConfig => {
  const result = upstream().safeParse(given);
  for (const issue of result.error?.issues ?? []) context.issues.push({ ...issue, input: given } as never);
  return given as UpstreamConfig;
}) as z.ZodType<UpstreamConfig, UpstreamConfig>;

const name = z.string().transform((text, context) => {
  const found = asciiName(text);
  if (found === undefined)
    context.addIssue({ code: "custom", message: 'expected a host name such as "api.example.com", "*.example.com" or "*"' });
  return found ?? "";
});

const routeSchema = z
  .strictObject({
    /** The server name in the client's SNI: a name, `"*.example.com"` for all below it, `"*"` for any name. One in a list must match. @default any */
    serverName: listOf(name).optional(),
    /** A protocol that the client offers through ALPN. @default any */
    alpn: listOf(z.string().min(1)).optional(),
    /** The protocol of the first bytes. @default any */
    protocol: listOf(z.enum([...protocolNames, "quic"])).optional(),
    /** Networks of the client's address. @default any */
    client: networks().optional(),
    /** The upstream of such sessions. */
    upstream: target,
  })
  .refine(({ serverName, alpn, protocol, client }) => [serverName, alpn, protocol, client].some((value) => value !== undefined), {
    error: "expected a condition: serverName, alpn, protocol or client (what is left goes to `fallback`)",
  });

export const optionsSchema = z.object({
  /** Tried in order: the first route that matches is taken. */
  routes: z.array(routeSchema).min(1),
  /** The upstream of all other sessions. @default the listener's own upstream */
  fallback: target.optional(),
  /** The longest wait for the first bytes, if a route needs them. A server that speaks first is delayed by this time. @default 300ms, 5s once a ClientHello has begun */
  timeout: duration({ zero: false }).optional(),
});

export type Route = z.output<typeof routeSchema>;
export type RouteOptions = z.output<typeof optionsSchema>;
