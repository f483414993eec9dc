import type { FlowTap, Leg, Session, SluiceError } from "../../contract/index.ts";
import { blameOf, faultOf } from "../chain/fault.ts";
import type { FlowOwner } from "./flow-owner.ts";

/** The part of a flow that counts what passes, and notifies its owner. */
export abstract class OwnedFlow {
  /** What arrived, before any plugin. */
  bytes = 0;
  chunks = 0;
  /** What was written to the sink. */
  sentBytes = 0;
  sentChunks = 0;
  /** The source has finished. */
  sourceIsOver = false;

  /** The source was told to stop, and has not been resumed. */
  protected stopped = false;

  /** The observer of both legs; undefined: the owner has not been asked yet, null: none. */
  tap: Required<FlowTap> | null | undefined;

  abstract readonly owner: FlowOwner;
  protected abstract readonly source: Leg;

  protected received(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.chunks += 1;
    if (this.chunks === 1) this.owner.flowBegan?.(this);
    if (this.tap !== null) this.#tapped()?.received(chunk);
  }

  protected sent(chunk: Buffer): void {
    this.sentBytes += chunk.length;
    this.sentChunks += 1;
    if (this.tap !== null) this.#tapped()?.sent(chunk);
  }

  /** The source has finished. */
  protected sourceEnded(): void {
    this.sourceIsOver = true;
    this.#tapped()?.ended();
  }

  protected endSink(sink: Leg): void {
    this.#tapped()?.finished();
    sink.end();
  }

  #tapped(): Required<FlowTap> | null {
    return (this.tap ??= this.tap === null ? null : (this.owner.tapOf?.(this.source) ?? null));
  }

  /** Stops the source. */
  pause(): false {
    this.stopped = true;
    return false;
  }

  /** Notices that the source has been reset while it was stopped. */
  checkSource(): void {
    if (this.stopped) this.source.checkPeer?.();
  }

  /** The source failed. */
  failed(error: SluiceError): void {
    // A plugin may answer in place of the upstream.
    const plugin = blameOf(error);
    if (plugin !== undefined) this.flowFault(plugin, error);
    this.owner.fail(error);
  }

  carryFailed(plugin: string, error: unknown): void {
    this.flowFault(plugin, faultOf(plugin, error));
  }

  flowFault(plugin: string, error: SluiceError): void {
    this.owner.flowFault(plugin, error, this.source);
  }

  get datagrams(): boolean {
    return this.source.datagrams;
  }

  get lends(): boolean {
    return this.source.lend;
  }

  get session(): Session {
    return this.owner.session;
  }

  warn(message: string): void {
    this.owner.flowWarning(message);
  }
}
