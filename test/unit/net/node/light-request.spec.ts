import { expect } from "chai";
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { connect, createServer, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { canRequestLightly, requestHttp2 } from "../../../../core/net/node/light-request.ts";
import { eventOf } from "../../../support/bounded.ts";
import { createCleanup } from "../../../support/cleanup.ts";

const options = { endStream: false, waitForTrailers: true };
const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** A connection to a server that answers with what it was asked. */
async function connected(): Promise<ClientHttp2Session> {
  const server = createServer((request, response) => {
    response.setHeader("seen", `${request.method} ${request.url} ${request.headers["x-one"]?.toString()}`);
    request.pipe(response);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  cleanup.add(() => {
    session.destroy();
    server.close();
  });
  return session;
}

const headers = (): Record<string, string> => ({ ":method": "PUT", ":path": "/way?to", "x-one": "1" });

/** What a stream gets, and the context in which it gets it. */
async function seen(stream: ClientHttp2Stream, context: AsyncLocalStorage<string>): Promise<unknown[]> {
  const answered = eventOf(stream, "response");
  const contexts: unknown[] = [];
  stream.once("response", () => contexts.push(context.getStore()));
  stream.once("wantTrailers", () => {
    stream.sendTrailers({});
  });
  stream.end("body");
  const parts: unknown[] = [];
  stream.on("data", (part) => parts.push(String(part)));
  const [got] = (await answered) as [Record<string, unknown>];
  if (!stream.readableEnded) await eventOf(stream, "end");
  return [got[":status"], got["seen"], parts.join(""), ...contexts];
}

describe("A request of HTTP/2 that is begun lightly", () => {
  it("is possible on this Node", function () {
    if (process.env["SLUICE_FAST_ACCEPT"] === "0") this.skip();
    expect(canRequestLightly()).to.equal(true);
  });

  it("is sent, answered, and followed in the context in which it was begun, as one of Node is; before the connection is open, too", async () => {
    const context = new AsyncLocalStorage<string>();
    const session = await connected();
    expect(session.connecting).to.equal(true);
    for (const when of ["before", "after"]) {
      const light = context.run(when, () => requestHttp2(session, headers(), options));
      const own = context.run(when, () => session.request(headers(), options));
      const expected = [200, "PUT /way?to 1", "body", when];
      expect(await Promise.all([seen(light, context), seen(own, context)])).to.deep.equal([expected, expected]);
    }
  });

  it("changes nothing for others that bind a function to an AsyncResource", async () => {
    const bound = (): string[] => Object.getOwnPropertyNames(new AsyncResource("test").bind((one: unknown) => one));
    const session = await connected();
    const before = bound();
    requestHttp2(session, headers(), options).close();
    expect(bound()).to.deep.equal(before);
    const resource = new AsyncResource("test");
    expect(resource.bind((one: unknown, two: unknown) => [one, two])(1, 2)).to.deep.equal([1, 2]);
  });

  it("fails as one of Node fails on a connection that was destroyed", async () => {
    const session = await connected();
    session.destroy();
    const failure = async (begin: () => ClientHttp2Stream): Promise<unknown> => {
      try {
        return (await eventOf(begin(), "error"))[0];
      } catch (thrown) {
        return thrown;
      }
    };
    const [own, light] = [
      await failure(() => session.request(headers(), options)),
      await failure(() => requestHttp2(session, headers(), options)),
    ];
    expect(light).to.be.an("error").with.property("code", "ERR_HTTP2_INVALID_SESSION");
    expect(own).to.be.an("error").with.property("code", "ERR_HTTP2_INVALID_SESSION");
  });

  it("causes no warning", async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on("warning", warned);
    cleanup.add(() => void process.off("warning", warned));
    const session = await connected();
    await seen(requestHttp2(session, headers(), options), new AsyncLocalStorage<string>());
    expect(warnings).to.deep.equal([]);
  });
});
