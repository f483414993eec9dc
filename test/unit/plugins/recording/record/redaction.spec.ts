import { expect } from "chai";
import { redactor } from "../../../../../plugins/recording/record/redaction.ts";

const redacted = (text: string, more: readonly (string | RegExp)[] = []): string =>
  String(redactor(more)([Buffer.from(text, "latin1")])?.[0]?.toString("latin1"));

describe("what looks like a password in a recording", () => {
  for (const [said, kept] of [
    ['{"password": "my pass word", "user": "ann"}', '{"password": "[redacted]", "user": "ann"}'],
    ['{"token":"a\\"b c"}', '{"token":"[redacted]"}'],
    ['{"token": ["a b", "c]"], "n": 1}', '{"token": ["[redacted]"], "n": 1}'],
    ['{"authorization":"Bearer a.b","x":"y"}', '{"authorization":"[redacted]","x":"y"}'],
    ['{"Set-Cookie" : ["a=1; Path=/", "b=2"], "n": 1}', '{"Set-Cookie" : ["[redacted]"], "n": 1}'],
    ['{"cookie":"s=1', '{"cookie":"[redacted]'],
    ['{"cookie":["s=1', '{"cookie":["[redacted]'],
    ["password=[abc", "password=[redacted]"],
    ["user=ann&password=hunter2&x=1", "user=ann&password=[redacted]&x=1"],
    ["password='two words' host=db", "password='[redacted]' host=db"],
    ["postgres://ann:hunter2@db:5432/shop", "postgres://ann:[redacted]@db:5432/shop"],
    ["redis://:hunter2@cache", "redis://:[redacted]@cache"],
    ["ALTER ROLE ann PASSWORD 'it''s mine';", "ALTER ROLE ann PASSWORD '[redacted]';"],
    ["CREATE USER ann IDENTIFIED BY 'x y'", "CREATE USER ann IDENTIFIED BY '[redacted]'"],
    ["GET / HTTP/1.1\r\nAuthorization: Basic YTpi\r\n\r\n", "GET / HTTP/1.1\r\nAuthorization: [redacted]\r\n\r\n"],
    ["AUTH ann hunter2\r\n", "AUTH [redacted]\r\n"],
    ["HELLO 3 AUTH ann hunter2\r\n", "HELLO 3 AUTH [redacted]\r\n"],
    ["a1 LOGIN ann hunter2\r\n", "a1 LOGIN [redacted]\r\n"],
    ["<user><password>hunter2</password> <x/></user>", "<user><password>[redacted]</password> <x/></user>"],
    ['<w:Password Type="http://a/b">hunter2</w:Password>', '<w:Password Type="http://a/b">[redacted]</w:Password>'],
    [
      '--x\r\nContent-Disposition: form-data; name="password"\r\nContent-Type: text/plain\r\n\r\ntwo\r\nlines\r\n--x--',
      '--x\r\nContent-Disposition: form-data; name="password"\r\nContent-Type: text/plain\r\n\r\n[redacted]\r\n--x--',
    ],
  ] as const)
    it(`is taken out of ${JSON.stringify(said)}`, () => expect(redacted(said)).to.equal(kept));

  for (const said of [
    "http://localhost:3000/a@b",
    "the password is not here",
    "GET /users:all HTTP/1.1\r\n\r\n",
    "please login here",
    "<password/>text",
    "<a>1</a>",
  ])
    it(`is not seen in ${JSON.stringify(said)}`, () => expect(redacted(said)).to.equal(said));

  // A search that goes back over what it has seen would take minutes for each of these.
  for (const part of [
    "a.",
    "a-",
    "<a ",
    "<password ",
    'name="',
    'name="password" ',
    'name="password"\r\na\r\n',
    "password ",
    "a1 ",
    '"cookie":["',
    '"cookie":[a',
    '"token":[ ',
    "a:",
    "://a",
  ])
    it(`is searched in one go, also in much of ${JSON.stringify(part)}`, () => {
      const said = `<${part.repeat(Math.ceil(300_000 / part.length))}`;
      expect(redacted(said).length).to.be.above(0);
    }).timeout(20_000);

  it("is what a user names, in quotes too", () => {
    expect(redacted('{"pin": "12 34"} pin=99', ["pin"])).to.equal('{"pin": "[redacted]"} pin=[redacted]');
    expect(redacted("code 4711", [/\d{4}/])).to.equal("code [redacted]");
  });

  it("is not searched for longer than a moment by an expression of a user, and then not at all for a while", () => {
    const redact = redactor([/(a+)+$/]);
    const search = (text: string): unknown => redact([Buffer.from(text)])?.map(String);
    expect(search("aaa")).to.deep.equal(["[redacted]"]);
    expect(search(`${"a".repeat(60)}!`)).to.equal(undefined);
    expect(search("aaa"), "it rests").to.equal(undefined);
  });
});
