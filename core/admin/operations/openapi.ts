import { z } from "zod";
import type { Operation } from "./operation.ts";

/** The API in OpenAPI 3.1, made from the table of operations. */
export function openApi(operations: readonly Operation[], version: string): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    const path = `/api/v1/${operation.path}`;
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: described(operation) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Sluice admin API", version },
    security: [{ token: [] }],
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    paths: { ...paths, ...besides },
  };
}

const text = (description: string): object => ({ description, content: { "text/plain": {} } });

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

interface Described {
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
}

function described({ name, summary, method, path, input, answers = "json" }: Operation): object {
  const { properties = {}, required = [] } = z.toJSONSchema(input, { io: "input", unrepresentable: "any" }) as Described;
  const inPath = new Set(Array.from(path.matchAll(/\{(\w+)\}/g), ([, each = ""]) => each));
  const others = Object.entries(properties).filter(([key]) => !inPath.has(key));
  const parameters = [
    ...Array.from(inPath, (key) => ({ name: key, in: "path", required: true, schema: properties[key] ?? {} })),
    ...(method === "GET" ? others.map(([key, schema]) => ({ name: key, in: "query", required: false, schema })) : []),
  ];
  const schema = { type: "object", properties: Object.fromEntries(others), required: required.filter((key) => !inPath.has(key)) };
  const body = method === "GET" ? {} : { requestBody: { content: { "application/json": { schema } } } };
  const type = answers === "events" ? "text/event-stream" : "application/json";
  const description = answers === "events" ? "Events until the reader leaves." : "Done; the ETag is the generation.";
  const responses = { "200": { description, content: { [type]: {} } }, default: { description: "An error with a code." } };
  return { operationId: name, summary, parameters, ...body, responses };
}
