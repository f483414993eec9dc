import { expect } from "chai";
import { connect, constants } from "node:http2";
import { PassThrough } from "node:stream";
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
});
