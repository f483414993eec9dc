"use strict";
// The rooms under the layers, lowest first, and what each imports of its own layer. "." is what stands beside the rooms.
// layers.cjs makes a rule of each, layers.spec.ts compares the table with the folders, and the picture in docs/architecture.md with the table.

module.exports = {
  "core/contract": { options: [], ".": ["options"] },
  "core/flow": {
    chain: [],
    operators: ["chain"],
    pump: ["chain", "operators"],
    answers: ["chain", "pump"],
    ".": ["chain", "operators", "answers"],
  },
  "core/net": {
    ".": [],
    node: [],
    names: ["."],
    balance: ["names"],
    legs: [".", "node", "balance"],
    accept: [".", "node", "legs"],
    dial: [".", "node", "names", "balance", "legs"],
    transports: ["accept", "dial"],
    control: [],
  },
  "core/config": {
    ".": [],
    explain: [],
    files: [],
    resolve: ["files"],
    compile: ["explain", "files"],
    watch: ["explain", "files"],
    check: [],
    load: ["explain", "files", "resolve", "compile", "watch", "check"],
  },
  "core/runtime": {
    log: [],
    version: [],
    session: ["version"],
    state: ["version", "session"],
    generation: ["version", "session"],
    listener: ["log", "version", "session", "state", "generation"],
    proxy: ["log", "version", "state", "generation", "listener"],
  },
  "core/testing": {
    values: [],
    time: ["values"],
    client: ["values"],
    upstream: ["values"],
    proxy: ["values", "client"],
    ".": ["values", "time", "client", "upstream", "proxy"],
  },
  "core/admin": {
    views: [],
    operations: ["views"],
    metrics: [],
    server: ["operations", "metrics"],
    ".": ["operations", "server"],
  },
  "core/cli": {
    arguments: [],
    output: [],
    process: [],
    init: [],
    commands: ["arguments", "output", "process", "init"],
    ".": ["arguments", "output", "commands"],
  },
  "plugins/http": {
    message: [],
    exchange: ["message"],
    front: ["message", "exchange"],
    upstream: ["message", "exchange"],
    ".": ["front", "exchange", "upstream"],
  },
};
