import { array, assert as assertAlways, asyncProperty, boolean, constantFrom, nat, tuple } from "fast-check";
import { expect } from "chai";
import { PassThrough, Readable } from "node:stream";
import { map, NEVER, of, Subject, timer, type Observable, from, switchMap } from "rxjs";
import type { ExchangeEnd, HttpRequest, HttpResponse } from "sluice";
import { eventually } from "../../../../support/eventually.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";
import { HttpConnection } from "../../../../support/http-connection.ts";

const get = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const post = (path: string, length: number, fields = ""): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\n${fields}Content-Length: ${length}\r\n\r\n`;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** The path comes back. */
const telling = ({ url }: HttpRequest): Observable<HttpResponse> => of({ status: 200, headers: {}, body: url });

describe("A connection of HTTP/1", () => {
  it("answers many requests in one chunk, a few dozen in each turn of the event loop", async () => {
    for (const answer of [telling, (request: HttpRequest) => from(Promise.resolve(1)).pipe(switchMap(() => telling(request)))]) {
      const connection = new HttpConnection(answer);
      const paths = Array.from({ length: 1_000 }, (_, at) => `/${at}`);
      connection.send(paths.map((path) => get(path)).join(""));
      let before = 0;
      for (let turns = 0; connection.asked.length < 1_000; turns += 1) {
        expect(connection.asked.length - before).to.be.at.most(64);
        before = connection.asked.length;
        expect(turns).to.be.lessThan(200);
        await turn();
      }
      await turn();
      expect(connection.answers).to.deep.equal(paths.map((path) => `200 ${path}`));
    }
  });

  it("goes on with a long pipeline of a client that is waited for though it ended, and not with that of one that left", async () => {
    for (const halfClosed of ["5s", "0s"]) {
      const connection = new HttpConnection(telling, { timeouts: { halfClosed } });
      connection.send(Array.from({ length: 200 }, (_, at) => get(`/${at}`)).join(""));
      connection.leg.end();
      for (let turns = 0; turns < 50; turns += 1) await turn();
      expect([connection.asked.length, connection.error?.code]).to.deep.equal(
        halfClosed === "5s" ? [200, undefined] : [32, "SLUICE_CLIENT_RESET"],
      );
    }
  });

  it("reads what comes while it reads after what it has", () => {
    const connection = new HttpConnection(telling);
    connection.onData = () => {
      connection.onData = () => undefined;
      connection.send(get("/meanwhile"));
    };
    connection.send(get("/one") + get("/two"));
    expect(connection.asked).to.deep.equal(["GET /one", "GET /two", "GET /meanwhile"]);
    connection.send(get("/after"));
    expect(connection.answers).to.have.lengthOf(4);
  });

  it("serves what it has when the client ends while it reads", () => {
    const connection = new HttpConnection(telling);
    connection.onData = () => connection.leg.end();
    connection.send(get("/one") + get("/two"));
    expect([connection.answers, connection.isEnded]).to.deep.equal([["200 /one", "200 /two"], true]);
  });

  it("stops the client behind a request that waits, and goes on where it was", () => {
    const answers: Subject<HttpResponse>[] = [];
    const connection = new HttpConnection(() => {
      const answer = new Subject<HttpResponse>();
      answers.push(answer);
      return answer;
    });
    let drained = 0;
    connection.leg.onDrain = () => (drained += 1);
    expect(connection.send(get("/one"))).to.equal(true);
    expect(connection.send(get("/two") + post("/three", 70_000) + "a".repeat(70_000))).to.equal(false);
    answers[0]?.next({ status: 200, headers: {} });
    expect([drained, connection.asked]).to.deep.equal([0, ["GET /one", "GET /two"]]);
    answers[1]?.next({ status: 200, headers: {} });
    expect(connection.asked).to.deep.equal(["GET /one", "GET /two", "POST /three"]);
    answers[2]?.next({ status: 200, headers: {} });
    expect([drained, connection.leg.pending]).to.deep.equal([1, 0]);
  });

  it("takes no more because a body is read, while enough waits behind it", async () => {
    const connection = new HttpConnection(({ body }) => {
      body?.resume();
      return NEVER;
    });
    let drained = 0;
    connection.leg.onDrain = () => (drained += 1);
    expect(connection.send(`${post("/", 5)}hello${get("/next").repeat(3_000)}`)).to.equal(false);
    await turn();
    await turn();
    expect(drained).to.equal(0);
  });

  it("takes more once a body that was in the way is at its end", () => {
    const connection = new HttpConnection(telling);
    let drained = 0;
    connection.leg.onDrain = () => (drained += 1);
    connection.send(post("/early", 100_000));
    expect(connection.answers).to.deep.equal(["200 /early"]);
    expect(connection.send("a".repeat(80_000))).to.equal(false);
    // As records do that were read already.
    expect(connection.send("a".repeat(20_000))).to.equal(true);
    expect(drained).to.equal(1);
  });

  it("puts the parts of a body together that come together, in order", async () => {
    const parts: string[] = [];
    const connection = new HttpConnection(({ body }) => {
      body?.on("data", (part: Buffer) => parts.push(String(part)));
      return NEVER;
    });
    const large = "b".repeat(5_000);
    const text = `${"1\r\na\r\n".repeat(2_000)}1388\r\n${large}\r\n${"2\r\ncd\r\n".repeat(2_000)}`;
    connection.send(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${text}`);
    await turn();
    expect(parts).to.deep.equal(["a".repeat(2_000) + large + "cd".repeat(2_000)]);
    connection.send("1\r\ne\r\n0\r\n\r\n");
    await turn();
    expect(parts.slice(1)).to.deep.equal(["e"]);
  });

  it("drops a body that its reader destroys", () => {
    const answer = new Subject<HttpResponse>();
    let body: Readable | undefined;
    const connection = new HttpConnection((request) => {
      ({ body } = request);
      return answer;
    });
    let drained = 0;
    connection.leg.onDrain = () => (drained += 1);
    connection.send(post("/", 100_000));
    expect(connection.send("a".repeat(80_000))).to.equal(false);
    body?.destroy();
    expect([drained, connection.leg.pending]).to.deep.equal([1, 0]);
    answer.next({ status: 200, headers: {} });
    connection.send(`${"a".repeat(20_000)}${get("/next")}`);
    expect(connection.asked).to.deep.equal(["POST /", "GET /next"]);
  });

  for (const [what, rest] of Object.entries({ malformed: "x\r\n", "never whole": undefined })) {
    it(`has no other answer for a request that was answered, though its body turns out ${what}`, () => {
      const connection = new HttpConnection(telling);
      connection.send("POST /early HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
      if (rest === undefined) connection.leg.end();
      else connection.send(rest);
      expect([connection.answers, connection.isEnded]).to.deep.equal([["200 /early"], true]);
      expect(connection.counters["sluice_http_connections_refused_total"]).to.equal(1);
    });
  }

  it("waits with the next request until the client has taken the answer, also where that has no body", async () => {
    const connection = new HttpConnection(() => of({ status: 204, headers: {}, body: Readable.from([]) }));
    connection.isReading = false;
    connection.send(get("/one") + get("/two") + get("/three"));
    await turn();
    await turn();
    expect(connection.asked).to.deep.equal(["GET /one"]);
    connection.isReading = true;
    connection.leg.resume();
    await turn();
    await turn();
    expect(connection.answers).to.have.lengthOf(3);
  });

  it("tells of the end of an exchange once, and serves nothing after a listener that ends the session", () => {
    const ends: ExchangeEnd[] = [];
    const connection = new HttpConnection((request) => {
      request.onEnd((end) => {
        ends.push(end);
        connection.leg.destroy();
      });
      return of({ status: 200, headers: {} });
    });
    const clock = new FakeClock();
    try {
      connection.send(get("/one") + get("/two"));
      expect(clock.waiting).to.equal(0);
    } finally {
      clock.restore();
    }
    expect([connection.asked, ends.map(({ status }) => status)]).to.deep.equal([["GET /one"], [200]]);
  });

  it("leaves an exchange whose client goes, and tells of its end once", () => {
    const ends: ExchangeEnd[] = [];
    const connection = new HttpConnection((request) => {
      request.onEnd((end) => ends.push(end));
      return NEVER;
    });
    connection.send(post("/", 5));
    connection.leg.destroy();
    connection.leg.destroy();
    expect(ends.map(({ status, error }) => [status, error?.code])).to.deep.equal([[0, "SLUICE_CLIENT_RESET"]]);
  });

  it("hands what came with the request to a WebSocket that is agreed to at once, and its end", async () => {
    const ends = new PassThrough();
    const connection = new HttpConnection(() => of({ status: 101, headers: {}, upgraded: ends }));
    connection.send(`${get("/", "Connection: Upgrade\r\nUpgrade: websocket\r\n")}early`);
    connection.leg.end();
    await turn();
    await turn();
    expect([connection.answers, connection.isEnded]).to.deep.equal([["101 early"], true]);
  });

  it("sends the same responses wherever its bytes are cut, and in whatever order the upstreams respond", async () => {
    const kinds = {
      "/now": () => of<HttpResponse>({ status: 200, headers: {}, body: "now" }),
      "/later": () => timer(0).pipe(map((): HttpResponse => ({ status: 200, headers: {}, body: "later" }))),
      "/stream": () => of<HttpResponse>({ status: 200, headers: { "content-length": "6" }, body: Readable.from(["str", "eam"]) }),
      "/none": () => of<HttpResponse>({ status: 204, headers: {}, body: Readable.from([]) }),
    } as const;
    const paths = Object.keys(kinds) as (keyof typeof kinds)[];
    const chunked = (path: string): string =>
      `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10;x\r\n${"d".repeat(16)}\r\n0\r\nX: y\r\n\r\n`;
    const forms = [(path: string) => get(path), (path: string) => `${post(path, 5)}hello`, chunked, (path: string) => post(path, 0)];
    const one = tuple(constantFrom(...paths), constantFrom(...forms));
    await assertAlways(
      asyncProperty(array(one, { minLength: 1, maxLength: 8 }), array(nat(60)), boolean(), async (requests, cuts, isSlow) => {
        const connection = new HttpConnection((request) => kinds[request.url as keyof typeof kinds](), { timeouts: { halfClosed: "5s" } });
        const bytes = requests.map(([path, form]) => form(path)).join("");
        connection.isReading = !isSlow;
        let at = 0;
        for (const cut of cuts) {
          connection.send(bytes.slice(at, at + cut));
          at += cut;
          if (cut % 3 === 0) await turn();
        }
        connection.send(bytes.slice(at));
        connection.leg.end();
        await eventually(() => {
          connection.leg.resume();
          expect(connection.isEnded).to.equal(true);
        });
        const expected = requests.map(([path]) => (path === "/none" ? "204" : `200 ${path.slice(1)}`));
        expect(connection.answers).to.deep.equal(expected);
        expect(connection.asked).to.deep.equal(requests.map(([path, form]) => form(path).split(" HTTP", 1)[0]));
      }),
    );
  });
});
