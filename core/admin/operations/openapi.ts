import { z } from "zod";
import { jsonSchemas } from "../schemas/schemas.ts";
import type { Operation } from "./operation.ts";

/**
 * The API in OpenAPI 3.1, made from the table of operations.
 *
 * @param steers whether an operation that changes something makes another generation, so that `If-Match` counts
 */
export function openApi(
  operations: readonly Operation[],
  version: string,
  steers: (operation: Operation) => boolean,
): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    const path = `/api/v1/${operation.path}`;
    paths[path] = {
      ...paths[path],
      [operation.method.toLowerCase()]: described(operation, operation.method !== "GET" && steers(operation)),
    };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Sluice admin API", version },
    security: [{ token: [] }],
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } }, schemas: jsonSchemas(addressOf) },
    paths: { ...paths, ...besides },
  };
}

const addressOf = (name: string): string => `#/components/schemas/${name}`;

const text = (description: string): object => ({ description, content: { "text/plain": { schema: { type: "string" } } } });
const json = (name: string): object => ({ content: { "application/json": { schema: { $ref: addressOf(name) } } } });

/** Paths that are not operations: they are for monitoring, not for people. */
const besides: Readonly<Record<string, object>> = {
  "/metrics": {
    get: { operationId: "metrics", summary: "Prometheus metrics.", responses: { "200": text("In Prometheus' text format.") } },
  },
  "/healthz": { get: { operationId: "healthz", summary: "Whether it lives.", security: [], responses: { "200": text("It does.") } } },
  "/readyz": {
    get: {
      operationId: "readyz",
      summary: "Whether it is to be sent new sessions.",
      security: [],
      responses: { "200": text("It is."), "503": text("It starts, closes, or is about to.") },
    },
  },
};

const ifMatch = {
  name: "If-Match",
  in: "header",
  required: false,
  description: "The ETag of the generation that the caller has seen: 412 when another is in force.",
  schema: { type: "string" },
};

interface Described {
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
}

function described({ name, summary, method, path, input, answer }: Operation, matches: boolean): object {
  const { properties = {}, required = [] } = z.toJSONSchema(input, { io: "input", unrepresentable: "any" }) as Described;
  const inPath = new Set(Array.from(path.matchAll(/\{(\w+)\}/g), ([, each = ""]) => each));
  const others = Object.entries(properties).filter(([key]) => !inPath.has(key));
  const parameters = [
    ...Array.from(inPath, (key) => ({ name: key, in: "path", required: true, schema: properties[key] ?? {} })),
    ...(method === "GET" ? others.map(([key, schema]) => ({ name: key, in: "query", required: false, schema })) : []),
    ...(matches ? [ifMatch] : []),
  ];
  const needed = required.filter((key) => !inPath.has(key));
  const schema = { type: "object", properties: Object.fromEntries(others), required: needed };
  const body = method === "GET" ? {} : { requestBody: { required: needed.length > 0, content: { "application/json": { schema } } } };
  return {
    operationId: name,
    summary,
    parameters,
    ...body,
    responses: { "200": done(answer), default: { description: "An error with a code.", ...json("Error") } },
  };
}

/** OpenAPI 3.1 has no way to describe the parts of a stream, JSON Schema has. */
const frames = {
  type: "string",
  description: "A frame for each event: `id:`, `event:`, and in `data:` the JSON of what `Event` has as `data`.",
  contentMediaType: "text/event-stream",
  contentSchema: { type: "array", items: { $ref: addressOf("Event") } },
};

function done(answer: Operation["answer"]): object {
  if (answer === "stream") return { description: "Events until the reader leaves.", content: { "text/event-stream": { schema: frames } } };
  const etag = { description: 'The generation, such as `"g12"`, for `If-Match`.', schema: { type: "string" } };
  return { description: "Done.", headers: { ETag: etag }, ...json(answer) };
}
