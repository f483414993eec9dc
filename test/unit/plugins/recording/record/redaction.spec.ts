import { expect } from "chai";
import { redactor } from "../../../../../plugins/recording/record/redaction.ts";

const redacted = (text: string, more: readonly (string | RegExp)[] = []): string =>
  redactor(more)(Buffer.from(text, "latin1")).toString("latin1");

describe("what looks like a password in a recording", () => {
  for (const [said, kept] of [
    ['{"password": "my pass word", "user": "ann"}', '{"password": "[redacted]", "user": "ann"}'],
    ['{"token":"a\\"b c"}', '{"token":"[redacted]"}'],
    ["user=ann&password=hunter2&x=1", "user=ann&password=[redacted]&x=1"],
    ["password='two words' host=db", "password='[redacted]' host=db"],
    ["postgres://ann:hunter2@db:5432/shop", "postgres://ann:[redacted]@db:5432/shop"],
    ["redis://:hunter2@cache", "redis://:[redacted]@cache"],
    ["ALTER ROLE ann PASSWORD 'it''s mine';", "ALTER ROLE ann PASSWORD '[redacted]';"],
    ["CREATE USER ann IDENTIFIED BY 'x y'", "CREATE USER ann IDENTIFIED BY '[redacted]'"],
    ["GET / HTTP/1.1\r\nAuthorization: Basic YTpi\r\n\r\n", "GET / HTTP/1.1\r\nAuthorization: [redacted]\r\n\r\n"],
    ["AUTH ann hunter2\r\n", "AUTH [redacted]\r\n"],
  ] as const)
    it(`is taken out of ${JSON.stringify(said)}`, () => expect(redacted(said)).to.equal(kept));

  for (const said of ["http://localhost:3000/a@b", "the password is not here", "GET /users:all HTTP/1.1\r\n\r\n"])
    it(`is not seen in ${JSON.stringify(said)}`, () => expect(redacted(said)).to.equal(said));

  it("is what a user names, in quotes too", () => {
    expect(redacted('{"pin": "12 34"} pin=99', ["pin"])).to.equal('{"pin": "[redacted]"} pin=[redacted]');
    expect(redacted("code 4711", [/\d{4}/])).to.equal("code [redacted]");
  });
});
