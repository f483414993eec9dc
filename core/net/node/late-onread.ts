import { Socket, type SocketConstructorOpts } from "node:net";
import { tryOverLoopback } from "./loopback-trial.ts";

/** What Node's `onread` option takes. */
export interface OnRead {
  /** The buffer for every read, or a function that returns the buffer for the next read. */
  readonly buffer: Uint8Array | (() => Uint8Array);
  /** Takes the bytes that were read; false stops reading. Node calls it as a method of the socket, which its documentation does not say. */
  readonly callback: (this: Socket, bytes: number, into: Uint8Array) => boolean;
}

/** The option with a function for the buffer, as {@link readInto} installs it. */
export interface ChangingOnRead extends OnRead {
  readonly buffer: () => Uint8Array;
}

interface Handle {
  useUserBuffer?: (buffer: Uint8Array) => void;
}

/** Where `net.Socket` keeps the option. */
interface Keys {
  readonly buffer: symbol;
  readonly next: symbol;
  readonly callback: symbol;
}

let keys: Keys | undefined;
let trial: Promise<void> | undefined;

/**
 * Gives an existing socket the `onread` option, which only the constructor accepts and which `node:tls` does not pass on. Undocumented: it sets the
 * option's internal symbols, as the constructor does, and gives the handle the buffer. Bytes that the socket has already read must be taken out
 * first.
 *
 * @returns false where this Node has no such symbols, or {@link tryLateOnread} has not seen it work: listen for `data` instead
 */
export function readInto(socket: Socket, onread: ChangingOnRead): boolean {
  return keys !== undefined && install(socket, onread, keys);
}

/** Whether {@link tryLateOnread} has seen that {@link readInto} works, and that Node calls the callback as a method of its socket. */
export function readsInto(): boolean {
  return keys !== undefined;
}

/** Tries whether {@link readInto} works on this Node: once per process, over loopback. SLUICE_FAST_ACCEPT=0 turns it off. */
export function tryLateOnread(): Promise<void> {
  trial ??= process.env["SLUICE_FAST_ACCEPT"] === "0" ? Promise.resolve() : tryOnce(findKeys());
  return trial;
}

function install(socket: Socket, onread: ChangingOnRead, { buffer, next, callback }: Keys): boolean {
  const { _handle: handle } = socket as unknown as { _handle?: Handle | null };
  if (typeof handle?.useUserBuffer !== "function") return false;
  const first = onread.buffer();
  Object.assign(socket, { [callback]: onread.callback, [next]: onread.buffer, [buffer]: first });
  handle.useUserBuffer(first);
  return true;
}

function findKeys(): Keys | undefined {
  const onread: OnRead = { buffer: () => new Uint8Array(1), callback: () => true };
  const sample = new Socket({ onread } as SocketConstructorOpts);
  const symbols = new Map(Object.getOwnPropertySymbols(sample).map((symbol) => [symbol.description, symbol]));
  const [buffer, next, callback] = ["kBuffer", "kBufferGen", "kBufferCb"].map((name) => symbols.get(name));
  return buffer === undefined || next === undefined || callback === undefined ? undefined : { buffer, next, callback };
}

async function tryOnce(found: Keys | undefined): Promise<void> {
  if (found === undefined) return;
  const works = await tryOverLoopback(({ server, client }, done) => {
    server.on("connection", (socket) => socket.end("sluice"));
    let seen = "";
    client.on("close", () => {
      done(seen === "sluice");
    });
    client.on("connect", () => {
      const into = new Uint8Array(16);
      const onread: ChangingOnRead = {
        buffer: () => into,
        callback(bytes) {
          if (this === client) seen += Buffer.from(into.buffer, 0, bytes).toString();
          return true;
        },
      };
      if (install(client, onread, found)) client.resume();
      else client.destroy();
    });
  });
  if (works) keys = found;
}
