import type { Socket } from "node:net";
import type { Leg, LegReader, SluiceError } from "../../contract/index.ts";
import { closeUnread } from "./close-unread.ts";
import { clientError, cutOff, upstreamError } from "../os-errors.ts";
import { readInto } from "../node/late-onread.ts";
import { EarlyListening, type EarlyReader } from "./early-listening.ts";
import type { LegWriter, WriterOwner } from "./leg-writer.ts";
import { PlainWriter } from "./plain-writer.ts";
import { RecordWriter } from "./record-writer.ts";
import { unwatchSocket, watchEnd, watchSocket, watchWrites, type SocketWatcher } from "./socket-events.ts";
import { FirstData, type LegTrial } from "./leg-trial.ts";
import { ReadBuffer, type DataReader } from "../node/read-buffer.ts";
import { RecordBuffer } from "../node/record-buffer.ts";
import { resetSocket } from "../node/reset-socket.ts";
import { receiveUnread } from "../node/tls/receive-unread.ts";
import { sayGoodbye } from "../node/tls/goodbye.ts";
import { wasTruncated } from "../node/tls/truncation.ts";
import { unreadBytes } from "../node/unread-bytes.ts";
import { wasReset } from "../node/was-reset.ts";

const dropping: DataReader = { data: () => true, done: true };

/** The leg of a stream socket: TCP, unix or TLS, on either side. */
export class StreamLeg implements Leg, WriterOwner, SocketWatcher {
  readonly records: boolean;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  /** For an upstream's leg: is told about its first byte, its failure and its end. */
  trial: LegTrial | undefined = undefined;
  #reader: LegReader | undefined;
  #failure: SluiceError | undefined;
  #buffer: ReadBuffer | RecordBuffer | undefined;
  #ended = false;
  /** The leg is closed, and waits a moment for its peer to finish. */
  #lingers = false;
  /** Bytes that were read before there was a reader, and put back. */
  #early: Buffer | undefined;
  #listening: EarlyListening | undefined;
  /** A TLS socket has been put on top, and reads this one. */
  isBelow = false;
  readonly #writer: LegWriter;

  /**
   * @param socket half-open, not reading yet
   * @param buffer the buffer that a plain socket was made with; undefined: chunks come as `data` events
   */
  constructor(
    readonly socket: Socket,
    readonly side: "client" | "upstream",
    private readonly label: { toString(): string },
    buffer?: ReadBuffer,
  ) {
    const encrypted = "encrypted" in socket;
    this.records = encrypted;
    this.#buffer = encrypted ? new RecordBuffer() : buffer;
    if (!encrypted) buffer?.serve(socket);
    this.#writer = encrypted ? new RecordWriter(this) : new PlainWriter(this);
    watchSocket(socket, this);
    watchWrites(socket);
  }

  socketFailed(error: Error): void {
    this.#failed(error);
  }

  /** What the peer sent before it reset the connection, such as a refusal, is still passed on, even if the reader had asked to stop. */
  writeFailed(): void {
    if (this.isBelow || this.#ended || this.#failure !== undefined || this.#reader === undefined) return;
    if (this.records) receiveUnread(this.socket);
    else if (this.#buffer instanceof ReadBuffer) for (const chunk of unreadBytes(this.socket)) this.#buffer.reader.data(chunk);
  }

  socketClosed(): void {
    this.#buffer?.release();
    // Closed without an end or an error, for example by a TLS peer that hung up without close_notify.
    if (!this.#ended && !this.isBelow) this.#failed(new Error("closed before its end"));
    this.trial?.ended();
    if (!this.#lingers) this.onClosed?.();
    this.#listening?.gone();
    if (this.records || this.isBelow) setImmediate(() => this.#letGo());
  }

  /**
   * It has closed. Node keeps an encrypted socket, and the one below it, until the next full garbage collection, even when nothing else refers to it
   * (ADR 0072): it must lead to nothing of the session.
   */
  #letGo(): void {
    unwatchSocket(this.socket);
    if (this.#buffer !== undefined) this.#buffer.reader = dropping;
    this.#reader = this.trial = this.onClosed = this.onDrain = undefined;
  }

  get datagrams(): boolean {
    return false;
  }

  get borrows(): boolean {
    return !this.records;
  }

  get lend(): boolean {
    return this.#buffer?.lend ?? false;
  }

  set lend(lend: boolean) {
    if (this.#buffer !== undefined) this.#buffer.lend = lend;
  }

  get gather(): boolean {
    return this.#writer.gather;
  }

  set gather(gather: boolean) {
    this.#writer.gather = gather;
  }

  get pending(): number {
    return this.#writer.pending;
  }

  read(by: LegReader): void {
    this.#reader = by;
    if (this.#failure !== undefined) {
      by.failed(this.#failure);
      return;
    }
    const reader = this.#tried(by);
    const { socket } = this;
    if (this.#buffer !== undefined) this.#buffer.reader = reader;
    const early = this.takeBack();
    const isStopped = early !== undefined && !reader.data(early);
    // The peer finished without sending a byte: Node has already emitted the end, though nobody was reading.
    if (socket.readableEnded) {
      this.socketEnded();
      return;
    }
    watchEnd(socket);
    if (this.#buffer instanceof RecordBuffer && !this.#readRecords(this.#buffer, reader)) this.#buffer = undefined;
    if (this.#buffer === undefined) {
      socket.on("data", (chunk: Buffer) => {
        if (!reader.data(chunk)) socket.pause();
      });
    }
    if (!isStopped) socket.resume();
  }

  socketEnded(): void {
    const { socket } = this;
    this.#ended = true;
    this.trial?.ended();
    if (wasReset(socket)) this.#failed(cutOff("ECONNRESET"));
    else if (wasTruncated(socket)) this.#failed(cutOff("ETRUNCATED"));
    else this.#reader?.end();
  }

  /** Reads for an early reader, until `stopEarly` is called. */
  readEarly(early: EarlyReader): void {
    const { socket } = this;
    // An earlier early reader may have seen the end.
    if (socket.destroyed) early.gone();
    else if (socket.readableEnded) early.ended();
    else this.#listening = new EarlyListening(socket, this.#buffer instanceof ReadBuffer ? this.#buffer : undefined, early);
  }

  /** Stops early reading. Bytes that the socket has read by now go to the next reader. */
  stopEarly(): void {
    this.#listening?.stop();
    this.#listening = undefined;
  }

  /** Puts bytes that were read early back: the next reader gets them first. */
  putBack(bytes: Buffer): void {
    this.#early = bytes.length === 0 ? undefined : bytes;
  }

  /** Takes out the bytes that were put back, for a reader that reads the socket itself. */
  takeBack(): Buffer | undefined {
    const early = this.#early;
    this.#early = undefined;
    return early;
  }

  #tried(reader: LegReader): LegReader {
    const { trial } = this;
    if (trial === undefined || !trial.isWaiting) return reader;
    return new FirstData(reader, trial, this.#buffer);
  }

  /** @returns false if chunks have to come as `data` events */
  #readRecords(buffer: RecordBuffer, reader: LegReader): boolean {
    const { socket } = this;
    // Bytes that were decrypted together with the end of the handshake. They are few, so the reader gets them even after it asked to stop.
    for (let early: unknown = socket.read(); early !== null; early = socket.read()) reader.data(early as Buffer);
    return readInto(socket, buffer);
  }

  resume(): void {
    const { socket } = this;
    if (socket.destroyed) return;
    if (this.#buffer instanceof ReadBuffer) this.#buffer.goOn(socket);
    socket.resume();
  }

  checkPeer(): void {
    if (wasReset(this.socket)) this.#failed(cutOff("ECONNRESET"));
  }

  write(chunk: Buffer): boolean {
    return this.#writer.write(chunk);
  }

  drained(): void {
    if (!this.socket.destroyed) this.onDrain?.();
  }

  end(): void {
    const { socket } = this;
    if (socket.destroyed || socket.writableEnded) return;
    // Both directions have ended. Closing a socket with nothing left to write sends FIN too, and saves a system call and a turn of the event loop.
    // TLS has a goodbye of its own.
    if (this.#ended && this.borrows && this.pending === 0) socket.destroy();
    else this.#writer.end();
  }

  /** Its endpoint is down: the reader gets the error. */
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
    // For its session the leg is closed.
    queueMicrotask(() => this.onClosed?.());
  }

  /** Reads and drops everything. */
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
