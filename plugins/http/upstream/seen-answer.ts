import type { HttpHeaders, HttpResponse } from "sluice";
import { first } from "../message/header-fields.ts";
import type { RouteOptions } from "../exchange/options.ts";
import type { Outbound } from "./outbound.ts";
import { seenLocation, seenRefresh, type RouteChanges } from "./route-changes.ts";
import { seenCookie } from "./seen-cookies.ts";

type Seen = (value: string, changes: RouteChanges) => string;

/** Fields that lead somewhere. */
const leading: Readonly<Record<string, Seen>> = { location: seenLocation, "content-location": seenLocation, refresh: seenRefresh };

/** Whether a route's answers are told in the client's terms. */
export function isRetold({ location, cookies }: RouteOptions): boolean {
  return location !== "keep" || cookies.domain !== "keep" || cookies.path !== "keep";
}

/**
 * An answer in the client's terms: what the route changed in the request is undone in where the answer leads, and in its cookies.
 * @param asked what the upstream was asked
 * @param endpoint its name
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
