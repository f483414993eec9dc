import { ControlStream } from "../../net/control/control-stream.ts";
import { EventStream } from "../events/event-stream.ts";
import type { FeedEvent } from "../events/feed.ts";
import type { Live } from "./live.ts";
import { operationNamed, perform } from "./operations.ts";

/** Runs an operation for the control socket. @throws SLUICE_USAGE, what the operation rejects with */
export async function performForLine(live: Live, name: string, input: unknown): Promise<unknown> {
  const value = await perform(operationNamed(name), live, input);
  return value instanceof EventStream ? new ControlStream((to) => value.writeTo(to, frame)) : value;
}

/** One line: `data` is JSON already. */
function frame({ id, type, data }: FeedEvent): string {
  return `{"id":${id},"type":"${type}","data":${data}}\n`;
}
