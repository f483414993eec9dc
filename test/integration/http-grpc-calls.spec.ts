import { Metadata, ServerCredentials, status } from "@grpc/grpc-js";
import { expect } from "chai";
import type { UpstreamOptions } from "sluice";
import { logging, rateLimit, retry, tlsTermination } from "sluice/plugins";
import { bounded, eventOf } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { openGrpc, sayTo, startGrpc, type GrpcClient, type GrpcServer } from "../support/grpc-echo.ts";
import { openHttp2 } from "../support/http2-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";

interface Place {
  readonly server: GrpcServer;
  readonly client: GrpcClient;
  readonly port: number;
}

type Ended = { readonly code: number; readonly details: string };

/** How a call that gives messages ends. */
function endOf(call: {
  on(event: "status", told: (ended: Ended) => void): unknown;
  on(event: "error", told: () => void): unknown;
}): Promise<Ended> {
  const ended = new Promise<Ended>((resolve) => {
    call.on("error", () => undefined);
    call.on("status", resolve);
  });
  return bounded(ended, "the status of a call", 15_000);
}

/** All kinds of calls, through routes of http(), with HTTP/2 on both sides. */
describe("The calls of gRPC through http()", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());
  const before = [logging(), retry(), rateLimit({ requests: { rate: 1000 } })];

  const ways: Record<string, () => Promise<Place>> = {
    "over h2c": async () => {
      const server = await startGrpc(cleanup);
      const upstream: UpstreamOptions = { endpoints: [server.endpoint], http: "2" };
      const proxy = await startHttpProxy(cleanup, { routes: [{ path: "/test.Echo", upstream }] }, { before });
      const port = proxy.port("web");
      return { server, port, client: openGrpc(cleanup, `127.0.0.1:${port}`) };
    },
    "over TLS": async () => {
      const certificate = await createCertificate("localhost");
      const { cert, key } = certificate;
      const pairs = [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }];
      const server = await startGrpc(cleanup, ServerCredentials.createSsl(null, pairs));
      const upstream: UpstreamOptions = { endpoints: [`localhost:${server.port}`], tls: { ca: cert }, http: "auto" };
      const proxy = await startHttpProxy(
        cleanup,
        { routes: [{ path: "/test.Echo", upstream }] },
        { before: [...before, tlsTermination({ ...certificate, alpn: ["h2"] })], listener: { listen: "tls://127.0.0.1:0" } },
      );
      const port = proxy.port("web");
      return { server, port, client: openGrpc(cleanup, `localhost:${port}`, cert) };
    },
  };

  for (const [way, start] of Object.entries(ways)) {
    it(`stream to the client ${way}, with trailers at the end`, async () => {
      const { client } = await start();
      const call = client.count("500");
      const got: string[] = [];
      call.on("data", (message: string) => got.push(message.replaceAll(".", "")));
      const { code } = await endOf(call);
      expect(code).to.equal(status.OK);
      expect(got).to.deep.equal(Array.from({ length: 500 }, (_, at) => String(at + 1)));
    });

    it(`stream to the server ${way}`, async () => {
      const { client } = await start();
      const answer = new Promise<string>((resolve, reject) => {
        const call = client.sum(new Metadata(), {}, (error, given) => (error === null ? resolve(given ?? "") : reject(error)));
        for (let at = 0; at < 300; at += 1) call.write("x".repeat(1_000));
        call.end();
      });
      expect(await bounded(answer, "the sum", 15_000)).to.equal("300000");
    });

    it(`stream both ways ${way}, each message before the next`, async () => {
      const { client } = await start();
      const call = client.talk();
      const got: string[] = [];
      call.on("data", (message: string) => {
        got.push(message);
        if (got.length < 50) call.write(`message ${got.length}`);
        else call.end();
      });
      call.write("message 0");
      expect((await endOf(call)).code).to.equal(status.OK);
      expect(got).to.deep.equal(Array.from({ length: 50 }, (_, at) => `MESSAGE ${at}`));
    });

    it(`may fail with only trailers ${way}, and the next call is served`, async () => {
      const { server, client } = await start();
      const call = client.deny("please");
      call.on("data", () => expect.fail("a message came"));
      const { code, details } = await endOf(call);
      expect([code, details]).to.deep.equal([status.PERMISSION_DENIED, "not for you"]);
      expect(await sayTo(client, "hello")).to.equal("you said hello");
      expect(server.calls(), "it was not asked again").to.equal(2);
    });

    it(`end at their deadline or when cancelled, in each kind ${way}: the server notices, and other calls continue`, async () => {
      const { server, client } = await start();
      // The connections are there: what is not sent before its deadline is never seen by the server.
      expect(await sayTo(client, "hello")).to.equal("you said hello");
      // A server of grpc-js calls it cancelled too, once it is over.
      await eventually(() => expect(server.cancelled()).to.equal(1));
      const soon = (): { deadline: number } => ({ deadline: Date.now() + 300 });
      expect(await sayTo(client, "never", {}, soon()).catch(String)).to.include("DEADLINE_EXCEEDED");
      const talking = client.talk(new Metadata(), soon());
      talking.write("hello");
      expect((await endOf(talking)).code).to.equal(status.DEADLINE_EXCEEDED);
      const summing = new Promise<number | undefined>((resolve) => {
        client.sum(new Metadata(), soon(), (error) => resolve(error?.code)).write("hello");
      });
      expect(await bounded(summing, "the end of a call", 15_000)).to.equal(status.DEADLINE_EXCEEDED);
      await eventually(() => {
        expect(server.cancelled()).to.equal(1 + 3);
      });
      const counting = client.count("1000000");
      const other = client.talk();
      const ends = Promise.all([endOf(counting), endOf(other)]);
      counting.once("data", () => counting.cancel());
      other.once("data", () => other.cancel());
      other.write("hello");
      expect((await ends).map(({ code }) => code)).to.deep.equal([status.CANCELLED, status.CANCELLED]);
      await eventually(() => {
        expect(server.cancelled()).to.equal(1 + 5);
      });
      expect(await sayTo(client, "hello")).to.equal("you said hello");
    });
  }

  it("continue over a reload that removes their endpoint, and over the GOAWAY of a server that shuts down, while new calls go elsewhere", async () => {
    const [one, two] = [await startGrpc(cleanup, undefined, "one"), await startGrpc(cleanup, undefined, "two")];
    const routes = (...servers: GrpcServer[]): Parameters<typeof startHttpProxy>[1] => {
      const upstream: UpstreamOptions = { endpoints: servers.map(({ endpoint }) => endpoint), http: "2" };
      return { routes: [{ path: "/test.Echo", upstream }] };
    };
    const { proxy, port, config } = await startHttpProxy(cleanup, routes(one), { before: [retry()] });
    const client = openGrpc(cleanup, `127.0.0.1:${port("web")}`);
    const call = client.talk();
    const end = endOf(call);
    const say = async (text: string): Promise<string> => {
      const answer = eventOf(call, "data");
      call.write(text);
      return String((await answer)[0]);
    };
    expect(await say("hello")).to.equal("HELLO");
    await proxy.apply(config(routes(two), [retry()]));
    expect([await say("still there"), await sayTo(client, "x")]).to.deep.equal(["STILL THERE", "you two x"]);
    await proxy.apply(config(routes(one, two), [retry()]));
    const shut = bounded(new Promise<void>((resolve) => one.server.tryShutdown(() => resolve())), "the end of the server", 15_000);
    await eventually(async () => {
      const said = [await sayTo(client, "x"), await sayTo(client, "x"), await sayTo(client, "x")];
      expect(new Set(said)).to.deep.equal(new Set(["you two x"]));
    });
    expect(await say("and now")).to.equal("AND NOW");
    call.end();
    expect((await end).code).to.equal(status.OK);
    await shut;
  });

  it("keep trailers only as one block that ends the stream (RFC 9113 section 8.1)", async () => {
    const { port } = await (ways["over h2c"] as () => Promise<Place>)();
    const session = openHttp2(cleanup, port);
    const stream = session.request({
      ":method": "POST",
      ":path": "/test.Echo/Deny",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const trailers: unknown[] = [];
    stream.on("trailers", (given) => trailers.push(given));
    const head = bounded(
      new Promise<readonly [Record<string, unknown>, number]>((resolve) =>
        stream.once("response", (headers, flags) => resolve([headers, flags])),
      ),
      "a response",
    );
    stream.end(Buffer.from([0, 0, 0, 0, 1, 120]));
    const [headers, flags] = await head;
    expect([headers["grpc-status"], headers["grpc-message"], headers["why"]]).to.deep.equal(["7", "not%20for%20you", "because"]);
    expect(flags & 1, "END_STREAM").to.equal(1);
    stream.resume();
    await bounded(new Promise((resolve) => stream.once("close", resolve)), "the end of the stream");
    expect(trailers).to.deep.equal([]);
  });
});
