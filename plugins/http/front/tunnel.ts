import { SluiceError } from "sluice";
import type { Duplex } from "node:stream";
import type { ClientLeg, LegConsumer } from "./client-leg.ts";
import { fieldLines } from "../message/message-head.ts";

/** The bytes that passed through a tunnel. */
export interface TunnelTraffic {
  readonly fromClient: number;
  readonly fromUpstream: number;
}

/** The upstream's agreement to another protocol. */
export interface UpgradeAgreement {
  readonly protocol: string;
  /** The fields of the upstream's answer: names and values, one after the other. */
  readonly fields: readonly string[];
}

/**
 * Joins a client and an upstream that have agreed on another protocol, such as WebSocket. Each side ends on its own, and an error of one side resets
 * the other.
 */
export class Tunnel implements LegConsumer {
  #fromClient = 0;
  #fromUpstream = 0;
  #isOver = false;
  #isClientGone = false;

  /** @param over called once, when both sides are closed */
  constructor(
    private readonly leg: ClientLeg,
    private readonly upstream: Duplex,
    private readonly over: (passed: TunnelTraffic) => void,
  ) {}

  /** @throws TypeError when a field may not be sent */
  open({ protocol, fields }: UpgradeAgreement): void {
    const { leg, upstream } = this;
    const lines = fieldLines(["connection", "Upgrade", "upgrade", protocol, ...fields]);
    const head = `HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`;
    leg.serve(this);
    leg.send(Buffer.from(head, "latin1"));
    // Its error is read when it closes. A hook's own stream may have no other listener.
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
    // It may be closed already, if a hook kept the response for long.
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
    // Only the peers know when a tunnel may end.
  }

  closed(): void {
    this.#isClientGone = true;
    const { upstream } = this;
    const isWhole = upstream.readableEnded && upstream.writableEnded;
    if (!isWhole && !upstream.destroyed) upstream.destroy(new SluiceError("SLUICE_CLIENT_RESET", "the upgraded connection broke off"));
    if (upstream.closed) this.#end();
  }

  #upstreamClosed(): void {
    const { upstream } = this;
    const isWhole = upstream.readableEnded && upstream.writableFinished;
    if (!isWhole && !this.#isClientGone) {
      const error = upstream.errored;
      this.leg.abort(
        SluiceError.is(error) ? error : new SluiceError("SLUICE_UPSTREAM_RESET", "the upgraded connection broke off", { cause: error }),
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
