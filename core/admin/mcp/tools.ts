import type { Tool } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Operation } from "../operations/operation.ts";
import { operations } from "../operations/operations.ts";

/** How an operation is offered as a tool. */
interface ToolRule {
  /** Whether it changes nothing, whatever its HTTP method is. */
  readonly reads: boolean;
  /** Whether its answer contains text that clients and upstreams of the proxy have sent. */
  readonly quotes: boolean;
  /** Milliseconds that it may take. */
  readonly within: number;
  /** Input for what the agent leaves out. */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

const quick = 10_000;
/** Milliseconds. Evaluating a config and each plugin's setup() may take 30 s by default, and a config may allow more. */
const reload = 180_000;

/** The operations that agents can use. */
const rules: Readonly<Record<string, ToolRule>> = {
  status: { reads: true, quotes: false, within: quick },
  list_sessions: { reads: true, quotes: true, within: quick },
  // An agent that reads a session wants to see its bytes, which are kept only while somebody watches.
  read_session: { reads: true, quotes: true, within: 40_000, defaults: { watch: "1s" } },
  toggle_plugin: { reads: false, quotes: false, within: reload },
  plan: { reads: true, quotes: false, within: reload },
  record: { reads: false, quotes: false, within: quick },
};

/** An operation, and what an agent has to know about it. */
export interface OperationTool {
  readonly rule: ToolRule;
  readonly tool: Tool;
}

/** All tools by name, made from the one table of operations. */
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
