import { AssertionError } from "chai";
import { z } from "zod";
import type { Operation } from "../../core/admin/operations/operation.ts";
import { operations } from "../../core/admin/operations/operations.ts";
import { eventData } from "../../core/admin/schemas/event-schemas.ts";
import { schemas } from "../../core/admin/schemas/schemas.ts";

/** The operation that a request asks for. @param path below `/api/v1/`, with its query */
export function operationOf(method: string, path: string): Operation | undefined {
  const [asked = ""] = path.split("?");
  const parts = asked.split("/");
  return operations.find((each) => {
    const own = each.path.split("/");
    return each.method === method && own.length === parts.length && own.every((part, at) => part.startsWith("{") || part === parts[at]);
  });
}

/** Fails if an answer is not what `openapi.json` says of it, property for property. */
export function checkAnswer(method: string, path: string, value: unknown): void {
  const operation = operationOf(method, path);
  if (operation === undefined || operation.answer === "stream") return;
  const { error } = schemas[operation.answer].safeParse(value);
  if (error !== undefined)
    throw new AssertionError(`${method} ${path} answers with no ${operation.answer}: ${z.prettifyError(error)}\n${JSON.stringify(value)}`);
}

/** Fails if an answer is no error as `openapi.json` describes it. */
export function checkError(value: unknown): void {
  schemas.Error.parse(value);
}

/** Fails if an event is not what `openapi.json` says of it, property for property. */
export function checkEvent(type: string, data: unknown): void {
  const schema: z.ZodType | undefined = Object.hasOwn(eventData, type) ? eventData[type as keyof typeof eventData] : undefined;
  if (schema === undefined) throw new AssertionError(`openapi.json knows no event ${JSON.stringify(type)}`);
  const { error } = schema.safeParse(data);
  if (error !== undefined) throw new AssertionError(`the event ${type} is another: ${z.prettifyError(error)}\n${JSON.stringify(data)}`);
}
