import type { Direction } from "../../contract/index.ts";
import { inspect } from "node:util";
import type { Tap } from "../../flow/chain/meter.ts";
import type { LiveSession } from "../../runtime/session/live-session.ts";

/** Bytes of a chunk that are shown. */
const SHOWN = 16 * 1024;
/** Characters of a message that are shown. */
const MESSAGE = 500;
const plain = { depth: 4, breakLength: Infinity, compact: true, maxArrayLength: 20, maxStringLength: 200, customInspect: false } as const;

/** A chunk at one place of a session: where it came in, or behind a plugin. */
export interface ChunkEvent {
  readonly session: number;
  readonly listener: string;
  readonly direction: Direction;
  /** A number that counts up within session and direction; the same at each place. */
  readonly chunk: number;
  /** The plugin use that has passed it on; undefined: it came from the source. */
  readonly plugin: string | undefined;
  /** Epoch milliseconds, with fractions. */
  readonly at: number;
  /** Undefined: the plugin dropped it. */
  readonly bytes: number | undefined;
  /** Milliseconds that the plugin took; undefined: it was not measured, as with plain RxJS operators. */
  readonly took: number | undefined;
  /** The bytes are the same as at the previous place, so `data` is not sent again. */
  readonly same: boolean;
  /** The first 16 KiB, in base64. */
  readonly data: string | undefined;
  /** The complete messages in it, as texts, if the plugin works on messages with a codec; at most 64. */
  readonly messages: readonly string[] | undefined;
}

/** Sees chunks. */
export interface ChunkWatcher {
  /** It takes no more for now, so nothing is copied for it. */
  readonly full: boolean;
  show(chunk: ChunkEvent): void;
  /** A chunk was left out at one place, since the watcher was full. */
  miss(): void;
}

/** Shows the chunks of one direction of a session. */
class DirectionTap implements Tap {
  #chunk = 0;
  /** The watcher was full when this chunk came in, so it is shown at no place. */
  #missed = false;
  #last: Uint8Array | undefined;

  constructor(
    private readonly session: LiveSession,
    private readonly direction: Direction,
    private readonly watcher: ChunkWatcher,
  ) {}

  entered(chunk: Buffer): void {
    this.#chunk += 1;
    this.#missed = this.watcher.full;
    this.#last = undefined;
    this.#send(undefined, chunk, undefined);
    this.#last = chunk;
  }

  passed(plugin: string, chunk: Buffer, milliseconds: number | undefined, messages?: (chunk: Buffer) => readonly unknown[]): void {
    this.#send(plugin, chunk, milliseconds, this.#missed ? undefined : messages?.(chunk).map(messageText));
    this.#last = chunk;
  }

  dropped(plugin: string): void {
    this.#send(plugin, undefined, undefined);
  }

  #send(plugin: string | undefined, chunk: Buffer | undefined, took: number | undefined, messages?: readonly string[]): void {
    if (this.#missed) {
      this.watcher.miss();
      return;
    }
    const { id: session, listener } = this.session;
    const same = chunk !== undefined && chunk === this.#last;
    const data = chunk === undefined || same ? undefined : shown(chunk);
    const at = performance.timeOrigin + performance.now();
    const { direction } = this;
    this.watcher.show({ session, listener, direction, chunk: this.#chunk, plugin, at, bytes: chunk?.length, took, same, data, messages });
  }
}

/** A message as one line of text. */
function messageText(message: unknown): string {
  if (typeof message === "string") return JSON.stringify(message.slice(0, MESSAGE));
  const text =
    message instanceof Uint8Array ? JSON.stringify(Buffer.from(message).toString("latin1", 0, MESSAGE)) : inspect(message, plain);
  return text.slice(0, MESSAGE);
}

/** The bytes in base64. Made at once, as lent memory is overwritten afterwards. */
function shown(chunk: Uint8Array): string {
  return Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(chunk.length, SHOWN)).toString("base64");
}

/**
 * Shows the chunks of a session at every place between its plugins, from now on. The stages of its flows stay the same; each call of one shows the
 * chunk that passes. A session whose upstream is not open yet is shown from its first chunk.
 *
 * @returns a function that stops it
 */
export function tapSession(session: LiveSession, watcher: ChunkWatcher): () => void {
  const taps = {
    fromClient: new DirectionTap(session, "fromClient", watcher),
    fromUpstream: new DirectionTap(session, "fromUpstream", watcher),
  };
  const begin = (direction: Direction): void => {
    session.flow(direction)?.control.watch(taps[direction]);
  };
  begin("fromClient");
  begin("fromUpstream");
  session.onFirstChunk = begin;
  return () => {
    session.onFirstChunk = undefined;
    session.flow("fromClient")?.control.watch(undefined);
    session.flow("fromUpstream")?.control.watch(undefined);
  };
}
