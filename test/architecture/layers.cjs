"use strict";
// The layers, for dependency-cruiser: a file imports its own layer or lower, never higher, never in a circle.
// That only core/net loads node:net is sockets.spec.ts's business: swc does not tell a type's import from a value's.
// The page is for a browser and has JSX, which the parser does not read; oxlint looks for its circles.
// TypeScript 7 has no API that dependency-cruiser could use, so swc parses; without it zero modules would be cruised, silently.

const path = require("node:path");
const rooms = require("./rooms.cjs");

const ours = "^(core|plugins|test|docs|proxy\\.config\\.ts)";
const only = (name, from, allowed) => ({ name, severity: "error", from: { path: from }, to: { path: ours, pathNot: allowed } });
const never = (name, from, to) => ({ name, severity: "error", from, to });

/** What one room may import of its own layer. */
function room(layer, name, allowed) {
  const folder = (other) => (other === "." ? `^${layer}/[^/]+$` : `^${layer}/${other}/`);
  return never(`rooms-of-${layer}`, { path: folder(name) }, { path: `^${layer}/`, pathNot: [name, ...allowed].map(folder).join("|") });
}

const publicFaces = "^dist/(core/index|core/(flow|codec)/index)\\.(js|d\\.ts)$";

module.exports = {
  forbidden: [
    never("no-cycles", { path: "^(core|plugins|test)/" }, { circular: true }),
    only("contract-is-the-lowest-layer", "^core/contract/", "^core/contract/"),
    only("flow-stands-on-the-contract", "^core/flow/", "^core/(contract|flow)/"),
    only("codec-stands-on-the-flow", "^core/codec/", "^core/(contract|flow|codec)/"),
    only("pipeline-knows-no-sockets", "^core/pipeline/", "^core/(contract|flow|pipeline)/"),
    only("net-knows-no-pipeline", "^core/net/", "^core/(contract|flow|net)/"),
    only("config-knows-no-runtime", "^core/config/", "^core/(contract|flow|config)/"),
    only("runtime-joins-the-second-layer", "^core/runtime/", "^core/(contract|flow|pipeline|net|config|runtime)/"),
    only("admin-is-above-the-runtime", "^core/admin/", "^core/(contract|flow|pipeline|net|config|runtime|admin)/"),
    only("workers-are-above-the-admin", "^core/workers/", "^core/(contract|flow|pipeline|net|config|runtime|admin|workers)/"),
    only("testing-is-above-the-runtime", "^core/testing/", "^core/(contract|flow|codec|pipeline|net|config|runtime|admin|testing)/"),
    never(
      "a-transport-is-known-by-its-table",
      { path: "^core/", pathNot: "^core/net/transports/" },
      { path: "^core/net/transports/", pathNot: "^core/net/transports/(table|transport)\\.ts$" },
    ),
    never(
      "the-sockets-of-a-transport-are-known-to-nobody-else",
      { path: "^core/", pathNot: "^core/net/" },
      { path: "^core/net/(accept/(streams/stream|datagrams/(udp|datagram|flow))-|dial/udp-|legs/(stream|udp|lasting)-)" },
    ),
    only("core-never-sees-plugins", "^core/", "^core/"),
    ...Object.entries(rooms).flatMap(([layer, names]) => Object.entries(names).map(([name, allowed]) => room(layer, name, allowed))),
    never(
      "core-is-not-its-own-customer",
      { path: "^core/", pathNot: "^core/cli/(commands/trust-command|forward/directions)\\.ts$" },
      { path: "^dist/" },
    ),
    never("nobody-imports-the-public-face", { path: "^core/.+/" }, { path: "^core/index\\.ts$" }),
    // The entry point sluice/testing is the kit of the core beside record() and replay(): ADR 0045.
    never(
      "plugins-use-the-public-name",
      { path: "^plugins/", pathNot: "^plugins/testing\\.ts$" },
      { path: "^(core|test|docs|dist)/", pathNot: publicFaces },
    ),
    never("plugins-know-no-other-plugin", { path: "^plugins/([^/]+)/" }, { path: "^plugins/", pathNot: "^plugins/$1/" }),
    never(
      "plugins-of-one-file-know-no-other-plugin",
      { path: "^plugins/[^/]+\\.ts$", pathNot: "^plugins/(index|testing)\\.ts$" },
      { path: "^plugins/" },
    ),
    never("product-never-imports-test", { path: "^(core|plugins)/" }, { path: "^test/" }),
    never(
      "x509-is-loaded-behind-reflect-metadata",
      { path: "^(core|plugins|test)/", pathNot: "^plugins/tls-termination/authority/x509\\.ts$" },
      { path: "node_modules/@peculiar/x509/" },
    ),
    never("everything-imported-exists", { path: "^(core|plugins|test)/" }, { couldNotResolve: true }),
  ],
  options: {
    parser: "swc",
    tsConfig: { fileName: path.join(__dirname, "../../tsconfig.json") },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "(^|/)node_modules/|^dist/" },
    exclude: { path: "\\.(mjs|cjs)$|^core/admin/page/" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  },
};
