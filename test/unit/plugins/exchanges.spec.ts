import { expect } from "chai";
import { Observable, of, Subject } from "rxjs";
import { SluiceError, type ErrorCode, type HttpResponse, type Plugin } from "sluice";
import { Logging, logging, type LoggingOptions } from "../../../plugins/logging.ts";
import { MemoryStore } from "../../../plugins/rate-limit/memory-store.ts";
import type { RateLimitOptions } from "../../../plugins/rate-limit/options.ts";
import { RateLimit, rateLimit } from "../../../plugins/rate-limit/rate-limit.ts";
import { Retry, retry, type RetryOptions } from "../../../plugins/retry.ts";
import { createRequest, type FakeRequest } from "./support/fake-request.ts";
import { createLog, createMetrics, createSession, ManualClock, parseOptions } from "./support/fakes.ts";

const good: HttpResponse = { status: 200, headers: {} };

/** Tries that fail with these codes, one after the other, and then succeed. */
function failing(...codes: ErrorCode[]): { readonly attempt: Observable<HttpResponse>; readonly tries: () => number } {
  let tries = 0;
  const attempt = new Observable<HttpResponse>((subscriber) => {
    const code = codes[tries];
    tries += 1;
    if (code === undefined) subscriber.next(good);
    else subscriber.error(new SluiceError(code, "no"));
  });
  return { attempt, tries: () => tries };
}

/** What a plugin's exchange hook makes of an attempt, so far. */
function outcomeOf(plugin: Plugin, attempt: Observable<HttpResponse>, { request }: FakeRequest): (HttpResponse | string)[] {
  const outcome: (HttpResponse | string)[] = [];
  plugin.exchange?.(attempt, request).subscribe({
    next: (response) => outcome.push(response),
    error: (error: unknown) => outcome.push(SluiceError.is(error) ? error.code : String(error)),
  });
  return outcome;
}

describe("retry of HTTP requests", () => {
  const clock = new ManualClock();
  const plugin = new Retry(parseOptions<RetryOptions>(retry, { jitter: "none" }), clock, createLog().logger);

  for (const method of ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]) {
    it(`tries a ${method} again, until one succeeds`, () => {
      const { attempt, tries } = failing("SLUICE_UPSTREAM_REFUSED", "SLUICE_UPSTREAM_RESET");
      const outcome = outcomeOf(plugin, attempt, createRequest({ method }));
      clock.advance(10_000);
      expect(outcome).to.deep.equal([good]);
      expect(tries()).to.equal(3);
    });
  }

  for (const method of ["POST", "PATCH", "LOCK"]) {
    it(`never tries a ${method} again of which anything was sent`, () => {
      const { attempt, tries } = failing("SLUICE_UPSTREAM_RESET");
      expect(outcomeOf(plugin, attempt, createRequest({ method, sent: true }))).to.deep.equal(["SLUICE_UPSTREAM_RESET"]);
      expect(tries()).to.equal(1);
    });

    it(`tries a ${method} again of which nothing was sent`, () => {
      const { attempt, tries } = failing("SLUICE_UPSTREAM_REFUSED", "SLUICE_UPSTREAM_DNS_TEMPORARY");
      const outcome = outcomeOf(plugin, attempt, createRequest({ method }));
      clock.advance(10_000);
      expect(outcome).to.deep.equal([good]);
      expect(tries()).to.equal(3);
    });
  }

  for (const code of ["SLUICE_UPSTREAM_DNS_NOT_FOUND", "SLUICE_UPSTREAM_TLS", "SLUICE_UPSTREAM_TRUNCATED"] as const) {
    it(`tries a request again after ${code}, unless \`on\` says otherwise`, () => {
      const outcome = outcomeOf(plugin, failing(code).attempt, createRequest({ method: "POST" }));
      clock.advance(10_000);
      expect(outcome).to.deep.equal([good]);
      const other = new Retry(parseOptions<RetryOptions>(retry, { on: ["SLUICE_UPSTREAM_REFUSED"] }), clock, createLog().logger);
      expect(outcomeOf(other, failing(code).attempt, createRequest())).to.deep.equal([code]);
    });
  }

  it("tries nothing again whose body is gone", () => {
    const { attempt } = failing("SLUICE_UPSTREAM_RESET");
    expect(outcomeOf(plugin, attempt, createRequest({ method: "PUT", replayable: false, sent: true }))).to.deep.equal([
      "SLUICE_UPSTREAM_RESET",
    ]);
  });

  it("tries nothing again once there was a response", () => {
    let tries = 0;
    const attempt = new Observable<HttpResponse>((subscriber) => {
      tries += 1;
      subscriber.next(good);
      subscriber.error(new SluiceError("SLUICE_UPSTREAM_RESET", "no"));
    });
    expect(outcomeOf(plugin, attempt, createRequest())).to.deep.equal([good, "SLUICE_UPSTREAM_RESET"]);
    clock.advance(10_000);
    expect(tries).to.equal(1);
  });
});

describe("rateLimit of HTTP requests", () => {
  function limiting(options: object): { readonly plugin: RateLimit; readonly clock: ManualClock } {
    const clock = new ManualClock();
    const parsed = parseOptions<RateLimitOptions>(rateLimit, options);
    const parts = { clock, logger: createLog().logger, metrics: createMetrics(), store: new MemoryStore(10), prefix: "" };
    return { plugin: new RateLimit(parsed, parts), clock };
  }

  it("answers what is over with 429, and says when to come again", () => {
    const { plugin, clock } = limiting({ requests: { rate: 1, per: "10s", burst: 2 } });
    const { session } = createSession();
    const again = (): HttpResponse | string | undefined => outcomeOf(plugin, of(good), createRequest({}, session))[0];
    expect([again(), again()]).to.deep.equal([good, good]);
    clock.advance(2_500);
    const over = again() as HttpResponse;
    expect([over.status, over.headers, over.error?.code]).to.deep.equal([429, { "retry-after": "8" }, "SLUICE_RATE_LIMITED"]);
    clock.advance(7_500);
    expect(again()).to.equal(good);
  });

  it("makes requests above the limit wait, and removes a request from the line when it is cancelled", () => {
    const { plugin, clock } = limiting({ requests: { rate: 1 }, over: "delay" });
    const { session } = createSession();
    const first = outcomeOf(plugin, of(good), createRequest({}, session));
    const second = outcomeOf(plugin, of(good), createRequest({}, session));
    expect([first, second]).to.deep.equal([[good], []]);
    clock.advance(1_000);
    expect(second).to.deep.equal([good]);
    plugin.exchange?.(of(good), createRequest({}, session).request).subscribe().unsubscribe();
    expect(clock.timers).to.equal(0);
  });
});

describe("logging of HTTP requests", () => {
  it("writes one record at a request's end, with nothing of its query and header", () => {
    const { lines, logger } = createLog();
    const plugin = new Logging(parseOptions<LoggingOptions>(logging, {}), logger, new Subject());
    const fake = createRequest({ url: "/a\u202eb?secret=1" });
    outcomeOf(plugin, of(good), fake);
    expect(lines).to.deep.equal([]);
    fake.end({ error: new SluiceError("SLUICE_UPSTREAM_RESET", "broke\noff"), status: 502 });
    expect(lines).to.have.lengthOf(1);
    expect(lines[0]).to.deep.include({ level: "warn", message: "request ended" });
    const { session, ...fields } = lines[0]?.fields ?? {};
    expect(session).to.be.a("number");
    expect(fields).to.deep.equal({
      attempts: undefined,
      listener: "web",
      client: "192.0.2.1:50000",
      method: "GET",
      host: "a.test",
      path: "/a\\u202eb",
      httpVersion: "1.1",
      status: 502,
      upstream: "u:1",
      requestBytes: 1,
      responseBytes: 2,
      durationMs: 3,
      code: "SLUICE_UPSTREAM_RESET",
      reason: "broke\\x0aoff",
    });
    expect(JSON.stringify(lines)).to.not.include("secret");
  });

  it("writes one record for each of its uses, though their hooks are called for each try", () => {
    const logs = [createLog(), createLog()];
    const plugins = logs.map(({ logger }) => new Logging(parseOptions<LoggingOptions>(logging, {}), logger, new Subject()));
    const fake = createRequest();
    for (const plugin of [...plugins, ...plugins]) outcomeOf(plugin, of(good), fake);
    fake.end({});
    expect(logs.map(({ lines }) => lines.length)).to.deep.equal([1, 1]);
  });
});
