import type { IncomingMessage } from "node:http";
import { isOptions, reasonOf, SluiceError } from "../../contract/index.ts";
import { Refusal } from "./answer.ts";

/** Bytes of a body at most. The largest bodies are those that inject into a session. */
const most = 1024 * 1024;

/** Reads a JSON object; no body is an empty object. @throws SLUICE_ADMIN_REQUEST, with status 400 or 413 */
export async function readBody(request: IncomingMessage): Promise<object> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most) throw new Refusal(413, new SluiceError("SLUICE_ADMIN_REQUEST", `a body of more than ${most} bytes`));
    chunks.push(chunk);
  }
  if (bytes === 0) return {};
  const value = parsed(Buffer.concat(chunks).toString("utf8"));
  if (!isOptions(value)) throw new SluiceError("SLUICE_ADMIN_REQUEST", "expected a JSON object as the body");
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SluiceError("SLUICE_ADMIN_REQUEST", `the body is no JSON: ${reasonOf(error)}`, { cause: error });
  }
}
