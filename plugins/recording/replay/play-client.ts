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
  receive(options?: { readonly timeout: number }): Promise<Buffer>;
  readonly ended: Promise<unknown>;
}

export interface ClientRules {
  readonly datagrams: boolean;
  /** The factor of recorded delays; 0: no delays. */
  readonly stretch: number;
  readonly wait: (milliseconds: number) => Promise<void>;
  readonly file: string;
}

/** Milliseconds to wait for more of a wrong answer, so that it can be shown, and for data after the last recorded answer. */
const LOOK_MS = 50;

const lackTexts = { late: "nothing more came in time", ended: "the end came before this" } as const;

/** What came for an entry, and why not more of it. */
interface Heard {
  readonly bytes: Buffer;
  readonly missing?: "late" | "ended" | undefined;
}

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
    else await (isMine ? leave(entry, peer, rules) : theirEnd(entry, peer, rules));
    // oxlint-enable no-await-in-loop
  }
  await nothingMore(peer, rules);
}

async function say(bytes: Buffer, peer: Peer, { datagrams }: ClientRules): Promise<void> {
  if (datagrams) return peer.send(bytes);
  // Not awaited: the answer shows whether the server read it, and a server that answers first might never read it.
  void peer.write(bytes).catch(() => undefined);
}

async function hear(message: Message, captured: Captured, peer: Peer, rules: ClientRules): Promise<void> {
  const expected = message.template === true ? { ...message, bytes: captured.bytesOf(message) } : message;
  const { bytes, missing } = await (rules.datagrams ? datagram(peer) : streamed(expected, peer));
  if (missing !== undefined || matchMessage(expected, bytes, true) !== bytes.length)
    throw unmatchedError(expected, bytes, rules.file, missing === undefined ? undefined : lackTexts[missing]);
  captured.note(message, bytes);
}

async function datagram(peer: Peer): Promise<Heard> {
  try {
    return { bytes: await peer.receive() };
  } catch (error) {
    return { bytes: Buffer.alloc(0), missing: lackOf(error) };
  }
}

/** Reads a message of the expected length, or what came instead of it. */
async function streamed({ bytes, rule }: Message, peer: Peer): Promise<Heard> {
  try {
    if (rule === undefined) return { bytes: await peer.read(bytes.length) };
    if (rule.length !== undefined) return { bytes: await peer.read(rule.length) };
    if (rule.until !== undefined) return { bytes: await peer.readUntil(rule.until) };
    return { bytes: await waiting(peer, await peer.read(1)) };
  } catch (error) {
    const missing = lackOf(error);
    const came = await waiting(peer, Buffer.alloc(0));
    // A wrong answer that is shorter is reported as wrong: that says more than that its rest did not come.
    const isBeginning = rule === undefined && bytes.subarray(0, came.length).equals(came);
    return { bytes: came, missing: isBeginning || came.length === 0 ? missing : undefined };
  }
}

/** @throws any other error than the one for data that did not come */
function lackOf(error: unknown): "late" | "ended" {
  if (SluiceError.is(error) && error.code === "SLUICE_TEST_TIMEOUT") return "late";
  if (SluiceError.is(error) && error.code === "SLUICE_TEST_ENDED") return "ended";
  throw error;
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

async function leave({ how }: Close, peer: Peer, rules: ClientRules): Promise<void> {
  if (how === "fin" && !rules.datagrams) peer.end();
  if (how !== "reset") return;
  // After a reset nothing can be read any more.
  await nothingMore(peer, rules);
  peer.reset();
}

/** Waits for the end of the server. Data that comes instead was not recorded. */
async function theirEnd({ how }: Close, peer: Peer, rules: ClientRules): Promise<void> {
  if (rules.datagrams || how === "idle") return;
  const ended = await Promise.race([peer.ended, peer.read(1).catch(() => peer.ended)]).catch(lackOf);
  if (Buffer.isBuffer(ended)) throw unrecorded(Buffer.concat([ended, await waiting(peer, Buffer.alloc(0))]), rules);
  const came = ended === "fin" || ended === "late" ? ended : "reset";
  if (came !== how)
    throw new SluiceError("SLUICE_REPLAY_UNMATCHED", `the server ${endTexts[came]} ${recordedEnds[how]}`, { where: rules.file });
}

const endTexts = { fin: "finished (FIN)", reset: "reset the connection", late: "did not end the connection in time" } as const;
const recordedEnds = { fin: "where it had finished (FIN)", reset: "where it had reset the connection" } as const;

/** Looks whether the server has said more than was recorded. */
async function nothingMore(peer: Peer, rules: ClientRules): Promise<void> {
  const more = rules.datagrams
    ? await peer.receive({ timeout: LOOK_MS }).catch(() => Buffer.alloc(0))
    : await waiting(peer, Buffer.alloc(0));
  if (more.length > 0) throw unrecorded(more, rules);
}

function unrecorded(bytes: Buffer, { file }: ClientRules): SluiceError {
  return unmatchedError(undefined, bytes, file);
}
