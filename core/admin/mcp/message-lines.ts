import { parseJSONRPCMessage, ProtocolErrorCode } from "@modelcontextprotocol/server";
import { Transform, type TransformCallback, type Writable } from "node:stream";
import { isOptions } from "../../contract/index.ts";

/** Bytes of a line at most, as of a body of the admin server. */
const MOST_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** Lets lines through that are messages of JSON-RPC, and answers the others with an error. The package would skip them, and their sender would wait. */
export class MessageLines extends Transform {
  /** The beginning of a line whose end has not come. */
  #begun: Buffer[] = [];
  #bytes = 0;

  /** @param last called when all lines have passed: calls its parameter when the stream may end */
  constructor(
    private readonly output: Writable,
    private readonly last: (end: () => void) => void,
  ) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let answers = "";
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      answers += this.#pass(chunk.subarray(from, at));
      from = at + 1;
    }
    this.#keep(chunk.subarray(from));
    // Goes on when the answers are written, so that a sender that reads nothing is not read either.
    if (answers === "") done();
    else this.output.write(answers, () => done());
  }

  override _flush(done: TransformCallback): void {
    this.last(() => done());
  }

  #keep(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > MOST_BYTES) this.#begun = [];
    else this.#begun.push(part);
  }

  /** @param rest the end of a line @returns the answer, if the line is refused */
  #pass(rest: Buffer): string {
    this.#keep(rest);
    const [begun, bytes] = [this.#begun, this.#bytes];
    this.#begun = [];
    this.#bytes = 0;
    if (bytes > MOST_BYTES) return refusal(ProtocolErrorCode.InvalidRequest, `a line of more than ${MOST_BYTES} bytes`);
    const line = Buffer.concat(begun).toString("utf8").trim();
    if (line === "") return "";
    const answer = refusalOf(line);
    if (answer === "") this.push(`${line}\n`);
    return answer;
  }
}

/** The answer to a line that is no message; empty for a message. */
function refusalOf(line: string): string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return refusal(ProtocolErrorCode.ParseError, "the line is no JSON");
  }
  try {
    parseJSONRPCMessage(value);
    return "";
  } catch {
    return refusal(ProtocolErrorCode.InvalidRequest, "the line is not a message of JSON-RPC 2.0", value);
  }
}

/** @param request the line, which may have an id that is valid */
function refusal(code: ProtocolErrorCode, message: string, request?: unknown): string {
  const { id } = isOptions(request) ? (request as { readonly id?: unknown }) : {};
  const known = typeof id === "string" || Number.isSafeInteger(id) ? id : null;
  return `${JSON.stringify({ jsonrpc: "2.0", id: known, error: { code, message } })}\n`;
}
