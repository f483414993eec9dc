import { Observable, type Subscriber } from "rxjs";
import { SluiceError, type HttpResponse, type Upstream } from "sluice";
import { FakeLeg } from "../../../support/fake-leg.ts";
import { EndpointConnections, type Waiting } from "../../../../plugins/http/endpoint-connections.ts";
import type { UpstreamConnection } from "../../../../plugins/http/upstream-connection.ts";

const head = Buffer.from("GET / HTTP/1.1\r\n\r\n");
export const refused = new SluiceError("SLUICE_UPSTREAM_REFUSED", "refused");

/** Asks without a body, and notes what it is told. */
export class Asking implements Waiting {
  readonly method = "GET";
  connection: UpstreamConnection | undefined;
  body: HttpResponse["body"];
  readonly told: (number | string)[] = [];

  constructor(private readonly atOnce: () => void = () => undefined) {}

  begun(connection: UpstreamConnection): void {
    this.connection = connection;
    connection.ask(head, this);
  }

  hinted(): void {
    throw new Error("nobody sent a hint");
  }

  answered({ status, body }: HttpResponse): void {
    this.told.push(status);
    this.body = body;
    this.atOnce();
  }

  failed({ code }: SluiceError): void {
    this.told.push(code);
    this.atOnce();
  }
}

/** An endpoint whose connections the test opens. */
export class FakeEndpoint {
  readonly connections: EndpointConnections;
  /** Attempts that are under way. */
  readonly dials = new Set<Subscriber<Upstream>>();
  readonly legs: FakeLeg[] = [];
  #sync: ((subscriber: Subscriber<Upstream>) => void) | undefined;

  constructor(limits: Partial<{ connections: number; idleConnections: number }> = {}) {
    this.connections = new EndpointConnections("a:1", { connections: 2, idleConnections: 2, idleConnection: 1000, ...limits });
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
    this.connections.use({ name: "a:1", attempt, done: () => undefined });
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

  asks(...atOnce: (() => void)[]): Asking {
    const asking = new Asking(...atOnce);
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
