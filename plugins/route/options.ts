import { duration, networks, upstream, type UpstreamConfig } from "sluice";
import { z } from "zod";
import { protocolNames } from "./protocols.ts";
import { serverName as asciiName } from "./server-names.ts";

/** One or several. */
function listOf<T, I>(one: z.ZodType<T, I>): z.ZodType<readonly T[], I | readonly I[]> {
  return z.union([one.transform((value) => [value]), z.array(one).min(1)]);
}

/** Kept as it was written, since that is what a session is sent to. */
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
    /** What the client asks for by SNI: a name, `"*.example.com"` for all below it, `"*"` for any; of several, one. @default any */
    serverName: listOf(name).optional(),
    /** A protocol that the client offers through ALPN. @default any */
    alpn: listOf(z.string().min(1)).optional(),
    /** What the first bytes are. @default any */
    protocol: listOf(z.enum([...protocolNames, "quic"])).optional(),
    /** Networks that the client is in. @default any */
    client: networks().optional(),
    /** Where such sessions go. */
    upstream: target,
  })
  .refine(({ serverName, alpn, protocol, client }) => [serverName, alpn, protocol, client].some((value) => value !== undefined), {
    error: "expected a condition: serverName, alpn, protocol or client (what is left goes to `fallback`)",
  });

export const optionsSchema = z.object({
  /** Tried in their order: the first whose conditions all hold is taken. */
  routes: z.array(routeSchema).min(1),
  /** Where the others go. @default the listener's own upstream */
  fallback: target.optional(),
  /** How long first bytes are waited for, where they decide. A server that speaks first speaks that much later. */
  timeout: duration({ zero: false }).default(300),
});

export type Route = z.output<typeof routeSchema>;
export type RouteOptions = z.output<typeof optionsSchema>;
