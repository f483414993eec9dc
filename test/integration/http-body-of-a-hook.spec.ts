import { expect } from "chai";
import { PassThrough, Readable } from "node:stream";
import { of } from "rxjs";
import { respond, transformBody, type HttpRequest } from "sluice";
import { each } from "sluice/flow";
import { createCleanup } from "../support/cleanup.ts";
import { startRawHttp2 } from "../support/raw-http2-upstream.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { expectNothingUncaught } from "../support/uncaught.ts";
import { plugin } from "../support/with-proxy.ts";

describe("The body that a hook gives to a request, when it breaks off", function () {
  this.timeout(20_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());
  expectNothingUncaught();

  async function* failing(): AsyncGenerator<Buffer> {
    yield Buffer.from("a");
    await new Promise(setImmediate);
    throw new Error("the disk is gone");
  }
  const destroyed = (): Readable => new PassThrough().destroy(new Error("it was closed"));
  const ways: Record<string, (request: HttpRequest) => unknown> = {
    "a stream that fails": (request) => (request.body = Readable.from(failing())),
    "a stream that was destroyed before": (request) => (request.body = destroyed()),
    "an operator that throws": (request) =>
      transformBody(
        request,
        each((): never => {
          throw new Error("no");
        }),
      ),
  };
  const upstreams: Record<string, () => Promise<object>> = {
    "HTTP/1": async () => ({ upstream: (await startHttpUpstream(cleanup)).endpoint }),
    "HTTP/2": async () => ({ upstream: { endpoints: [(await startRawHttp2(cleanup)).endpoint], http: "2" } }),
  };

  for (const [version, route] of Object.entries(upstreams)) {
    for (const [what, give] of Object.entries(ways)) {
      it(`is the plugin's failure: ${what}, to an upstream of ${version}`, async () => {
        const hook = plugin("giver", {
          exchange: (attempt, request) => {
            give(request);
            return attempt;
          },
        });
        const { port } = await startHttpProxy(cleanup, { routes: [await route()] }, { before: [hook] });
        const answer = await fetch(`http://127.0.0.1:${port()}/`, { method: "POST", body: "x" });
        expect(answer.status).to.equal(500);
        expect(await answer.text()).to.include("SLUICE_PLUGIN_FAILED");
      });
    }
  }

  it("is nobody's failure if the hook answers by itself, and nothing is uncaught", async () => {
    const hook = plugin("giver", {
      exchange: (_attempt, request) => {
        request.body = Readable.from(failing());
        return of(respond(200, "mine"));
      },
    });
    const { port } = await startHttpProxy(cleanup, { routes: [await upstreams["HTTP/1"]?.()] as never }, { before: [hook] });
    const answer = await fetch(`http://127.0.0.1:${port()}/`, { method: "POST", body: "x" });
    expect([answer.status, await answer.text()]).to.deep.equal([200, "mine"]);
  });
});
