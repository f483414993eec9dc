import { request, type Agent, type IncomingMessage, type RequestOptions } from "node:http";
import { request as requestSecurely } from "node:https";
import type { Socket } from "node:net";
import { expect } from "chai";
import { bounded } from "./bounded.ts";
import { eventually } from "./eventually.ts";
import type { Told } from "./http-upstream.ts";
import { connect } from "./sockets.ts";
import type { TestProxy } from "./with-proxy.ts";

export interface Ask extends Pick<RequestOptions, "host" | "path" | "method" | "headers" | "localAddress"> {
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

/** Asks on 127.0.0.1, unless told another host, and reads the whole answer. @throws when the connection or the body breaks */
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
  return bounded(answered, "an answer", 40_000);
}

function parsed(text: string): Told {
  try {
    return JSON.parse(text) as Told;
  } catch {
    return {} as Told;
  }
}

/** Sends bytes as they are, and gives everything that comes until the connection is closed. */
export function talk(port: number, text: string | Buffer, encoding: BufferEncoding = "utf8"): Promise<string> {
  return converse(port, (socket) => void socket.write(text), encoding);
}

/** The same in parts, each sent once the proxy has read the one before, until the proxy has finished. */
export function talkApart({ port, proxy }: TestProxy, parts: readonly string[]): Promise<string> {
  return converse(port(), async (socket) => {
    let sent = 0;
    const read = (): number => [...proxy.sessions].find(({ client }) => client.port === socket.localPort)?.fromClient.bytes ?? 0;
    for (const part of parts) {
      await eventually(() => expect(socket.readableEnded || read() >= sent).to.equal(true));
      if (socket.readableEnded) return;
      socket.write(part);
      sent += part.length;
    }
  });
}

async function converse(port: number, send: (socket: Socket) => void | Promise<void>, encoding: BufferEncoding = "utf8"): Promise<string> {
  const socket = await connect(port);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise((resolve) => socket.once("close", resolve).once("end", () => socket.end()));
  await send(socket);
  await bounded(ended, "the connection's end");
  return Buffer.concat(chunks).toString(encoding);
}
