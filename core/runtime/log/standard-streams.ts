import { standardDescriptor } from "./descriptor.ts";
import { LogQueue } from "./log-queue.ts";

let output: LogQueue | undefined;
let error: LogQueue | undefined;

/** Standard output, as a queue that never waits. One for the whole process. */
export function standardOutput(): LogQueue {
  return (output ??= new LogQueue(standardDescriptor(1)));
}

/** Standard error, as a queue that never waits. One for the whole process: all proxies in it share it. */
export function standardError(): LogQueue {
  return (error ??= new LogQueue(standardDescriptor(2)));
}
