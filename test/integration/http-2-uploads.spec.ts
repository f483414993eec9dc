import { expect } from "chai";
import type { ClientHttp2Session, OutgoingHttpHeaders } from "node:http2";
import { bounded } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { startHttpProxy, type HttpUse } from "../support/http-proxy.ts";
import { startHttpUpstream, telling } from "../support/http-upstream.ts";
import { openHttp2 } from "../support/http2-client.ts";

/** Enough that the proxy is writing one response while the next is given. */
const AT_ONCE = 20;

interface Answered {
  readonly status: number | undefined;
  readonly body: string;
  readonly trailer: unknown;
  /** Its end came, and no reset with an error. */
  readonly isWhole: boolean;
}

describe("HTTP/2: the answers to several uploads on one connection", function () {
  this.timeout(30_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  /** Uploads. @param isEnded the client says that its body has ended, before it has an answer */
  const upload = (session: ClientHttp2Session, headers: OutgoingHttpHeaders, isEnded: boolean): Promise<Answered> =>
    bounded(
      new Promise<Answered>((resolve, reject) => {
        const stream = session.request({ ":method": "POST", ...headers });
        const answer = { status: undefined as number | undefined, body: "", trailer: undefined as unknown, isWhole: false };
        stream.on("response", (given) => (answer.status = given[":status"]));
        stream.on("trailers", (given) => (answer.trailer = given["x-sum"]));
        stream.on("data", (chunk: Buffer) => (answer.body += String(chunk)));
        stream.on("end", () => (answer.isWhole = true));
        stream.on("error", reject);
        stream.on("close", () => {
          resolve(answer);
        });
        if (isEnded) stream.end("abc");
        else stream.write("abc");
      }),
      "the answer to an upload",
      10_000,
    );

  const open = async (use: Omit<HttpUse, "routes"> & { readonly path?: string } = {}): Promise<ClientHttp2Session> => {
    const { path = "/", ...options } = use;
    const upstream = await startHttpUpstream(cleanup, (request, response) => {
      const isEarly = request.url === "/early";
      const answer = (): void => {
        const [, kind = ""] = request.url?.split("/") ?? [];
        response.statusCode = Number(kind) || 200;
        if (kind === "told") telling()(request, response);
        else if (kind === "trailers") {
          response.setHeader("trailer", "x-sum");
          response.write("body");
          response.addTrailers({ "x-sum": "4" });
          response.end();
        } else response.end(kind === "body" ? "body" : "");
      };
      if (isEarly) answer();
      else request.resume().on("end", answer);
    });
    const { port } = await startHttpProxy(cleanup, { ...options, routes: [{ path, upstream: upstream.endpoint }] });
    return openHttp2(cleanup, port());
  };

  const answers: Record<string, readonly [path: string, status: number, body: string, trailer: unknown]> = {
    "204": ["/204", 204, "", undefined],
    "304": ["/304", 304, "", undefined],
    "200 without a body": ["/200", 200, "", undefined],
    "a body": ["/body", 200, "body", undefined],
    "a body and trailers": ["/trailers", 200, "body", "4"],
  };
  for (const [name, [path, status, body, trailer]] of Object.entries(answers)) {
    it(`are all sent: ${name}`, async () => {
      const session = await open();
      const all = await Promise.all(Array.from({ length: AT_ONCE }, () => upload(session, { ":path": path }, true)));
      expect(all).to.deep.equal(all.map(() => ({ status, body, trailer, isWhole: true })));
    });
  }

  it("are all sent if they come before the uploads end, and the uploads are then ended", async () => {
    const session = await open();
    const all = await Promise.all(Array.from({ length: AT_ONCE }, () => upload(session, { ":path": "/early" }, false)));
    expect(all).to.deep.equal(all.map(() => ({ status: 200, body: "", trailer: undefined, isWhole: true })));
  });

  it("are all sent if they are the proxy's own", async () => {
    const session = await open({ path: "/a", limits: { fields: 10 }, timeouts: { request: "200ms" } });
    const fields = Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`x-${at}`, "1"]));
    const own: readonly (readonly [status: number, headers: OutgoingHttpHeaders])[] = [
      [404, { ":path": "/b" }],
      [431, { ":path": "/a", ...fields }],
      [400, { ":path": "/a/../b" }],
      [408, { ":path": "/a" }],
    ];
    for (const [status, headers] of own) {
      const all = await Promise.all(Array.from({ length: AT_ONCE }, () => upload(session, headers, false)));
      expect(all.map((each) => [each.status, each.isWhole])).to.deep.equal(all.map(() => [status, true]));
      expect(all[0]?.body).to.match(new RegExp(`^${status} `));
    }
  });
});
