import { SluiceError } from "../../contract/index.ts";
import type { Operation } from "../operations/operation.ts";
import { operations } from "../operations/operations.ts";
import { Refusal } from "./answer.ts";

/** The beginning of all paths of the API. */
export const apiRoot = "/api/v1/";

interface Route {
  readonly operation: Operation;
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

const routes: readonly Route[] = operations.map((operation) => {
  const names = Array.from(operation.path.matchAll(/\{(\w+)\}/g), ([, name = ""]) => name);
  return { operation, pattern: new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, "([^/]+)")}/?$`), names };
});

/** An operation, and the parts of its input that are in the request's address. */
export interface RoutedOperation {
  readonly operation: Operation;
  readonly input: Readonly<Record<string, string>>;
}

/**
 * The operation that a request asks for.
 *
 * @param path below the API's root
 * @throws SLUICE_ADMIN_REQUEST, with status 404, or with 405 and the methods that exist
 */
export function route(method: string, path: string, query: URLSearchParams): RoutedOperation {
  const here = routes.filter(({ pattern }) => pattern.test(path));
  const found = here.find(({ operation }) => methodsOf(operation).includes(method));
  if (found !== undefined) return { operation: found.operation, input: { ...Object.fromEntries(query), ...named(found, path) } };
  if (here.length === 0) throw new Refusal(404, new SluiceError("SLUICE_ADMIN_REQUEST", `there is no ${apiRoot}${path}`));
  const allowed = here.flatMap(({ operation }) => methodsOf(operation)).join(", ");
  throw new Refusal(405, new SluiceError("SLUICE_ADMIN_REQUEST", `expected ${allowed}, got ${method}`), { allow: allowed });
}

/** The methods that ask for an operation. No HEAD for a stream, which never ends. */
function methodsOf({ method, answer }: Operation): readonly string[] {
  return method === "GET" && answer !== "stream" ? ["GET", "HEAD"] : [method];
}

/** The whole input. A body must not repeat what is in the address. @throws SLUICE_ADMIN_REQUEST */
export function withBody({ input, operation }: RoutedOperation, body: object): object {
  const twice = Object.keys(body).find((key) => key in input);
  if (twice !== undefined)
    throw new SluiceError("SLUICE_ADMIN_REQUEST", `${twice} stands in the address already`, { where: operation.name });
  return { ...input, ...body };
}

function named({ pattern, names }: Route, path: string): Record<string, string> {
  const values = pattern.exec(path)?.slice(1) ?? [];
  return Object.fromEntries(names.map((name, index) => [name, decoded(values[index] ?? "")]));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new SluiceError("SLUICE_ADMIN_REQUEST", `${JSON.stringify(text)} is badly percent-encoded`);
  }
}
