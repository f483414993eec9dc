import type { Socket } from "node:net";
import type { Leg, LegReader, SluiceError } from "../../contract/index.ts";
import { BurstWriter } from "./burst-writer.ts";
import { closeUnread } from "../node/close-unread.ts";
import { clientError, upstreamError } from "../os-errors.ts";
import { readInto } from "../node/late-onread.ts";
import { EarlyListening, type EarlyReader } from "./early-listening.ts";
import { FirstData, type LegTrial } from "./leg-trial.ts";
import { ReadBuffer, type Taker } from "../node/read-buffer.ts";
import { RecordBuffer } from "../node/record-buffer.ts";
import { resetSocket } from "../node/reset-socket.ts";
import { sayGoodbye } from "../node/tls-goodbye.ts";
import { wasTruncated } from "../node/tls-truncation.ts";
import { wasReset } from "../node/was-reset.ts";

/** What an encrypted socket may have pending before its source is stopped: its writes always finish later, so zero would stutter. */
const TLS_PENDING = 128 * 1024;
/** Bytes that are one segment of TCP, on whatever path (RFC 9293 section 3.7.1). */
const ONE_SEGMENT = 536;
const nothing = Buffer.alloc(0);
const dropping: Taker = { data: () => true, done: true };

/** A leg made of a stream socket: TCP, unix or TLS, of either side. */
export class StreamLeg implements Leg {
  readonly datagrams = false;
  readonly borrows: boolean;
  readonly records: boolean;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  /** Of an upstream's leg: told of its first byte, its failure and its end. */
  trial: LegTrial | undefined = undefined;
  #reader: LegReader | undefined;
  #failure: SluiceError | undefined;
  #buffer: ReadBuffer | RecordBuffer | undefined;
  #waiting = false;
  #burst: BurstWriter | undefined;
  #ended = false;
  /** It has been closed, and waits a moment for its peer. */
  #lingers = false;
  /** What was read before there was a reader, and put back. */
  #early: Buffer | undefined;
  #listening: EarlyListening | undefined;
  /** Another socket stands on it, which reads it. */
  isBelow = false;
  /** Nagle's algorithm is on: a plain socket comes with it. */
  #delays: boolean;
  #wrote = false;
  /** Of an encrypted socket: called for each chunk that was taken. */
  #written: (() => void) | undefined;

  /**
   * @param socket half-open, not reading yet
   * @param buffer what a plain socket was made with; undefined: chunks come as `data` events
   */
  constructor(
    readonly socket: Socket,
    readonly side: "client" | "upstream",
    private readonly label: { toString(): string },
    buffer?: ReadBuffer,
  ) {
    const encrypted = "encrypted" in socket;
    this.borrows = !encrypted;
    this.records = encrypted;
    this.#delays = !encrypted;
    this.#buffer = encrypted ? new RecordBuffer() : buffer;
    if (!encrypted) buffer?.serve(socket);
    if (encrypted) {
      const written = (): void => {
        if (this.#waiting && socket.writableLength <= TLS_PENDING / 2) this.#taken();
      };
      this.#written = written;
    }
    socket.on("error", (error) => {
      this.#failed(error);
    });
    socket.on("close", () => {
      this.#buffer?.release();
      // Closed without a word: a TLS peer that hung up without close_notify, say.
      if (!this.#ended) this.#failed(new Error("closed before its end"));
      this.trial?.ended();
      if (!this.#lingers) this.onClosed?.();
    });
  }

  get lend(): boolean {
    return this.#buffer?.lend ?? false;
  }

  set lend(lend: boolean) {
    if (this.#buffer !== undefined) this.#buffer.lend = lend;
  }

  /** Only where the socket borrows: an encrypted one gathers what waits by itself. */
  get gather(): boolean {
    return this.#burst !== undefined;
  }

  set gather(gather: boolean) {
    this.#burst = gather && this.borrows ? new BurstWriter(this.socket) : undefined;
  }

  get pending(): number {
    return this.socket.writableLength;
  }

  read(by: LegReader): void {
    this.#reader = by;
    if (this.#failure !== undefined) {
      by.failed(this.#failure);
      return;
    }
    const reader = this.#tried(by);
    const { socket } = this;
    const end = (): void => {
      this.#ended = true;
      this.trial?.ended();
      if (wasReset(socket)) this.#failed(cutOff("ECONNRESET"));
      else if (wasTruncated(socket)) this.#failed(cutOff("ETRUNCATED"));
      else reader.end();
    };
    if (this.#buffer !== undefined) this.#buffer.reader = reader;
    const early = this.takeBack();
    const isStopped = early !== undefined && !reader.data(early);
    // A peer that finished without a byte: Node has emitted the end already, though nobody was reading.
    if (socket.readableEnded) {
      end();
      return;
    }
    socket.on("end", end);
    if (this.#buffer instanceof RecordBuffer && !this.#readRecords(this.#buffer, reader)) this.#buffer = undefined;
    if (this.#buffer === undefined) {
      socket.on("data", (chunk: Buffer) => {
        if (!reader.data(chunk)) socket.pause();
      });
    }
    if (!isStopped) socket.resume();
  }

  /** Reads for somebody who comes before the reader, until told to stop. */
  readEarly(early: EarlyReader): void {
    const { socket } = this;
    // Its end may have been seen by a reading before this one.
    if (socket.destroyed) early.gone();
    else if (socket.readableEnded) early.ended();
    else this.#listening = new EarlyListening(socket, this.#buffer instanceof ReadBuffer ? this.#buffer : undefined, early);
  }

  /** What the socket has taken in by now is for whoever reads next. */
  stopEarly(): void {
    this.#listening?.stop();
    this.#listening = undefined;
  }

  /** Puts back what was read early: whoever reads next sees it first. */
  putBack(bytes: Buffer): void {
    this.#early = bytes.length === 0 ? undefined : bytes;
  }

  /** Takes what was put back, for somebody who reads the socket itself. */
  takeBack(): Buffer | undefined {
    const early = this.#early;
    this.#early = undefined;
    return early;
  }

  #tried(reader: LegReader): LegReader {
    const { trial } = this;
    if (trial === undefined || !trial.isWaiting) return reader;
    const heard = (): void => {
      if (this.#buffer !== undefined) this.#buffer.reader = reader;
    };
    return new FirstData(reader, trial, heard);
  }

  /** @returns false where chunks have to come as `data` events */
  #readRecords(buffer: RecordBuffer, reader: LegReader): boolean {
    const { socket } = this;
    // What was decrypted with the end of the handshake is the stream's; it is only little, so it may go beyond what the reader wanted.
    for (let early: unknown = socket.read(); early !== null; early = socket.read()) reader.data(early as Buffer);
    return readInto(socket, buffer);
  }

  resume(): void {
    const { socket } = this;
    if (socket.destroyed) return;
    if (this.#buffer instanceof ReadBuffer) this.#buffer.goOn(socket);
    socket.resume();
  }

  write(chunk: Buffer): boolean {
    const { socket } = this;
    if (chunk.length === 0 || socket.destroyed || socket.writableEnded) return true;
    if (this.#delays) this.#hasten(chunk.length);
    if (this.#written !== undefined) {
      socket.write(chunk, this.#written);
      this.#waiting ||= socket.writableLength >= TLS_PENDING;
      return socket.writableLength < TLS_PENDING;
    }
    if (this.#burst === undefined) socket.write(chunk);
    else this.#burst.write(chunk);
    if (socket.writableLength === 0) return true;
    if (!this.#waiting) this.#wait();
    return false;
  }

  /**
   * To be told when what is pending has been taken, nothing is written behind it: most writes are taken at once, and a callback of
   * their own would cost each of them (7 % of a message's CPU with 1,000 connections). Not on TLS, to which Node gives empty writes a meaning of their own.
   */
  #wait(): void {
    this.#waiting = true;
    this.socket.write(nothing, () => {
      const { writableLength, writableEnded, destroyed } = this.socket;
      // More may have been written meanwhile.
      if (writableLength > 0 && !writableEnded && !destroyed) this.#wait();
      else this.#taken();
    });
  }

  #taken(): void {
    this.#waiting = false;
    if (!this.socket.destroyed) this.onDrain?.();
  }

  /**
   * Nagle's algorithm holds a small segment back only while another is under way. So the first may go before it is turned off, and a
   * connection of one small message each way is spared a system call on both its sockets.
   */
  #hasten(bytes: number): void {
    const first = !this.#wrote;
    this.#wrote = true;
    if (first && bytes <= ONE_SEGMENT) return;
    this.#delays = false;
    this.socket.setNoDelay(true);
  }

  end(): void {
    const { socket } = this;
    if (socket.destroyed || socket.writableEnded) return;
    // The second end of a connection. To close a socket that owes nothing sends FIN as well, and takes neither a system call nor a turn of
    // the event loop for it. TLS has a goodbye of its own.
    if (this.#ended && this.borrows && socket.writableLength === 0) socket.destroy();
    else socket.end();
  }

  /** Its endpoint is down: whoever reads is told. */
  sever(error: SluiceError): void {
    this.#failure ??= error;
    if (this.#failure === error) this.#reader?.failed(error);
  }

  reset(): void {
    this.#ended = true;
    resetSocket(this.socket);
  }

  destroy(): void {
    this.#ended = true;
    if (this.#lingers) return;
    this.#lingers = this.side === "client" && this.#reader === undefined && !this.isBelow;
    if (!this.#lingers) {
      if (this.records) sayGoodbye(this.socket);
      else this.socket.destroy();
      return;
    }
    closeUnread(this.socket, () => this.#drop());
    // For its session it is closed.
    queueMicrotask(() => this.onClosed?.());
  }

  /** Reads into nothing. */
  #drop(): void {
    if (this.#buffer instanceof ReadBuffer) this.#buffer.reader = dropping;
    else this.socket.on("data", () => undefined);
  }

  #failed(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = this.side === "client" ? clientError(error, this.label) : upstreamError(error, String(this.label));
    this.trial?.broke(this.#failure);
    this.#reader?.failed(this.#failure);
  }
}

/** What Node would have thrown for a reset, or an end without close_notify, that it took for an end. */
function cutOff(code: "ECONNRESET" | "ETRUNCATED"): Error {
  return Object.assign(new Error(`read ${code}`), { code, syscall: "read" });
}
