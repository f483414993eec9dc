import { expect } from "chai";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { requireTool } from "../support/external-tool.ts";
import { filesUnder, root } from "../support/repository.ts";

const folder = "docs/examples/course";

/** What each program prints. */
const prints: Readonly<Record<string, RegExp>> = {
  capture:
    /^client leg: 4 packets of SYN and FIN\nupstream leg: 4 packets of SYN and FIN\nclient leg: hello\nupstream leg: HELLO\nupstream leg: HELLO\nclient leg: HELLO\n$/,
  echo: /^40 answers, such as: TCP CLIENT 1, UDP CLIENT 1\nall in capitals\n$/,
  "dns-look-up":
    /^www\.course\.test: 192\.0\.2\.1\nmail\.course\.test: 192\.0\.2\.25\nnobody\.course\.test: ENOTFOUND\n1 answer for 10 clients, and 0 queries more\n$/,
  grpc: /^sun in Lund\nNOT_FOUND, it has sunk\nMonday: rain in Lund\nTuesday: rain in Lund\nWednesday: rain in Lund\n$/,
  "http-client": /^200 shop: GET \/shoes\?size=42\n200 shop: DELETE \/cart\n200 blog for 127\.0\.0\.1\n404\n1 connection\n$/,
  "messages-over-tls": /^TLSv1\.3\n12, 60, 10\n$/,
  queue: /^8 of 8 served, 2 at a time\n$/,
  "three-upstreams": /^all alive: one 2, three 2, two 2\ntwo has died: one 3, three 3\n$/,
  "udp-chat": /^50 lines heard, in order\nsome were sent more than once\n$/,
  "websocket-chat":
    /^((Ada|Grace|Barbara) heard Ada: this is Ada, Grace: this is Grace, Barbara: this is Barbara\n){3}closed with 1000, 1000, 1000\n$/,
};

describe("the programs of a course in network programming", function () {
  this.timeout(60_000);

  let place: string;
  before(() => (place = mkdtempSync(join(tmpdir(), "sluice-course-"))));
  after(() => rmSync(place, { recursive: true, force: true }));

  it("are all run by this test", () => {
    const names = filesUnder(folder, ".ts").map((file) => basename(file, ".ts"));
    expect(names.toSorted()).to.deep.equal(Object.keys(prints).toSorted());
  });

  for (const [name, expected] of Object.entries(prints))
    it(`${name} does what its text says, and ends by itself`, async function () {
      if (name === "capture") requireTool(this, "tshark");
      const { stdout } = await promisify(execFile)(process.execPath, [join(root, "dist", folder, `${name}.js`)], { cwd: place });
      expect(stdout).to.match(expected);
    });
});
