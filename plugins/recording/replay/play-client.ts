import { SluiceError } from "sluice";
import { Captured } from "./captured.ts";
import { matchMessage } from "../match/match-rule.ts";
import type { Close, Entry, Message } from "../format/recording.ts";
import { unmatchedError } from "./unmatched-error.ts";

/** A connection to the server, such as one that `connectTo()` of `sluice/testing` opens. */
export interface Peer {
  write(data: Buffer): Promise<void>;
  read(bytes: number, options?: { readonly timeout: number }): Promise<Buffer>;
  readUntil(text: Buffer): Promise<Buffer>;
  end(): void;
  reset(): void;
  send(data: Buffer): Promise<void>;
  receive(): Promise<Buffer>;
  readonly ended: Promise<unknown>;
}

export interface ClientRules {
  readonly datagrams: boolean;
  /** The factor of recorded delays; 0: no delays. */
  readonly stretch: number;
  readonly wait: (milliseconds: number) => Promise<void>;
  readonly file: string;
}

/** Milliseconds to wait for more of a wrong answer, so that it can be shown. */
const LOOK_MS = 50;

/**
 * Plays the client of a recorded session to a server.
 *
 * @throws SLUICE_REPLAY_UNMATCHED when it answers something else, with both sides in hex and text
 */
export async function playClient(session: readonly Entry[], peer: Peer, rules: ClientRules): Promise<void> {
  const captured = new Captured();
  let before = 0;
  for (const entry of session) {
    const wait = (entry.at - before) * rules.stretch;
    before = entry.at;
    const isMine = "from" in entry ? entry.from === "client" : entry.close === "client";
    // oxlint-disable no-await-in-loop -- the two sides speak in turn
    if (isMine && wait > 0) await rules.wait(wait);
    if ("from" in entry) await (isMine ? say(captured.bytesOf(entry), peer, rules) : hear(entry, captured, peer, rules));
    else await (isMine ? leave(entry, peer) : theirEnd(entry, peer, rules));
    // oxlint-enable no-await-in-loop
  }
}

async function say(bytes: Buffer, peer: Peer, { datagrams }: ClientRules): Promise<void> {
  if (datagrams) return peer.send(bytes);
  // Not awaited: the answer shows whether the server read it, and a server that answers first might never read it.
  void peer.write(bytes).catch(() => undefined);
}

async function hear(message: Message, captured: Captured, peer: Peer, rules: ClientRules): Promise<void> {
  const expected = message.template === true ? { ...message, bytes: captured.bytesOf(message) } : message;
  const came = rules.datagrams ? await peer.receive() : await streamed(expected, peer);
  if (matchMessage(expected, came, true) !== came.length) throw unmatchedError(expected, came, rules.file);
  captured.note(message, came);
}

/** Reads a message of the expected length, or what came instead of it. */
async function streamed({ bytes, rule }: Message, peer: Peer): Promise<Buffer> {
  try {
    if (rule === undefined) return await peer.read(bytes.length);
    if (rule.length !== undefined) return await peer.read(rule.length);
    if (rule.until !== undefined) return await peer.readUntil(rule.until);
    return await waiting(peer, await peer.read(1));
  } catch (error) {
    if (!SluiceError.is(error) || !(error.code === "SLUICE_TEST_TIMEOUT" || error.code === "SLUICE_TEST_ENDED")) throw error;
    return waiting(peer, Buffer.alloc(0));
  }
}

/** Everything that comes until a short pause. */
async function waiting(peer: Peer, first: Buffer): Promise<Buffer> {
  const parts = [first];
  try {
    // oxlint-disable-next-line no-await-in-loop -- one byte after the other, until none is left
    for (;;) parts.push(await peer.read(1, { timeout: LOOK_MS }));
  } catch {
    return Buffer.concat(parts);
  }
}

async function leave({ how }: Close, peer: Peer): Promise<void> {
  if (how === "fin") peer.end();
  if (how === "reset") peer.reset();
}

/** Waits for the end of the server. Data that comes instead was not recorded. */
async function theirEnd({ how }: Close, peer: Peer, rules: ClientRules): Promise<void> {
  if (rules.datagrams || how === "idle") return;
  const ended = await Promise.race([peer.ended, peer.read(1).catch(() => peer.ended)]);
  if (!Buffer.isBuffer(ended)) return;
  throw unmatchedError(undefined, Buffer.concat([ended, await waiting(peer, Buffer.alloc(0))]), rules.file);
}
