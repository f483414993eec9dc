import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { reasonOf, SluiceError } from "../../contract/index.ts";
import type { ControlAnswer } from "./control-answer.ts";
import { controlPaths, prepareFolder } from "./control-path.ts";
import { ControlStream, ControlStreams } from "./control-stream.ts";
import { isBusy, openTrusted } from "./open-control.ts";
import { readLine } from "./read-line.ts";
import { alone } from "./start-lock.ts";

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

async function answerTo(line: string, handle: ControlHandler, streams: ControlStreams): Promise<ControlAnswer> {
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
