import { expect } from "chai";
import { EMPTY, Observable } from "rxjs";
import { SluiceError, type ChosenEndpoint, type HttpResponse, type Upstream } from "sluice";
import { FakeLeg } from "../../../../support/fake-leg.ts";
import { ClientRequest } from "../../../../../plugins/http/exchange/client-request.ts";
import { httpSchema } from "../../../../../plugins/http/exchange/options.ts";
import { Router } from "../../../../../plugins/http/upstream/router.ts";
import { createSession } from "../../support/fakes.ts";
import { TrustedProxies } from "../../../../../plugins/http/exchange/trusted-proxies.ts";

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const refused = new SluiceError("SLUICE_UPSTREAM_REFUSED", "refused");

/** A router with one upstream, whose endpoints are named in turn and whose legs are played by the test. */
class Routing {
  /** What was said of each choice, in their order. */
  readonly done: boolean[][] = [];
  readonly legs: FakeLeg[] = [];
  readonly #router: Router;

  constructor(private readonly open: (leg: FakeLeg) => FakeLeg | SluiceError = (leg) => leg) {
    this.#router = new Router(httpSchema.parse({ routes: [{}] }), {
      endpoints: () => ({ choose: () => this.#choose(), wait: () => EMPTY }),
    });
    this.#router.open();
  }

  #choose(): ChosenEndpoint {
    const done: boolean[] = [];
    this.done.push(done);
    return { name: "a:1", attempt: this.#attempt, answered: () => undefined, done: (failed) => void done.push(failed) };
  }

  readonly #attempt = new Observable<Upstream>((subscriber) => {
    const leg = this.open(new FakeLeg());
    if (leg instanceof SluiceError) {
      subscriber.error(leg);
      return;
    }
    this.legs.push(leg);
    subscriber.next({ endpoint: "a:1", leg });
  });

  /** @returns what it comes to, and what is done once it is over */
  asks({ method = "GET", spoilt = {} }: { method?: string; spoilt?: object } = {}) {
    const head = { method, target: "/", httpVersion: "1.1", fields: ["host", "a"], authority: undefined };
    const request = new ClientRequest(createSession().session, head, undefined, { replay: 10, trusted: new TrustedProxies([]) });
    Object.assign(request, spoilt);
    const seen: (number | string)[] = [];
    const subscription = this.#router.attempt(request).subscribe({
      next: ({ status }: HttpResponse) => void seen.push(status),
      error: (error: unknown) => void seen.push(SluiceError.is(error) ? error.code : "other"),
    });
    const end = (): void => {
      subscription.unsubscribe();
      request.end({ status: 0, upstream: undefined, requestBytes: 0, responseBytes: 0, durationMs: 0, error: undefined }, () => undefined);
    };
    return { seen, end };
  }
}

describe("The router", () => {
  it("is done with an endpoint once the request is over, and not before", () => {
    const routing = new Routing();
    const { seen, end } = routing.asks();
    routing.legs[0]?.says(ok);
    expect([seen, routing.done]).to.deep.equal([[200], [[]]]);
    end();
    expect(routing.done).to.deep.equal([[false]]);
  });

  it("is done with it once, when the endpoint failed or the request was given up", () => {
    const failing = new Routing(() => refused);
    const failed = failing.asks();
    // The second choice is to be another endpoint, and there is none.
    expect([failed.seen, failing.done]).to.deep.equal([["SLUICE_UPSTREAM_REFUSED"], [[true], [false]]]);
    failed.end();
    expect(failing.done).to.deep.equal([[true], [false]]);
    const routing = new Routing();
    routing.asks().end();
    expect(routing.done).to.deep.equal([[false]]);
  });

  it("tries an idempotent request once more on another connection, and the endpoint is not to blame for the kept one", () => {
    const routing = new Routing();
    const first = routing.asks();
    routing.legs[0]?.says(ok);
    first.end();
    const second = routing.asks();
    routing.legs[0]?.finishes();
    routing.legs[1]?.says(ok);
    second.end();
    expect([second.seen, routing.done]).to.deep.equal([[200], [[false], [false]]]);
    const third = routing.asks({ method: "POST" });
    routing.legs[1]?.finishes();
    third.end();
    expect([third.seen, routing.done.at(-1), routing.legs.length]).to.deep.equal([["SLUICE_UPSTREAM_RESET"], [false], 2]);
  });

  it("blames no endpoint for a request that cannot be sent, and is done with it all the same", () => {
    for (const spoilt of [{ headers: { x: "a\r\nb" } }, { url: "/a b" }, { headers: undefined }]) {
      const routing = new Routing();
      const { seen, end } = routing.asks({ spoilt });
      end();
      expect([seen, routing.done]).to.deep.equal([["other"], [[false]]]);
    }
  });
});
