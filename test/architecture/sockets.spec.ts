import { expect } from "chai";
import { filesUnder, readText } from "../support/repository.ts";

const statement = /^\s*(?:import|export)\s+(?!type\b)(?:([^;"']*?)\s+from\s+)?["'](?:node:)?(net|tls|dgram)["']/gm;
const call = /(?:\bimport|\brequire|getBuiltinModule)\(\s*["'](?:node:)?(?:net|tls|dgram)["']/;

/** What plugins may take from these modules: nothing of it opens a socket. */
const harmless = new Set([
  "isIP",
  "isIPv4",
  "isIPv6",
  "BlockList",
  "SocketAddress",
  "createSecureContext",
  "rootCertificates",
  "checkServerIdentity",
]);

interface Loaded {
  readonly module: string;
  readonly names: readonly string[];
}

/** The run-time imports of socket modules in a text. Types are erased; a star or default import counts as the name "*". */
function loadedIn(text: string): Loaded[] {
  const found = [...text.matchAll(statement)].map(([, clause = "", module = ""]) => {
    const named = /^\{([^}]*)\}$/s.exec(clause.trim())?.[1];
    const names = named === undefined ? ["*"] : named.split(",").map((name) => name.trim());
    return { module, names: names.filter((name) => name !== "" && !name.startsWith("type ")).map((name) => name.split(" as ")[0] ?? name) };
  });
  return call.test(text) ? [...found, { module: "by a call", names: ["*"] }] : found;
}

describe("sockets", () => {
  it("are found in imports, re-exports and calls, and types do not count", () => {
    expect(loadedIn('import { connect, type Socket } from "node:net";')).to.deep.equal([{ module: "net", names: ["connect"] }]);
    expect(loadedIn('import {\n  isIP as ip,\n  createServer,\n} from "net";')).to.deep.equal([
      { module: "net", names: ["isIP", "createServer"] },
    ]);
    expect(loadedIn('import * as tls from "node:tls";')).to.deep.equal([{ module: "tls", names: ["*"] }]);
    expect(loadedIn('export { createSocket } from "node:dgram";')).to.deep.equal([{ module: "dgram", names: ["createSocket"] }]);
    expect(loadedIn('const net = await import("node:net");')).to.deep.equal([{ module: "by a call", names: ["*"] }]);
    expect(loadedIn('import type { Socket } from "node:net";\nimport { a } from "./net.ts";')).to.deep.equal([]);
  });

  it("are opened only in core/net and by the peers of the test kit: no other file loads node:net, node:tls or node:dgram", () => {
    const files = filesUnder("core", ".ts");
    expect(files).to.not.deep.equal([]);
    const opening = ["core/net/", "core/testing/client/", "core/testing/upstream/"];
    const others = files.filter((file) => !opening.some((folder) => file.startsWith(folder)));
    const loading = others.filter((file) => loadedIn(readText(file)).length > 0);
    expect(loading).to.deep.equal([]);
  });

  it("are not opened by built-in plugins: they import only harmless names from these modules", () => {
    const harmful = filesUnder("plugins", ".ts").flatMap((file) =>
      loadedIn(readText(file)).flatMap(({ module, names }) =>
        names.filter((name) => !harmless.has(name)).map((name) => `${file} takes ${name} from ${module}`),
      ),
    );
    expect(harmful).to.deep.equal([]);
  });
});
