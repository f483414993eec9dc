import { createRequire } from "node:module";
import { z } from "zod";
import { isOptions, SluiceError } from "../../contract/index.ts";
import { describeIssues } from "../../contract/options/describe-issues.ts";
import { didYouMean } from "../../contract/options/nearest.ts";
import type { Live } from "./live.ts";
import { captureOperations } from "./capture-operations.ts";
import { eventOperations } from "./event-operations.ts";
import { localOperations } from "./local-operations.ts";
import {
  operation,
  type Call,
  type FollowingOperation,
  type Operation,
  type SavingOperation,
  type SteeringOperation,
} from "./operation.ts";
import { hasPrototypeKey } from "./prototype-key.ts";
import { proxyOperations } from "./proxy-operations.ts";
import { recordingOperations } from "./recording-operations.ts";
import { sessionOperations } from "./session-operations.ts";
import { steeringOperations } from "./steering-operations.ts";

const { version } = createRequire(import.meta.url)("sluice/package.json") as { readonly version: string };

const described = operation({
  name: "openapi",
  summary: "This API in OpenAPI 3.1.",
  method: "GET",
  path: "openapi.json",
  input: z.strictObject({}),
  answer: "OpenApi",
  handle: async () => (await import("./openapi.ts")).openApi(operations, version, ({ name }) => steeringNamed(name) !== undefined),
});

/** All operations on a running proxy: the one table that the control socket, HTTP, MCP and the command line use. */
export const operations: readonly Operation[] = [
  ...proxyOperations,
  ...steeringOperations,
  ...sessionOperations,
  ...captureOperations,
  ...recordingOperations,
  ...eventOperations,
  described,
];

/** @throws SLUICE_USAGE */
export function operationNamed(name: string): Operation {
  const found = operations.find((each) => each.name === name);
  if (found !== undefined) return found;
  const names = operations.map((each) => each.name);
  throw new SluiceError("SLUICE_USAGE", `expected one of ${names.join(", ")}, got ${JSON.stringify(name)}${didYouMean(name, names)}`);
}

/**
 * Runs an operation, for all ways of asking for it.
 *
 * @param input one flat object
 * @throws SLUICE_ADMIN_REQUEST for an invalid input; the errors of the operation
 */
export async function perform(asked: Operation, live: Live, input: unknown, call: Call = {}): Promise<unknown> {
  return asked.handle(live, checkedInput(asked, input), call);
}

/** The operation of that name, if it is one that the first of several processes does for all. */
export function steeringNamed(name: string): SteeringOperation | undefined {
  return steeringOperations.find((each) => each.name === name);
}

/** The operation of that name, if it writes traffic to files. */
export function savingNamed(name: string): SavingOperation | undefined {
  return [...captureOperations, ...recordingOperations, ...localOperations].find((each) => each.name === name);
}

/** The operation of that name, if its answer is a stream. */
export function followingNamed(name: string): FollowingOperation | undefined {
  return eventOperations.find((each) => each.name === name);
}

/** @throws SLUICE_ADMIN_REQUEST for an invalid input */
export function checkedInput(asked: Operation, input: unknown): Record<string, unknown> {
  const given = input ?? {};
  if (hasPrototypeKey(given)) throw new SluiceError("SLUICE_ADMIN_REQUEST", '"__proto__" is the name of no option', { where: asked.name });
  const checked = asked.input.safeParse(given);
  if (!checked.success) {
    const problems = describeIssues(isOptions(given) ? given : {}, checked.error.issues, asked.input);
    const lines = problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
    throw new SluiceError("SLUICE_ADMIN_REQUEST", lines.join("; "), { where: asked.name });
  }
  return checked.data;
}
