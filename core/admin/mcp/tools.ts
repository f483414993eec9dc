import type { Tool } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Operation } from "../operations/operation.ts";
import { operations } from "../operations/operations.ts";

/** How an operation is a tool. */
interface ToolRule {
  /** It changes nothing, whatever its method is. */
  readonly reads: boolean;
  /** Its answer holds what the proxy's clients and upstreams have written. */
  readonly quotes: boolean;
  /** How long it may take, in milliseconds. */
  readonly within: number;
  /** What it is asked with where the agent says nothing else. */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

const quick = 10_000;
/** Evaluating a config and the plugins' setup() have 30 s each by default, and may be given more. */
const reload = 180_000;

/** The operations that an agent is given. */
const rules: Readonly<Record<string, ToolRule>> = {
  status: { reads: true, quotes: false, within: quick },
  list_sessions: { reads: true, quotes: true, within: quick },
  // An agent that reads a session wants to see its bytes, and nothing keeps them until somebody looks.
  read_session: { reads: true, quotes: true, within: 40_000, defaults: { watch: "1s" } },
  toggle_plugin: { reads: false, quotes: false, within: reload },
  plan: { reads: true, quotes: false, within: reload },
  record: { reads: false, quotes: false, within: quick },
};

/** An operation with what an agent has to know of it. */
export interface OperationTool {
  readonly rule: ToolRule;
  readonly tool: Tool;
}

/** By name; made of the one table. */
export const tools: ReadonlyMap<string, OperationTool> = new Map(
  Object.entries(rules).flatMap(([name, rule]) => {
    const operation = operations.find((each) => each.name === name);
    return operation === undefined ? [] : [[name, { rule, tool: toolOf(operation, rule) }] as const];
  }),
);

function toolOf({ name, summary, input }: Operation, { reads }: ToolRule): Tool {
  const { $schema: _schema, ...inputSchema } = z.toJSONSchema(input, { io: "input", unrepresentable: "any" });
  const annotations = { readOnlyHint: reads, destructiveHint: false, openWorldHint: false };
  return { name, description: summary, inputSchema: inputSchema as Tool["inputSchema"], annotations };
}
