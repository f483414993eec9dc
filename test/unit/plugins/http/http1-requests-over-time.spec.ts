import { expect } from "chai";
import { NEVER, of, type Observable } from "rxjs";
import type { HttpRequest, HttpResponse } from "sluice";
import { FakeClock } from "../../../support/fake-clock.ts";
import { HttpConnection } from "../../../support/http-connection.ts";

const get = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const post = (path: string, length: number, fields = ""): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\n${fields}Content-Length: ${length}\r\n\r\n`;
/** The path comes back. */
const telling = ({ url }: HttpRequest): Observable<HttpResponse> => of({ status: 200, headers: {}, body: url });

describe("A connection of HTTP/1", () => {
  describe("that is to end soon", () => {
    for (const [what, sent] of Object.entries({ "before anything": "", "after a request": get("/"), "after empty lines": "\r\n\r\n" })) {
      it(`ends at once ${what}`, () => {
        const connection = new HttpConnection();
        for (const byte of sent) connection.send(byte);
        connection.leg.retire();
        expect(connection.isEnded).to.equal(true);
      });
    }

    it("serves a request that has begun to come, and no other", () => {
      const connection = new HttpConnection(telling);
      connection.send("GET /one HTT");
      connection.leg.retire();
      expect(connection.isEnded).to.equal(false);
      connection.send(`P/1.1\r\nHost: a\r\n\r\n${get("/two")}`);
      expect([connection.answers, connection.isEnded]).to.deep.equal([["200 /one"], true]);
      expect(connection.received).to.include("\r\nconnection: close\r\n");
    });

    it("ends at once in a body whose request was answered", () => {
      const connection = new HttpConnection(telling);
      connection.send(post("/early", 5));
      connection.leg.retire();
      expect(connection.isEnded).to.equal(true);
    });
  });

  describe("among its deadlines", () => {
    let clock: FakeClock;
    beforeEach(() => (clock = new FakeClock()));
    afterEach(() => clock.restore());
    const timeouts = { headers: 1_000, request: 10_000, keepAlive: 5_000, halfClosed: 100 };
    const start = (answer?: (request: HttpRequest) => Observable<HttpResponse>): HttpConnection => new HttpConnection(answer, { timeouts });

    it("has one for a connection that begins with empty lines only", () => {
      const connection = start();
      for (let lines = 0; lines < 5; lines += 1) {
        connection.send("\r");
        connection.send("\n");
        clock.pass(1_100);
      }
      expect([connection.isEnded, connection.received]).to.deep.equal([true, ""]);
    });

    it("has one for a header, however it comes", () => {
      const connection = start();
      for (const part of "GET / HTTP/1.1\r\nX: ".split("")) {
        connection.send(part);
        clock.pass(60);
      }
      expect([connection.answers[0]?.slice(0, 3), connection.isEnded]).to.deep.equal(["408", true]);
    });

    it("has one for a body, and none once the request is whole", () => {
      const late = start(() => NEVER);
      late.send(post("/", 5));
      clock.pass(10_000);
      expect(late.answers[0]?.slice(0, 3)).to.equal("408");
      const whole = start(() => NEVER);
      whole.send(`${post("/", 5)}hello`);
      clock.pass(100_000);
      expect(whole.received).to.equal("");
    });

    it("has one for the next request, and one for a client that ended and gets no answer", () => {
      const kept = start();
      kept.send(get("/"));
      clock.pass(4_999);
      expect(kept.isEnded).to.equal(false);
      clock.pass(1);
      expect([kept.isEnded, kept.answers]).to.deep.equal([true, ["200"]]);
      const half = start(() => NEVER);
      half.send(get("/"));
      half.leg.end();
      clock.pass(100);
      expect(half.error?.code).to.equal("SLUICE_CLIENT_RESET");
    });

    it("leaves no timer behind", () => {
      for (const sent of ["\r\n", "GET", get("/"), post("/", 5), "\0\r\n"]) {
        const connection = start();
        connection.send(sent);
        connection.leg.destroy();
      }
      expect(clock.waiting).to.equal(0);
    });
  });
});
