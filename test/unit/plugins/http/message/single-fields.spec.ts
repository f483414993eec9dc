import { expect } from "chai";
import * as fc from "fast-check";
import { connect, constants } from "node:http2";
import { PassThrough } from "node:stream";
import type { HttpHeaders } from "sluice";
import { wireFields } from "../../../../../plugins/http/message/header-fields.ts";
import { addHttp2Fields, http2Fields } from "../../../../../plugins/http/message/http2-fields.ts";
import { makeSingle } from "../../../../../plugins/http/message/single-fields.ts";

describe("Fields that HTTP/2 allows once", () => {
  it("are all that the running Node refuses to send twice", () => {
    const session = connect("http://a", { createConnection: () => new PassThrough() });
    session.on("error", () => undefined);
    const given = Object.entries(constants).filter(([key, name]) => key.startsWith("HTTP2_HEADER_") && !String(name).startsWith(":"));
    // Framing, and what is never sent.
    const others = /^(content-length|connection|upgrade|http2-settings|keep-alive|proxy-connection|transfer-encoding|te|trailer)$/;
    const names = given.map(([, name]) => String(name)).filter((name) => !others.test(name));
    expect(names.length).to.be.greaterThan(60);
    for (const name of names) {
      const headers = { [name]: ["a", "b"] };
      makeSingle(headers);
      session.request({ ":path": "/", ...headers }).on("error", () => undefined);
    }
    session.destroy();
  });

  it("are joined where they are lists, and else the first is kept; what may come more often stays", () => {
    const headers = {
      etag: ["1", "2"],
      "content-encoding": ["br", "gzip"],
      "set-cookie": ["a=1", "b=2"],
      link: ["a", "b"],
      date: ["x"],
      age: "1",
    };
    makeSingle(headers);
    expect(headers).to.deep.equal({
      etag: "1",
      "content-encoding": "br, gzip",
      "set-cookie": ["a=1", "b=2"],
      link: ["a", "b"],
      date: ["x"],
      age: "1",
    });
  });

  it("are the same whether the fields of a message are added in one step or go through the list of HTTP/1", () => {
    const name = fc.constantFrom(
      "host",
      "Host",
      "etag",
      "ETag",
      "cookie",
      "Cookie",
      "x-a",
      "X-A",
      "te",
      "Upgrade",
      "keep-alive",
      "x_real_ip",
      "content-encoding",
      "connection",
      ":path",
      "a b",
      "",
    );
    const value = fc.constantFrom("1", "x-a", "etag, cookie", "é", "bad\n");
    const headers = fc.dictionary(name, fc.oneof(value, fc.array(value, { maxLength: 3 })), { noNullPrototype: true });
    const result = (make: () => object): unknown => {
      try {
        return { ...make() };
      } catch (error) {
        return String(error);
      }
    };
    fc.assert(
      fc.property(headers, (given) => {
        const added = result(() => {
          const to: HttpHeaders = {};
          addHttp2Fields(to, given);
          return to;
        });
        expect(added).to.deep.equal(result(() => http2Fields(wireFields(given))));
      }),
      { numRuns: 2000 },
    );
  });
});
