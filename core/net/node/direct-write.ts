import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { getSystemErrorName } from "node:util";
import { TRIAL_PATIENCE_MS } from "./trial-patience.ts";

/** Node's own object for one write. It is in use only while a write waits. */
interface WriteRequest {
  /** Keeps alive what is written. */
  buffer?: Buffer;
  socket?: Socket;
  unsent?: Unsent;
  oncomplete?: (this: WriteRequest, status: number) => void;
  /** -1 while it is not in use. */
  getAsyncId(): number;
}

interface Handle {
  /** @returns 0, or libuv's number of an error, or the request that Node 26 makes by itself for a chunk that waits */
  writeBuffer(request: WriteRequest | null, chunk: Buffer): number | WriteRequest;
  /** Bytes that the kernel has not taken yet. */
  readonly writeQueueSize: number;
}

/** What is needed to write without `net.Socket`. */
interface Direct {
  /** Null: Node makes requests by itself. */
  readonly WriteRequest: (new () => WriteRequest) | null;
  /** What the handles of TCP and of unix sockets have in common. */
  readonly kind: object;
}

/** Told about bytes that the kernel did not take at once. */
export interface Unsent {
  /** All of them have been taken, or never will be, because the socket is closed. */
  taken(): void;
}

let direct: Direct | undefined;
let trial: Promise<void> | undefined;
/** Reused for nearly all writes. */
let spare: WriteRequest | null | undefined;

/** Whether {@link writeDirectly} may be used for a socket: it is connected, and a TCP or unix socket of Node. */
export function writesDirectly(socket: Socket): boolean {
  const handle = handleOf(socket);
  if (direct === undefined || handle === undefined) return false;
  return !socket.connecting && Object.prototype.isPrototypeOf.call(direct.kind, handle);
}

/**
 * Writes a chunk to a socket that has nothing pending. `net.Socket` makes a new request for each chunk, and calls back in a later tick, also where the
 * kernel has taken the chunk at once (ADR 0078). Undocumented: the handle is used as `net.Socket` uses it, where {@link tryDirectWrite} has seen that work.
 * An error destroys the socket, as it does there.
 *
 * @param unsent told later, if the kernel has not taken all of it
 * @returns the number of bytes that wait
 */
export function writeDirectly(socket: Socket, chunk: Buffer, unsent: Unsent): number {
  const handle = handleOf(socket);
  if (direct === undefined || handle === undefined) return 0;
  const given = spare ?? newRequest(direct);
  const result = handle.writeBuffer(given, chunk);
  spare = result === 0 ? given : undefined;
  if (result === 0) return given === null || given.getAsyncId() < 0 ? 0 : waits(given, { handle, chunk, socket, unsent });
  if (typeof result === "object") return waits(result, { handle, chunk, socket, unsent });
  socket.destroy(writeError(result));
  return 0;
}

interface Waiting {
  readonly handle: Handle;
  readonly chunk: Buffer;
  readonly socket: Socket;
  readonly unsent: Unsent;
}

/** A request is in use until Node calls it, even if the kernel has taken everything by now: it took the rest when libuv tried again at once. */
function waits(request: WriteRequest, { handle, chunk, socket, unsent }: Waiting): number {
  spare = undefined;
  const left = handle.writeQueueSize;
  Object.assign(request, { buffer: chunk, socket, unsent: left === 0 ? undefined : unsent, oncomplete: completed });
  return left;
}

function newRequest({ WriteRequest }: Direct): WriteRequest | null {
  return WriteRequest === null ? null : new WriteRequest();
}

/** Tries whether {@link writeDirectly} works on this Node: once per process, over loopback. SLUICE_FAST_ACCEPT=0 turns it off. */
export function tryDirectWrite(): Promise<void> {
  trial ??= process.env["SLUICE_FAST_ACCEPT"] === "0" ? Promise.resolve() : tryOnce();
  return trial;
}

/** Node calls it as a method of the request. */
function completed(this: WriteRequest, status: number): void {
  if (status < 0 && this.socket?.destroyed === false) this.socket.destroy(writeError(status));
  this.unsent?.taken();
}

function writeError(status: number): Error {
  const code = getSystemErrorName(status);
  return Object.assign(new Error(`write ${code}`), { errno: status, code, syscall: "write" });
}

function handleOf(socket: Socket): Handle | undefined {
  return (socket as unknown as { readonly _handle?: Handle | null })._handle ?? undefined;
}

async function tryOnce(): Promise<void> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.pipe(socket);
  });
  const works = await new Promise<boolean>((resolve) => {
    server.on("error", () => resolve(false));
    server.listen({ port: 0, host: "127.0.0.1", exclusive: true }, () => {
      resolve(tryWith((server.address() as AddressInfo).port));
    });
  });
  if (!works) direct = undefined;
  await new Promise((resolve) => server.close(resolve));
}

/** Two writes must arrive: one that waits, because its socket is still being connected, and one that the kernel takes at once. */
async function tryWith(port: number): Promise<boolean> {
  const first = connect(port, "127.0.0.1");
  direct = await new Promise<Direct | undefined>((resolve) => {
    giveUp(first, () => resolve(undefined));
    first.on("connect", () => resolve(learn(first)));
  });
  first.destroy();
  if (direct === undefined) return false;
  const second = connect(port, "127.0.0.1");
  const works = await new Promise<boolean>((resolve) => {
    giveUp(second, () => resolve(false));
    let seen = "";
    second.on("data", (chunk) => {
      seen += chunk.toString();
      if (seen === "sluice") resolve(true);
    });
    const taken = (): void => {
      if (writeDirectly(second, Buffer.from("ice"), { taken }) > 0) resolve(false);
    };
    // Node begins to connect in the next tick.
    process.nextTick(() => {
      if (writeDirectly(second, Buffer.from("slu"), { taken }) !== 3) resolve(false);
    });
  });
  second.destroy();
  return works;
}

function giveUp(socket: Socket, fail: () => void): void {
  const timer = setTimeout(fail, TRIAL_PATIENCE_MS);
  socket.on("error", fail);
  socket.on("close", () => {
    clearTimeout(timer);
    fail();
  });
}

/** Finds Node's class of requests, which is internal, by watching a write of `net.Socket`. */
function learn(socket: Socket): Direct | undefined {
  const handle = handleOf(socket);
  if (typeof handle?.writeBuffer !== "function") return undefined;
  const native = handle.writeBuffer.bind(handle);
  let seen: WriteRequest | null | undefined;
  const watching: Handle["writeBuffer"] = (request, chunk) => {
    seen = request;
    return native(request, chunk);
  };
  handle.writeBuffer = watching;
  socket.write(Buffer.from("s"));
  const kind: unknown = Object.getPrototypeOf(Object.getPrototypeOf(handle));
  if (seen === undefined || typeof kind !== "object" || kind === null || !("writeBuffer" in kind)) return undefined;
  if (seen === null) return { WriteRequest: null, kind };
  const WriteRequest = seen.constructor as new () => WriteRequest;
  return typeof seen.getAsyncId === "function" ? { WriteRequest, kind } : undefined;
}
