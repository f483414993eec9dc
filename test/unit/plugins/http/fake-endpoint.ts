import { Observable, type Subscriber } from "rxjs";
import { SluiceError, type HttpResponse, type Upstream } from "sluice";
import { FakeLeg } from "../../../support/fake-leg.ts";
import { EndpointConnections, type PoolLimits } from "../../../../plugins/http/upstream/pool/endpoint-connections.ts";
import type { WaitingRequest } from "../../../../plugins/http/upstream/pool/request-queue.ts";
import type { UpstreamConnection } from "../../../../plugins/http/upstream/connection/upstream-connection.ts";

const head = Buffer.from("GET / HTTP/1.1\r\n\r\n");
export const poolLimits: PoolLimits = {
  connections: 2,
  connectionsPerClient: 1_000,
  lasting: 2,
  idleConnections: 2,
  idleConnection: 1000,
  connectionAge: 0,
  waiting: 1_000,
  responseHeader: 1024,
  streams: 100,
};
export const refused = new SluiceError("SLUICE_UPSTREAM_REFUSED", "refused");

/** Asks without a body, and notes what it is told. */
export class Asking implements WaitingRequest {
  readonly method: string = "GET";
  readonly isUpgrade: boolean = false;
  readonly isLast: boolean = false;
  readonly isExpecting: boolean = false;
  connection: UpstreamConnection | undefined;
  response: HttpResponse | undefined;
  error: SluiceError | undefined;
  /** Statuses and codes of what it was answered, in their order. */
  readonly told: (number | string)[] = [];
  /** Statuses of what came before the response. */
  readonly informedOf: number[] = [];
  isOver = false;
  /** How often it was told that there is room. */
  drains = 0;

  constructor(
    private readonly atOnce: (response: HttpResponse | undefined) => void = () => undefined,
    readonly client = "a",
  ) {}

  get body(): HttpResponse["body"] {
    return this.response?.body;
  }

  begun(connection: UpstreamConnection): void {
    this.connection = connection;
    this.asks(connection);
  }

  /** All that it sends. */
  asks(connection: UpstreamConnection): void {
    connection.ask(this, 0);
    connection.sendAll(head);
  }

  informed({ status }: { readonly status: number }): void {
    this.informedOf.push(status);
  }

  answered(response: HttpResponse): void {
    this.told.push(response.status);
    this.response = response;
    this.atOnce(response);
  }

  failed(error: SluiceError): void {
    this.told.push(error.code);
    this.error = error;
    this.atOnce(undefined);
  }

  late(): void {
    this.told.push("late");
  }

  drained(): void {
    this.drains += 1;
  }

  over(): void {
    this.isOver = true;
  }
}

/** An endpoint whose connections the test opens. */
export class FakeEndpoint {
  readonly connections: EndpointConnections;
  /** Attempts that are under way. */
  readonly dials = new Set<Subscriber<Upstream>>();
  readonly legs: FakeLeg[] = [];
  #sync: ((subscriber: Subscriber<Upstream>) => void) | undefined;

  constructor(limits: Partial<PoolLimits> = {}) {
    this.connections = new EndpointConnections("a:1", { ...poolLimits, ...limits });
    this.changes();
  }

  /** From now on there is another way to it. */
  changes(): void {
    const attempt = new Observable<Upstream>((subscriber) => {
      this.#sync?.(subscriber);
      if (subscriber.closed) return undefined;
      this.dials.add(subscriber);
      return () => this.dials.delete(subscriber);
    });
    this.connections.use({ name: "a:1", attempt, answered: () => undefined, done: () => undefined });
  }

  /** Attempts end at once from now on. */
  atOnce(settle: ((subscriber: Subscriber<Upstream>) => void) | undefined): void {
    this.#sync = settle;
  }

  /** Opens the oldest connection that is being dialled. */
  opens(leg = new FakeLeg()): FakeLeg {
    this.legs.push(leg);
    this.#oldest().next({ endpoint: "a:1", leg });
    return leg;
  }

  /** The oldest connection that is being dialled is refused. */
  refuses(): void {
    this.#oldest().error(refused);
  }

  #oldest(): Subscriber<Upstream> {
    for (const subscriber of this.dials) return subscriber;
    throw new Error("nothing is being dialled");
  }

  asks(atOnce?: () => void, client?: string): Asking {
    const asking = new Asking(atOnce, client);
    this.connections.ask(asking);
    return asking;
  }

  /** Legs that nobody has closed. */
  get openLegs(): readonly FakeLeg[] {
    return this.legs.filter(({ fate }) => fate === "open");
  }

  get open(): number {
    return this.openLegs.length;
  }
}
