import { ControlStream } from "../../net/control/control-stream.ts";
import { EventStream } from "../events/event-stream.ts";
import type { FeedEvent } from "../events/feed.ts";
import { localOperations } from "./local-operations.ts";
import type { Operation } from "./operation.ts";
import { operationNamed } from "./operations.ts";

/** Something that can run operations. */
interface Performing {
  perform(asked: Operation, input: unknown): Promise<unknown>;
}

/** Runs an operation for the control socket. @throws SLUICE_USAGE, the errors of the operation */
export async function performForLine(live: Performing, name: string, input: unknown): Promise<unknown> {
  const asked = localOperations.find((each) => each.name === name) ?? operationNamed(name);
  const value = await live.perform(asked, input);
  return value instanceof EventStream ? new ControlStream((to) => value.writeTo(to, frame)) : value;
}

/** An event as one line. Its `data` is already JSON. */
function frame({ id, type, data }: FeedEvent): string {
  return `{"id":${id},"type":"${type}","data":${data}}\n`;
}
