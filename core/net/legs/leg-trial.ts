import type { Endpoint, LegReader, SluiceError } from "../../contract/index.ts";
import type { Balancer } from "../balance/balancer.ts";
import type { OpenLeg } from "../balance/endpoints/endpoint-state.ts";
import type { DataReader } from "../node/read-buffer.ts";

/** Tells the balancer about one open leg: whether its endpoint answered, and when the leg ends. A class, for the reason given in ChunkQueue. */
export class LegTrial {
  #isJudged: boolean;
  #held: OpenLeg | undefined;
  #isOpen = true;

  /** @param judges whether this leg's result decides if its endpoint works; false: others report that */
  constructor(
    private readonly balancer: Balancer,
    private readonly endpoint: Endpoint,
    judges: boolean,
  ) {
    this.#isJudged = !judges;
  }

  /** The leg is open. It is cut when its endpoint goes down, if the upstream's options say so. */
  holds(leg: OpenLeg): void {
    if (!this.balancer.severs) return;
    this.#held = leg;
    this.balancer.hold(this.endpoint, leg);
  }

  /** Whether the first byte still has to be reported. */
  get isWaiting(): boolean {
    return !this.#isJudged;
  }

  /** The first byte came. */
  answered(): void {
    if (this.#isJudged) return;
    this.#isJudged = true;
    this.balancer.worked(this.endpoint);
  }

  /** The upstream broke the connection. */
  broke({ code }: SluiceError): void {
    if (this.#isJudged) return;
    this.#isJudged = true;
    this.balancer.failed(this.endpoint, code);
  }

  /** The upstream has finished, or the leg is gone: the leg no longer counts as load. */
  ended(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#held !== undefined) this.balancer.letGo(this.endpoint, this.#held);
    this.balancer.closed(this.endpoint);
  }
}

/** Takes the place of a leg's reader until the first byte has come. */
export class FirstData implements LegReader {
  /** @param place where the reader itself is put then; undefined: chunks come as events, and all of them come here */
  constructor(
    private readonly reader: LegReader,
    private readonly trial: LegTrial,
    private readonly place: { reader: DataReader } | undefined,
  ) {}

  get done(): boolean {
    return this.reader.done;
  }

  data(chunk: Buffer): boolean {
    this.trial.answered();
    if (this.place !== undefined) this.place.reader = this.reader;
    return this.reader.data(chunk);
  }

  end(): void {
    this.reader.end();
  }

  failed(error: SluiceError): void {
    this.reader.failed(error);
  }
}
