import type { HttpHeaders, HttpResponse } from "sluice";
import { first } from "../../message/header-fields.ts";
import type { RouteOptions } from "../../exchange/options.ts";
import type { Outbound } from "./outbound.ts";
import { seenLocation, seenRefresh, type RouteChanges } from "./route-changes.ts";
import { seenCookie } from "./seen-cookies.ts";

type Seen = (value: string, changes: RouteChanges) => string;

/** Fields with addresses, and their translations. */
const leading: Readonly<Record<string, Seen>> = { location: seenLocation, "content-location": seenLocation, refresh: seenRefresh };

/** Whether a route translates responses for the client. */
export function isRetold({ location, cookies }: RouteOptions): boolean {
  return location !== "keep" || cookies.domain !== "keep" || cookies.path !== "keep";
}

/**
 * A response translated for the client: the route's changes of host and path are undone in addresses and cookies.
 * @param asked the request to the upstream
 * @param endpoint the name of the endpoint
 */
export function retold(answer: HttpResponse, route: RouteOptions, asked: Outbound, endpoint: string): HttpResponse {
  const { scheme, authority, headers } = asked;
  const upstream = [first(headers, "host") ?? "", endpoint].filter((each) => each !== "" && !each.startsWith("unix:"));
  const changes: RouteChanges = { path: route.path, rewrite: route.rewrite, scheme, authority, upstream };
  const told: HttpHeaders = { ...answer.headers };
  if (route.location === "rewrite") for (const [name, seen] of Object.entries(leading)) tell(told, name, (value) => seen(value, changes));
  tell(told, "set-cookie", (value) => seenCookie(value, route.cookies, changes));
  return { ...answer, headers: told };
}

function tell(headers: HttpHeaders, name: string, seen: (value: string) => string): void {
  const value = headers[name];
  if (Array.isArray(value)) headers[name] = value.map(seen);
  else if (value !== undefined) headers[name] = seen(value);
}
