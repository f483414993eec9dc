import type { ListenerRates } from "../../admin/events/rates.ts";
import { table, type Cell } from "../output/table.ts";
import type { Terminal } from "../output/terminal.ts";
import { fit } from "./fit.ts";
import { bytesText } from "../../contract/errors/bytes-text.ts";

type Colors = Terminal["colors"];

/** The columns of figures, with a width that those seldom exceed, so that the table does not jump. */
const figures: readonly Cell[] = [
  right("sessions", 8),
  right("new", 7),
  right("failed", 7),
  right("from client", 11),
  right("from upstream", 13),
  right("waiting", 8),
];
/** The figures with the space before each, and that before the name. */
const besideName = figures.reduce((sum, { text }) => sum + 2 + text.length, 2);
const shortestName = 12;

/** One line for each listener with its rates. Where there is not room for all, a long name is cut rather than a figure. */
export function ratesTable(listeners: readonly ListenerRates[], colors: Colors, columns: number): string[] {
  const room = Math.max(shortestName, columns - besideName);
  const heading = [{ text: "listener" }, ...figures].map((cell): Cell => ({ ...cell, paint: colors.dim }));
  return table([heading, ...listeners.map((each) => row({ ...each, listener: fit(each.listener, room) }, colors))]);
}

function row({ listener, ...rates }: ListenerRates, colors: Colors): Cell[] {
  const { sessions, sessionsPerSecond, errorsPerSecond, fromClient, fromUpstream, waitingBytes } = rates;
  const quiet = (value: number): Pick<Cell, "paint"> => (value === 0 ? { paint: colors.dim } : {});
  return [
    { text: listener, paint: colors.bold },
    { ...right(String(sessions)), ...quiet(sessions) },
    { ...right(`${sessionsPerSecond}/s`), ...quiet(sessionsPerSecond) },
    { ...right(`${errorsPerSecond}/s`), paint: errorsPerSecond === 0 ? colors.dim : colors.red },
    { ...right(`${bytesText(fromClient.bytesPerSecond)}/s`), ...quiet(fromClient.bytesPerSecond) },
    { ...right(`${bytesText(fromUpstream.bytesPerSecond)}/s`), ...quiet(fromUpstream.bytesPerSecond) },
    { ...right(waitingBytes === 0 ? "–" : bytesText(waitingBytes)), ...quiet(waitingBytes) },
  ];
}

function right(text: string, width = 0): Cell {
  return { text: text.padStart(width), align: "right" };
}

/** The rates for an output that is not a terminal: one line for each listener every second. */
export function ratesLines(at: string, listeners: readonly ListenerRates[]): string[] {
  return listeners.map(({ listener, sessions, sessionsPerSecond, errorsPerSecond, fromClient, fromUpstream }) =>
    [
      at,
      listener,
      `${sessions} sessions`,
      `${sessionsPerSecond} new/s`,
      `${errorsPerSecond} failed/s`,
      `${bytesText(fromClient.bytesPerSecond)}/s from client`,
      `${bytesText(fromUpstream.bytesPerSecond)}/s from upstream`,
    ].join("  "),
  );
}
