import { createHash } from "node:crypto";
import { filter, tap, type Observable } from "rxjs";
import { type FunctionPlugin, type Session } from "sluice";
import { carry, each } from "sluice/flow";
import { made, through, type BadHabit } from "./bad-plugin.ts";

/** Plugins that are wrong seldom, or late: what one short session does not show. */
export const badRarities: readonly BadHabit[] = [
  {
    what: "loses every thousandth chunk",
    make: made(() => ({
      fromClient: (data) => {
        let chunks = 0;
        return data.pipe(filter(() => (chunks += 1) % 1_000 !== 0));
      },
    })),
    check: /small chunks/,
    said: undefined,
    saidByCompliance: /fromClient of \d+ bytes in \d+ chunks: its output depends on where the chunks are cut, or on how many there are/,
  },
  {
    what: "is wrong at one chunk of some thousand",
    make: through(each((chunk) => (createHash("md5").update(chunk).digest().readUInt32BE(0) % 3_000 === 7 ? null : chunk))),
    check: /small chunks/,
    said: undefined,
    saidByCompliance: /its output depends on where the chunks are cut, or on how many there are/,
  },
  {
    what: "is wrong in one of a hundred sessions",
    make: made(() => {
      let sessions = 0;
      return { fromClient: (data) => ((sessions += 1) % 100 === 0 ? data.pipe(filter(() => false)) : data) };
    }),
    check: /thousand sessions/,
    said: undefined,
    saidByCompliance: /in session 100: it treats some sessions differently/,
  },
  {
    what: "keeps the history of a session as long as it lasts",
    make: made(() => ({
      fromClient: (data) => {
        const history: Buffer[] = [];
        return data.pipe(tap((chunk) => history.push(chunk)));
      },
    })),
    check: /keeps no reference/,
    said: undefined,
    saidByCompliance: /it keeps every chunk of a session that goes on \(fromClient\)/,
  },
  {
    what: "takes its state away from the instance before it",
    make: made(() => {
      const plugin = {
        counts: new Map<number, number>() as Map<number, number> | undefined,
        inherit: (previous: FunctionPlugin) => {
          const before = previous as typeof plugin;
          plugin.counts = before.counts;
          before.counts = undefined;
        },
        fromClient: (data: Observable<Buffer>, { id }: Session) =>
          data.pipe(tap((chunk) => (plugin.counts as Map<number, number>).set(id, chunk.length))),
      };
      return plugin;
    }),
    check: /reload is refused/,
    said: undefined,
    saidByCompliance:
      /an open session \(fromClient\) fails after a reload that another plugin refused: .*inherit\(\) may take nothing away/s,
  },
  {
    what: "closes in teardown what the instance before it still uses",
    make: made(() => {
      const plugin = {
        file: { isOpen: true },
        inherit: (previous: FunctionPlugin) => void (plugin.file = (previous as typeof plugin).file),
        teardown: () => void (plugin.file.isOpen = false),
        fromClient: (data: Observable<Buffer>) => data.pipe(filter(() => plugin.file.isOpen)),
      };
      return plugin;
    }),
    check: /reload is refused/,
    said: undefined,
    saidByCompliance: /an open session \(fromClient\) fails after a reload that another plugin refused/,
  },
  {
    what: "has a state that its revive cannot clone",
    make: through(
      carry({
        start: () => ({ count: 0, add: (state: { count: number }, { length }: Buffer) => void (state.count += length) }),
        step: (state, chunk) => (state.add(state, chunk), chunk),
        revive: (previous) => structuredClone(previous) as never,
      }),
    ),
    check: /over a swap/,
    said: /it failed, and the session went on without what failed: SLUICE_PLUGIN_FAILED: .*could not be cloned.* at .*bad-rarities/,
  },
  {
    what: "takes all of a chunk as parameters of one call",
    make: through(each((chunk) => Buffer.from(String.fromCharCode(...chunk), "latin1"))),
    check: /however its chunks are cut/,
    said: undefined,
    saidByCompliance: /\(200003 bytes\): the session ended with SLUICE_PLUGIN_FAILED: .*Maximum call stack size/,
  },
];
