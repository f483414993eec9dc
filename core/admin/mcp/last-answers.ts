import type { JSONRPCMessage, RequestId, Transport } from "@modelcontextprotocol/server";
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { MessageLines } from "./message-lines.ts";

/**
 * Wraps the package's transport so that requests which came before the end of the input still get their answers. The package cancels calls when its
 * input ends, so `echo … | sluice mcp` would get no answer.
 */
export class LastAnswers implements Transport {
  onmessage?: (message: JSONRPCMessage) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  /** Resolves when the input has ended and everything is answered. */
  readonly ended: Promise<unknown>;
  readonly #unanswered = new Set<RequestId>();
  readonly #input: MessageLines;
  readonly #inner: StdioServerTransport;
  /** Ends the input of the package; set when all messages have been read. */
  #end: (() => void) | undefined;

  constructor(input: Readable, output: Writable) {
    this.#input = new MessageLines(output, (end) => {
      // `setImmediate`: messages that came before the end are read first.
      setImmediate(() => {
        this.#end = end;
        this.#endWhenAnswered();
      });
    });
    this.#inner = Object.assign(new StdioServerTransport(this.#input, output), {
      onmessage: (message: JSONRPCMessage) => {
        this.#note(message);
        this.onmessage?.(message);
      },
      onclose: () => this.onclose?.(),
      onerror: (error: Error) => this.onerror?.(error),
    });
    this.ended = once(this.#input, "close");
    input.pipe(this.#input);
  }

  start(): Promise<void> {
    return this.#inner.start();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    await this.#inner.send(message);
    if (!("method" in message) && message.id !== undefined) this.#unanswered.delete(message.id);
    this.#endWhenAnswered();
  }

  async close(): Promise<void> {
    await this.#inner.close();
    this.#input.destroy();
  }

  #note(message: JSONRPCMessage): void {
    if (!("method" in message)) return;
    if ("id" in message) this.#unanswered.add(message.id);
    // A cancelled request gets no answer.
    if (message.method === "notifications/cancelled") this.#unanswered.delete((message.params as { requestId: RequestId }).requestId);
  }

  #endWhenAnswered(): void {
    if (this.#end === undefined || this.#unanswered.size > 0) return;
    this.#end();
    this.#end = undefined;
  }
}
