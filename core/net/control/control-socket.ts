import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import {
  catalogue,
  ownKind,
  printable,
  printableLines,
  reasonOf,
  SluiceError,
  type ErrorCode,
  type ErrorKind,
} from "../../contract/index.ts";
import { controlPaths, isTrusted, prepareFolder } from "./control-path.ts";
import { ControlStream, ControlStreams } from "./control-stream.ts";
import { readLine } from "./read-line.ts";
import { alone } from "./start-lock.ts";

// One request per connection, one JSON line each way: {"command":"status","input":{…}} → {"ok":true,"result":…} or {"ok":false,"error":{…}}.
// A stream is answered with {"ok":true}, followed by a line of JSON for each event.

/** An error on the wire. Its properties are texts if a proxy has sent it; anything else may send anything. */
interface WireError {
  readonly code: string;
  readonly message: unknown;
  readonly frame?: unknown;
}

type Answer = { readonly ok: true; readonly result?: unknown } | { readonly ok: false; readonly error: WireError };

/** Answers one command of another process, with one value or a ControlStream. @param input the command's input; undefined: it has none */
export type ControlHandler = (command: string, input: unknown) => Promise<unknown>;

/** The socket over which `sluice status` and its like reach a running proxy. */
export interface ControlServer {
  readonly path: string;
  /** Stops answering and removes the socket's file. */
  close(): void;
}

const requestLimit = 64 * 1024;
const requestTimeoutMs = 10_000;
const mostConnections = 32;

/**
 * Serves the control socket of a config. Its file belongs to this user alone (0600) from its first moment. A file that a killed process left behind
 * is replaced.
 *
 * @param config the config's file, absolute
 * @throws SLUICE_ALREADY_RUNNING if a process answers at it, or the operating system's error if none of its paths can be written
 */
export async function serveControl(config: string, handle: ControlHandler): Promise<ControlServer> {
  const streams = new ControlStreams();
  const server = createServer((socket) => {
    void converse(socket, handle, streams);
  });
  server.maxConnections = mostConnections;
  let failure: unknown = new Error("no path is short enough");
  for (const path of controlPaths(config)) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- the next place only when this one is none
      await prepareFolder(path);
      // Looking for a running proxy, removing the file of a killed one and binding are one step, so that of two starts one finds the other.
      // oxlint-disable-next-line no-await-in-loop -- as above
      await (process.platform === "win32" ? bindAt(path, config, server) : alone(path, () => bindAt(path, config, server)));
      // Without a handler, running out of descriptors while accepting would end the process.
      server.on("error", () => undefined);
      return { path, close: () => void (server.close(), streams.close()) };
    } catch (error) {
      if (SluiceError.is(error)) throw error;
      failure = error;
    }
  }
  throw failure;
}

async function bindAt(path: string, config: string, server: Server): Promise<void> {
  const places = await Promise.all(controlPaths(config).map(async (each) => ({ each, found: await openTrusted(each, config) })));
  for (const { found } of places) if (typeof found !== "string") found.destroy();
  if (places.some(({ found }) => typeof found !== "string" || isBusy(found)))
    throw new SluiceError("SLUICE_ALREADY_RUNNING", "a proxy with this config is running already", { where: config });
  if (places.some(({ each, found }) => each === path && found === "ECONNREFUSED")) removeSocket(path);
  await bindPrivately(server, path);
}

/** Removes the socket file of a killed process. A file that is not a socket stays. */
function removeSocket(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) unlinkSync(path);
}

function bindPrivately(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // listen() binds before it returns, so the umask applies only to the socket's file.
    const mask = process.umask(0o177);
    try {
      server.listen({ path }, () => {
        server.off("error", reject);
        resolve();
      });
      if (process.platform !== "win32" && server.listening) chmodSync(path, 0o600);
    } finally {
      process.umask(mask);
    }
  });
}

async function converse(socket: Socket, handle: ControlHandler, streams: ControlStreams): Promise<void> {
  // The other side may leave at any moment, and then nobody waits for the answer.
  socket.on("error", () => socket.destroy());
  try {
    const line = await readLine(socket, requestLimit, requestTimeoutMs);
    const answer = await answerTo(line, handle, streams);
    if (answer.ok && answer.result instanceof ControlStream) {
      socket.write('{"ok":true}\n');
      streams.open(socket, answer.result);
    } else socket.end(`${JSON.stringify(answer)}\n`);
  } catch {
    socket.destroy();
  }
}

async function answerTo(line: string, handle: ControlHandler, streams: ControlStreams): Promise<Answer> {
  try {
    const { command, input } = commandIn(line);
    const result: unknown = await handle(command, input);
    if (result instanceof ControlStream) streams.checkRoom(result);
    return { ok: true, result };
  } catch (error) {
    const known = SluiceError.is(error);
    return {
      ok: false,
      error: { code: known ? error.code : "SLUICE_INTERNAL", message: reasonOf(error), frame: known ? error.frame : undefined },
    };
  }
}

function commandIn(line: string): { readonly command: string; readonly input: unknown } {
  try {
    const { command, input } = JSON.parse(line) as { command?: unknown; input?: unknown };
    if (typeof command === "string") return { command, input };
  } catch {
    // Text that is not JSON is not a request.
  }
  throw new SluiceError("SLUICE_USAGE", 'expected one line of JSON, {"command": "status"}');
}

/** A value without characters that could control the terminal that shows it, as anybody may have sent it. */
export function shownSafely(value: unknown): unknown {
  if (typeof value === "string") return printableLines(value);
  if (Array.isArray(value)) return value.map(shownSafely);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [printable(key), shownSafely(each)]));
}

/** The error that a running proxy refused with, with the same code and message. */
function refusal({ code, message: given, frame }: WireError): SluiceError {
  const message = typeof given === "string" ? printableLines(given) : "refused without a reason";
  const options = typeof frame === "string" ? { frame: printableLines(frame) } : {};
  const error = new SluiceError(kindOf(code), message, options);
  // The proxy has already composed the message, with its place and help.
  return Object.assign(error, { message });
}

/** A plugin's error has a code of its own, which is not in the catalogue. */
function kindOf(code: string): ErrorCode | ErrorKind {
  if (Object.hasOwn(catalogue, code)) return code as ErrorCode;
  return /^(?!SLUICE_)[A-Z][A-Z0-9_]*$/.test(code) ? ownKind({ code, source: "plugin", retryable: false, help: "" }) : "SLUICE_INTERNAL";
}

/**
 * Asks the proxy that runs with a config, and returns the result of its answer.
 *
 * @param config the config's file, absolute
 * @throws SLUICE_NOT_RUNNING when there is none, SLUICE_NOT_ANSWERING when it does not answer in time, or the error that the proxy answered with
 */
export async function askControl(config: string, command: string, timeoutMs: number, input?: object): Promise<unknown> {
  const socket = await openAny(config);
  try {
    socket.write(`${JSON.stringify({ command, input })}\n`);
    return shownSafely(resultOf(await readLine(socket, Infinity, timeoutMs)));
  } catch (error) {
    if (SluiceError.is(error)) throw error;
    throw unanswered(config, reasonOf(error), error);
  } finally {
    socket.destroy();
  }
}

/** @throws the error that the proxy answered with */
export function resultOf(line: string): unknown {
  const answer = JSON.parse(line) as Answer;
  if (answer.ok) return answer.result;
  throw refusal(answer.error);
}

/** A connection to the proxy of a config. @throws SLUICE_NOT_RUNNING, SLUICE_NOT_ANSWERING */
export async function openAny(config: string): Promise<Socket> {
  for (const path of controlPaths(config)) {
    // oxlint-disable-next-line no-await-in-loop -- the next place only when nobody is at this one
    const found = await openTrusted(path, config);
    if (typeof found !== "string") return found;
    if (isBusy(found)) throw unanswered(config, found);
  }
  throw new SluiceError("SLUICE_NOT_RUNNING", "no proxy runs with this config", { where: config });
}

function openTrusted(path: string, config: string): Promise<Socket | string> {
  return isTrusted(path, config) ? open(path) : Promise.resolve("EACCES");
}

/** The socket's queue of connections is full: its process accepts none. */
function isBusy(code: string): boolean {
  return code === "EAGAIN";
}

export function unanswered(config: string, reason: string, cause?: unknown): SluiceError {
  return new SluiceError("SLUICE_NOT_ANSWERING", `the proxy runs and did not answer: ${printable(reason)}`, { where: config, cause });
}

/** Connects to a path. Resolves with the error's code if nobody answers there. */
function open(path: string): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? "");
    });
    socket.once("connect", () => {
      resolve(socket);
    });
  });
}
