import { Readable } from "node:stream";
import { codingsOf, decoded, unreadable } from "./decoding.ts";
import { isRequest, wrongBody, type HttpMessage } from "./message.ts";

/** Reads a whole body, and puts it back into the message, so that it is still sent. @param most bytes that it may have, encoded and decoded */
export async function wholeBody(message: HttpMessage, most: number): Promise<Buffer> {
  const { body } = message;
  if (body === undefined) return Buffer.alloc(0);
  const whole = body instanceof Readable ? await collect(message, body, most) : Buffer.from(body);
  if (isRequest(message)) message.body = whole;
  // A response's body is read-only for hooks, which may have read it already.
  else (message as { body: unknown }).body = whole;
  return codingsOf(message).length === 0 ? whole : collect(message, decoded(message, Readable.from([whole], { objectMode: false })), most);
}

async function collect(message: HttpMessage, source: Readable, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of source as AsyncIterable<Buffer | string>) {
      const chunk = Buffer.from(part as Buffer);
      bytes += chunk.length;
      if (bytes > most) throw wrongBody(message, `the body has more than ${most} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw unreadable(message, error);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}
