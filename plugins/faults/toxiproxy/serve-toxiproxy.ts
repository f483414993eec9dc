import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { reasonOf, SluiceError, type Logger } from "sluice";
import { ApiError, asApiError, badBody } from "./api-error.ts";
import { routesOf, type Answer, type Route } from "./routes.ts";
import { ToxicProxies } from "./toxic-proxies.ts";

/** The largest body: no request of this API needs more. */
const LARGEST_BODY = 1024 * 1024;

/** Options of serveToxiproxy(). */
export interface ToxiproxyOptions {
  /** The port; 0: a free port. @default 8474 */
  readonly port?: number;
  /** The address to listen on. @default "127.0.0.1" */
  readonly host?: string;
  /** Proxies that exist from the start, in the form of `POST /populate`. */
  readonly populate?: unknown;
  /** Takes the records of the proxies. */
  readonly logger: Logger;
}

/** A running server of toxiproxy's API. */
export interface ToxiproxyServer {
  /** `http://127.0.0.1:8474` */
  readonly url: string;
  /** Ends the API and all its proxies. */
  close(): Promise<void>;
}

/**
 * Serves toxiproxy's HTTP API over proxies of this process.
 * @throws SLUICE_ADDRESS_IN_USE, SLUICE_ADDRESS_UNAVAILABLE; SLUICE_CONFIG_INVALID when `populate` is wrong
 */
export async function serveToxiproxy({ port = 8474, host = "127.0.0.1", populate, logger }: ToxiproxyOptions): Promise<ToxiproxyServer> {
  const proxies = new ToxicProxies(logger);
  const api = new Api(routesOf(proxies));
  const server = createServer((request, response) => void api.serve(request, response));
  const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  server.listen(port, host);
  await once(server, "listening").catch((error: unknown) => {
    const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    throw new SluiceError(taken ? "SLUICE_ADDRESS_IN_USE" : "SLUICE_ADDRESS_UNAVAILABLE", `${where}: ${reasonOf(error)}`, { cause: error });
  });
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await proxies.close();
  };
  const failure = populate === undefined ? undefined : await populated(proxies, populate);
  if (failure !== undefined) {
    await close();
    throw new SluiceError("SLUICE_CONFIG_INVALID", failure);
  }
  const address = server.address();
  const bound = typeof address === "object" ? (address?.port ?? port) : port;
  return { url: `http://${where.replace(/\d+$/, String(bound))}`, close };
}

async function populated(proxies: ToxicProxies, body: unknown): Promise<string | undefined> {
  try {
    return (await proxies.populate(body)).error?.message;
  } catch (error) {
    return reasonOf(error);
  }
}

class Api {
  /** The last change; the next one waits for it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly routes: readonly Route[]) {}

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("x-toxiproxy-request-id", randomUUID());
    // Like toxiproxy: a page in a browser must not change proxies of this machine.
    if (request.headers["user-agent"]?.startsWith("Mozilla/") === true) {
      response.writeHead(403, { "content-type": "text/plain; charset=utf-8" }).end("User agent not allowed\n");
      return;
    }
    try {
      const body = await read(request);
      const work = this.#last.then(() => this.#answer(request, body));
      this.#last = work.catch(() => undefined);
      send(response, await work);
    } catch (error) {
      const { message, status } = asApiError(error);
      send(response, { status, body: { error: message, status } });
    }
  }

  async #answer({ method = "", url = "" }: IncomingMessage, body: Buffer): Promise<Answer> {
    const [path = ""] = url.split("?");
    const matching = this.routes.filter((route) => route.path.test(path));
    const route = matching.find(({ methods }) => methods.includes(method));
    if (route === undefined) throw matching.length > 0 ? new ApiError("method not allowed", 405) : new ApiError("404 page not found", 404);
    const names = (route.path.exec(path) ?? []).slice(1).map(decoded);
    return route.work(names, method === "GET" || method === "DELETE" || path === "/reset" ? undefined : parsed(body));
  }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_BODY) throw badBody("larger than 1 MiB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch (error) {
    throw badBody(body.length === 0 ? "EOF" : reasonOf(error));
  }
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function send(response: ServerResponse, { status, body }: Answer): void {
  if (body === undefined) response.writeHead(status).end();
  else response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
}
