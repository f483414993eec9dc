"use strict";
// Mocha's spec reporter, which also leaves the counts, the failures and the seconds of each file in the file named by SLUICE_TEST_COUNTS, and
// which ends a process that does not end by itself: something was left open (a socket, a timer, a watcher), and that is a failure.

const { writeFileSync } = require("node:fs");
const { Spec } = require("mocha/lib/reporters/index.cjs");
const { showSourcePlaces } = require("./source-places.cjs");

const graceMs = 10_000;

class CountingReporter extends Spec {
  constructor(runner, options) {
    super(runner, options);
    this.seconds = {};
    let before = performance.now();
    const over = ({ file }) => {
      const now = performance.now();
      if (file !== undefined) this.seconds[file] = (this.seconds[file] ?? 0) + (now - before) / 1000;
      before = now;
    };
    runner.on("test end", over).on("hook end", over);
    this.passed = new Set();
    runner.on("pass", (test) => this.passed.add(test));
    runner.on("fail", (test, error) => {
      showSourcePlaces(error);
      this.brokeOff ||= this.passed.has(test);
    });
    runner.once("end", () => {
      this.count();
      setTimeout(() => this.leaked(), graceMs).unref();
    });
  }

  /** @param leak what kept the process alive, when something did */
  count(leak) {
    const file = process.env.SLUICE_TEST_COUNTS;
    if (file === undefined) return;
    const { passes, pending } = this.stats;
    const failures = this.failures.map((test) => ({
      title: test.fullTitle(),
      file: test.file,
      error: test.err?.stack ?? test.err?.message,
    }));
    // It belongs to no spec, so that all of them run again.
    if (this.brokeOff) failures.push({ title: "Mocha ran no more tests: one that had passed failed afterwards" });
    if (leak !== undefined) failures.push({ title: leak });
    writeFileSync(file, JSON.stringify({ passed: passes, failed: failures.length, skipped: pending, failures, seconds: this.seconds }));
  }

  leaked() {
    const leak = `The tests are over, but the process is kept alive by: ${process.getActiveResourcesInfo().join(", ")}`;
    this.count(leak);
    console.error(leak);
    // Mocha's own exit handler sets the code to the number of failed tests; this one runs after it.
    process.once("exit", () => (process.exitCode = 1));
    process.exit();
  }
}

module.exports = CountingReporter;
