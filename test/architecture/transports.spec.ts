import { expect } from "chai";
import { transports } from "../../core/net/transports/table.ts";
import { filesUnder, readText } from "../support/repository.ts";

// A new transport is a file in core/net/transports and a line of its table (ADR 0030). It stays so as long as nobody else asks which one
// it is; that nobody sees the classes behind them either is layers.cjs's business.

const schemes = transports.map(({ scheme }) => scheme.replace("+", String.raw`\+`)).join("|");
const name = `["'](?:${schemes})["']`;
const which = String.raw`\b(?:transport|scheme)\b`;
const tests = [
  /\btransport\)?\s*[!=]==?\s*["']/g,
  new RegExp(String.raw`${which}\)?\s*[!=]==?\s*${name}`, "g"),
  new RegExp(String.raw`${name}\s*[!=]==?`, "g"),
  new RegExp(String.raw`\bcase\s+${name}\s*:`, "g"),
  new RegExp(String.raw`\[[^\]\n]*${name}[^\]\n]*\]\s*\.(?:includes|some|find)\(`, "g"),
  new RegExp(String.raw`\.startsWith\(["'](?:${schemes})://`, "g"),
  new RegExp(String.raw`${name}[^\n]*\.(?:includes|has)\([^\n)]*${which}`, "g"),
  /\binstanceof\s+(?:\w*(?:Listener|Client)|(?:Stream|\w*Udp|\w*Datagram)\w*)\b/g,
];

/** The places of a text that ask which transport something is. */
const asksIn = (text: string): string[] => tests.flatMap((test) => Array.from(text.matchAll(test), ([found]) => found));

describe("a test for the transport", () => {
  it("is found in comparisons, cases and lists, and not in types or values", () => {
    for (const text of [
      `if (session.transport === "udp") return;`,
      `(a.transport === 'tcp') !== b`,
      `if ("tls" !== kind) return;`,
      `case "unix":`,
      `["tcp", "tls"].includes(it)`,
      `address.transport === "sctp"`,
      `url.startsWith("udp://")`,
      `new Set(["tcp"]).has(address.transport)`,
      "if (bound instanceof UdpListener) return;",
      "leg instanceof StreamClient",
    ])
      expect(asksIn(text), text).to.not.deep.equal([]);
    for (const text of [
      `type Transport = "tcp" | "udp";`,
      `{ transport: "udp", port: 0 }`,
      `before.transport === after.transport`,
      `readonly family: "IPv4" | "IPv6" | "unix";`,
      `address.family === "unix"`,
      `endpoint.startsWith("unix:")`,
      "error instanceof SluiceError",
    ])
      expect(asksIn(text), text).to.deep.equal([]);
  });

  it("is nowhere outside core/net/transports, not even in built-in plugins", () => {
    const files = ["core", "plugins"].flatMap((folder) => filesUnder(folder, ".ts"));
    expect(files.length).to.be.greaterThan(100);
    const asked = files.filter((file) => !file.startsWith("core/net/transports/"));
    expect(asked.flatMap((file) => asksIn(readText(file)).map((found) => `${file}: ${found}`))).to.deep.equal([]);
  });
});
