import { request, type Agent, type IncomingMessage, type RequestOptions } from "node:http";
import { request as requestSecurely } from "node:https";
import { bounded } from "./bounded.ts";
import type { Told } from "./http-upstream.ts";
import { connect } from "./sockets.ts";

export interface Ask extends Pick<RequestOptions, "path" | "method" | "headers"> {
  readonly body?: string | Buffer;
  /** @default a connection of its own */
  readonly agent?: Agent;
  /** Over TLS, whatever the certificate. */
  readonly secure?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly rawHeaders: readonly string[];
  readonly trailers: IncomingMessage["trailers"];
  readonly body: string;
  /** The body of an upstream that tells what it was asked. */
  readonly told: Told;
}

/** Asks on 127.0.0.1, and reads the whole answer. @throws when the connection or the body breaks */
export function ask(port: number, { body, secure = false, agent, ...options }: Ask = {}): Promise<Answer> {
  const answered = new Promise<Answer>((resolve, reject) => {
    const all = { host: "127.0.0.1", port, agent: agent ?? false, rejectUnauthorized: false, ...options } as const;
    const outgoing = (secure ? requestSecurely : request)(all, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const text = String(Buffer.concat(chunks));
        const { statusCode = 0, headers, rawHeaders, trailers } = response;
        resolve({ status: statusCode, headers, rawHeaders, trailers, body: text, told: parsed(text) });
      });
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
  return bounded(answered, "an answer", 10_000);
}

function parsed(text: string): Told {
  try {
    return JSON.parse(text) as Told;
  } catch {
    return {} as Told;
  }
}

/** Sends bytes as they are, parts in writes of their own, and gives everything that comes until the connection is closed. */
export async function talk(port: number, text: string | Buffer | readonly string[], within = 5_000): Promise<string> {
  const socket = await connect(port);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise((resolve) => socket.once("close", resolve).once("end", () => socket.end()));
  for (const [at, part] of (typeof text === "string" || text instanceof Uint8Array ? [text] : text).entries()) {
    // Long enough for what came before to have been read: what becomes of parts that come together is another matter.
    if (at > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.write(part);
  }
  await bounded(ended, "the connection's end", within);
  return String(Buffer.concat(chunks));
}
