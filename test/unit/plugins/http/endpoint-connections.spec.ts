import { expect } from "chai";
import { Observable, type Subscriber } from "rxjs";
import { SluiceError, type HttpResponse, type Upstream } from "sluice";
import { FakeLeg } from "../../../support/fake-leg.ts";
import { EndpointConnections, type Waiting } from "../../../../plugins/http/endpoint-connections.ts";
import type { UpstreamConnection } from "../../../../plugins/http/upstream-connection.ts";

const head = Buffer.from("GET / HTTP/1.1\r\n\r\n");
const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const refused = new SluiceError("SLUICE_UPSTREAM_REFUSED", "refused");

class Asking implements Waiting {
  readonly method = "GET";
  connection: UpstreamConnection | undefined;
  readonly told: (number | string)[] = [];

  constructor(private readonly atOnce: () => void = () => undefined) {}

  begun(connection: UpstreamConnection): void {
    this.connection = connection;
    connection.ask(head, this);
  }

  hinted(): void {
    throw new Error("nobody sent a hint");
  }

  answered({ status }: HttpResponse): void {
    this.told.push(status);
    this.atOnce();
  }

  failed({ code }: SluiceError): void {
    this.told.push(code);
    this.atOnce();
  }
}

/** An endpoint whose connections the test opens. */
class Endpoint {
  readonly connections: EndpointConnections;
  /** Attempts that are under way. */
  readonly dials = new Set<Subscriber<Upstream>>();
  readonly legs: FakeLeg[] = [];
  #sync: ((subscriber: Subscriber<Upstream>) => void) | undefined;

  constructor(limits: Partial<{ connections: number; idleConnections: number }> = {}) {
    this.connections = new EndpointConnections("a:1", { connections: 2, idleConnections: 2, idleConnection: 1000, ...limits });
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
    for (const subscriber of this.dials) {
      subscriber.next({ endpoint: "a:1", leg });
      return leg;
    }
    throw new Error("nothing is being dialled");
  }

  asks(...atOnce: (() => void)[]): Asking {
    const asking = new Asking(...atOnce);
    this.connections.ask(asking);
    return asking;
  }

  /** Legs that nobody has closed. */
  get open(): number {
    return this.legs.filter(({ fate }) => fate === "open").length;
  }
}

describe("The connections to an endpoint", () => {
  for (const [what, early, told] of [
    ["speaks before it was asked", (leg: FakeLeg) => void leg.says("220 mail.test\r\n"), "SLUICE_UPSTREAM_PROTOCOL"],
    ["hangs up at once", (leg: FakeLeg) => leg.finishes(), "SLUICE_UPSTREAM_RESET"],
    ["is gone at once", (leg: FakeLeg) => leg.fails(refused), "SLUICE_UPSTREAM_REFUSED"],
  ] as const) {
    it(`fail a request whose upstream ${what}, and serve the next`, () => {
      const endpoint = new Endpoint({ connections: 1 });
      const [first, second] = [endpoint.asks(), endpoint.asks()];
      endpoint.opens(new FakeLeg(early));
      expect(first.told).to.deep.equal([told]);
      endpoint.opens().says(ok);
      expect(second.told).to.deep.equal([200]);
      expect(endpoint.open).to.equal(1);
    });
  }
});
