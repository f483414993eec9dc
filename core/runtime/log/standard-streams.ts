import { standardDescriptor } from "./descriptor.ts";
import { LogQueue } from "./log-queue.ts";

let output: LogQueue | undefined;
let error: LogQueue | undefined;

/** Standard output as a queue that never blocks. One for the whole process. */
export function standardOutput(): LogQueue {
  return (output ??= new LogQueue(standardDescriptor(1)));
}

/** Standard error as a queue that never blocks. One for the whole process, shared by all its proxies. */
export function standardError(): LogQueue {
  return (error ??= new LogQueue(standardDescriptor(2)));
}
