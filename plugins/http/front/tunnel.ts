import { SluiceError } from "sluice";
import type { Duplex } from "node:stream";
import type { ClientLeg, LegConsumer } from "./client-leg.ts";
import { fieldLines } from "../message/message-head.ts";

/** What passed through a tunnel. */
export interface Tunnelled {
  readonly fromClient: number;
  readonly fromUpstream: number;
}

/** What both have agreed on. */
export interface Agreement {
  readonly protocol: string;
  /** Of the upstream's answer, names and values one after the other. */
  readonly fields: readonly string[];
}

/** Joins a client and an upstream that have agreed on another protocol, such as a WebSocket. Each end passes by itself, and what breaks one side resets the other. */
export class Tunnel implements LegConsumer {
  #fromClient = 0;
  #fromUpstream = 0;
  #isOver = false;
  #isClientGone = false;

  /** @param over called once, when both sides are closed */
  constructor(
    private readonly leg: ClientLeg,
    private readonly upstream: Duplex,
    private readonly over: (passed: Tunnelled) => void,
  ) {}

  /** @throws TypeError where a field may not be sent */
  open({ protocol, fields }: Agreement): void {
    const { leg, upstream } = this;
    const lines = fieldLines(["connection", "Upgrade", "upgrade", protocol, ...fields]);
    const head = `HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`;
    leg.serve(this);
    leg.send(Buffer.from(head, "latin1"));
    // What broke it is looked at when it closes; a hook's own stream has nobody else who listens.
    upstream.on("error", () => undefined);
    upstream.on("data", (chunk: Buffer) => {
      this.#fromUpstream += chunk.length;
      if (!leg.send(chunk)) upstream.pause();
    });
    upstream.on("drain", () => {
      leg.wanted();
    });
    upstream.once("end", () => {
      leg.shut();
    });
    // A hook may have kept the response until one side was gone.
    if (upstream.closed) this.#upstreamClosed();
    else
      upstream.once("close", () => {
        this.#upstreamClosed();
      });
  }

  get isIdle(): boolean {
    return false;
  }

  get pending(): number {
    return this.upstream.writableLength;
  }

  received(chunk: Buffer): boolean {
    this.#fromClient += chunk.length;
    return this.upstream.destroyed || this.upstream.write(chunk);
  }

  ended(): void {
    if (!this.upstream.destroyed) this.upstream.end();
  }

  drained(): void {
    this.upstream.resume();
  }

  retire(): void {
    // Only its peers know when it may end.
  }

  closed(): void {
    this.#isClientGone = true;
    const { upstream } = this;
    const isWhole = upstream.readableEnded && upstream.writableEnded;
    if (!isWhole && !upstream.destroyed) upstream.destroy(new SluiceError("SLUICE_CLIENT_RESET", "what was agreed on broke off"));
    if (upstream.closed) this.#end();
  }

  #upstreamClosed(): void {
    const { upstream } = this;
    const isWhole = upstream.readableEnded && upstream.writableFinished;
    if (!isWhole && !this.#isClientGone) {
      const error = upstream.errored;
      this.leg.abort(
        SluiceError.is(error) ? error : new SluiceError("SLUICE_UPSTREAM_RESET", "what was agreed on broke off", { cause: error }),
      );
    }
    if (this.#isClientGone) this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.over({ fromClient: this.#fromClient, fromUpstream: this.#fromUpstream });
  }
}
