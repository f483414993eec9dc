import { z } from "zod";
import type { Operation } from "./operation.ts";

/** The API in OpenAPI 3.1, made of the table. */
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
    paths,
  };
}

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
