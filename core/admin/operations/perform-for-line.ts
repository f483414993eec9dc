import { ControlStream } from "../../net/control/control-stream.ts";
import { EventStream } from "../events/event-stream.ts";
import type { FeedEvent } from "../events/feed.ts";
import { localOperations } from "./local-operations.ts";
import type { Operation } from "./operation.ts";
import { operationNamed } from "./operations.ts";

/** Whatever answers. */
interface Performing {
  perform(asked: Operation, input: unknown): Promise<unknown>;
}

/** Runs an operation for the control socket. @throws SLUICE_USAGE, what the operation rejects with */
export async function performForLine(live: Performing, name: string, input: unknown): Promise<unknown> {
  const asked = localOperations.find((each) => each.name === name) ?? operationNamed(name);
  const value = await live.perform(asked, input);
  return value instanceof EventStream ? new ControlStream((to) => value.writeTo(to, frame)) : value;
}

/** One line: `data` is JSON already. */
function frame({ id, type, data }: FeedEvent): string {
  return `{"id":${id},"type":"${type}","data":${data}}\n`;
}
